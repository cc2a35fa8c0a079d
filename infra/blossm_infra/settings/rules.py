"""What settings may not say together, or not in this stack. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from blossm_infra.settings.mistakes import Mistake, named
from blossm_infra.settings.stack import StackSettings
from blossm_infra.settings.stack_file import Keys
from blossm_infra.stacks import SHARED, STORES

SEED_LENGTH = 32
NEW_SEED = 'pulumi config set --secret blossm:databaseSeed "$(openssl rand -base64 48)"'


def broken_rules(settings: StackSettings) -> list[Mistake]:
    """Every rule that the settings break; each says what would be allowed."""
    rules = (_databases, _identity, _seed, _production, _delegations, _scale)
    return [mistake for rule in rules for mistake in rule(settings)]


def without_seed(settings: StackSettings) -> list[Mistake]:
    """What a preview may lack and `pulumi up` may not."""
    if not settings.lacks_seed:
        return []
    command = f"{NEW_SEED} --stack {settings.stack}"
    return [
        _mistake(("blossm:databaseSeed",), f"is missing: databases below `M10` get their passwords from it. Make one: {command}")
    ]


def _mistake(keys: Keys, message: str) -> Mistake:
    return Mistake(keys=keys, message=f"`{named(keys)}` {message}")


def _databases(settings: StackSettings) -> Iterator[Mistake]:
    for kind in STORES:
        said, tier = settings.stores.get(kind), settings.tier(kind)
        if tier == "M0" and settings.shape != "free":
            yield _mistake(
                ("blossm:stores", kind, "tier"),
                f"is M0, which is open to every address and only for shape `free`; `{settings.shape}` takes FLEX, M10 or larger",
            )
        if said and said.backup and tier in SHARED:
            yield _mistake(
                ("blossm:stores", kind, "backup"), f"is true, but {tier} has no backups to choose: M10 and larger have"
            )


def _identity(settings: StackSettings) -> Iterator[Mistake]:
    large = [f"`{kind}` is {settings.tier(kind)}" for kind in STORES if settings.tier(kind) not in SHARED]
    if large and not settings.atlas.identity_provider:
        keys = ("blossm:atlas", "identity_provider")
        yield _mistake(keys, f"is missing: from M10 up procedures come in by workload identity, and {' and '.join(large)}")


def _seed(settings: StackSettings) -> Iterator[Mistake]:
    length = len(settings.database_seed.get_secret_value())
    if 0 < length < SEED_LENGTH:
        command = f"{NEW_SEED} --stack {settings.stack}"
        yield _mistake(("blossm:databaseSeed",), f"has {length} characters; it takes {SEED_LENGTH} or more: {command}")


def _production(settings: StackSettings) -> Iterator[Mistake]:
    if settings.environment != "production":
        return
    if settings.protect is False:
        yield _mistake(("blossm:protect",), "is false; in production event stores are always protected: leave it out")
    images = {("blossm:image",): settings.image} | {("blossm:images", key): image for key, image in settings.images.items()}
    for keys, image in images.items():
        if "@sha256:" not in image:
            yield _mistake(keys, f"is {image!r}; in production an image is named by its digest, `…@sha256:…`, which never moves")


def _delegations(settings: StackSettings) -> Iterator[Mistake]:
    if settings.delegations and settings.environment != "production":
        yield _mistake(("blossm:delegations",), "is only for `prod`: its zone is the one above those of the other stacks")
    elif settings.stack in settings.delegations:
        yield _mistake(("blossm:delegations", settings.stack), "is this stack itself; it delegates to others")


def _scale(settings: StackSettings) -> Iterator[Mistake]:
    for what, scale in settings.scale.items():
        least, most = scale.min_instances, scale.max_instances
        if least is not None and most is not None and least > most:
            yield _mistake(("blossm:scale", what, "min_instances"), f"is {least}, which is more than `max_instances`: {most}")
