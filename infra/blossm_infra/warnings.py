"""What an operator should know of a network in a stack, though it would run: pure, each with the place where it was written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from blossm.model.network import Network
from blossm_infra.container import container
from blossm_infra.deployed import Deployed, deployed
from blossm_infra.settings import KEYS, NEW_SEED, StackSettings, named
from blossm_infra.settings.stack_file import Keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """`at` is `file:line:column` of a blossm.yaml, or file and line of the stack's settings."""

    at: str
    message: str

    def __str__(self) -> str:
        return f"{self.at}: {self.message}"


def warnings(model: Network, settings: StackSettings) -> list[Warned]:
    """In the order in which an operator would want to hear of them. Raises what `container` raises."""
    return [
        *_not_read(settings),
        *_seed(settings),
        *_production(settings),
        *_tags(settings),
        *_instances(model, settings),
        *_open_commands(model),
        *_cookies(model, settings),
    ]


def _in_settings(settings: StackSettings, keys: Keys, message: str) -> Warned:
    return Warned(at=settings.file.at(keys), message=f"`{named(keys)}` {message}")


def _not_read(settings: StackSettings) -> Iterator[Warned]:
    """A key without a namespace is the project's own: `shape` in project `shop` is `shop:shape`."""
    for key, *inside in settings.file.lines:
        meant = f"blossm:{key.partition(':')[2]}"
        if not inside and key not in KEYS and meant in KEYS:
            yield _in_settings(settings, (key,), f"is a setting of your own, which Blossm does not read; is `{meant}` meant?")


def _seed(settings: StackSettings) -> Iterator[Warned]:
    keys, command = ("blossm:databaseSeed",), f"{NEW_SEED} --stack {settings.stack}"
    if settings.lacks_seed:
        yield _in_settings(
            settings, keys, f"is missing, so `pulumi up` will refuse: databases below `M10` need passwords. {command}"
        )
    elif settings.file.has_plain(keys[0]):
        yield _in_settings(settings, keys, f"is there for everybody to read. Make a new one, as a secret: {command}")


def _production(settings: StackSettings) -> Iterator[Warned]:
    if settings.environment != "production":
        return
    if settings.tier("event-store") == "M0":
        keys = ("blossm:stores", "event-store", "tier")
        yield _in_settings(settings, keys, "is M0 in production: no backups, open to every address, 512 MB for all events")
    stores = settings.stores.get("event-store")
    if stores and stores.backup is False:
        yield _in_settings(
            settings, ("blossm:stores", "event-store", "backup"), "is false: events that Atlas loses are lost for ever"
        )


def _tags(settings: StackSettings) -> Iterator[Warned]:
    """Production refuses them."""
    images = {("blossm:image",): settings.image} | {("blossm:images", key): image for key, image in settings.images.items()}
    for keys, image in images.items():
        if "@sha256:" not in image:
            tag = found[1] if (found := re.search(r":([A-Za-z0-9._-]+)$", image)) else "latest"
            yield _in_settings(
                settings, keys, f"names the tag `{tag}`: when it moves, `pulumi up` sees no change and deploys nothing"
            )


def _instances(model: Network, settings: StackSettings) -> Iterator[Warned]:
    for what in deployed(model).values():
        made = container(what, settings)
        if made.min_instances and settings.shape == "free":
            message = (
                f"keeps {_count(made.min_instances)} of {what.ref.kind} `{what.ref.address}` in a stack that is to cost nothing"
            )
            yield Warned(at=_said(what, settings), message=message)
        if not made.min_instances and settings.environment == "production" and what.ref.kind == "event-store":
            message = f"event store `{what.ref.address}` keeps no instance: after a quiet time the first command waits for it"
            yield Warned(at=_said(what, settings), message=message)


def _said(what: Deployed, settings: StackSettings) -> str:
    """Where `min_instances` was decided."""
    for key in (f"{what.ref.kind}/{what.ref.address}", what.ref.kind):
        if (said := settings.scale.get(key)) and said.min_instances is not None:
            return settings.file.at(("blossm:scale", key, "min_instances"))
    most = max(what.specs, key=lambda spec: spec.shape.min_instances or 0)
    return str(most.at)


def _count(instances: int) -> str:
    return "an instance" if instances == 1 else f"{instances} instances"


def _open_commands(model: Network) -> Iterator[Warned]:
    for gateway in model.command_gateways.values():
        for entry in gateway.entries.values():
            if entry.access.rule in ("public", "optional") and entry.access.rate is None:
                message = f"everybody may call `{entry.target.address}` as often as they like: `rate: 10/s` would bound it"
                yield Warned(at=str(entry.at), message=message)


def _cookies(model: Network, settings: StackSettings) -> Iterator[Warned]:
    """Browsers keep a cookie for the site that set it, and run.app is no part of the network's."""
    cookies = [issuer.cookie for issuer in model.issuers.values() if issuer.cookie]
    if settings.gateways == "none" and cookies and any(True for _ in model.gateways()):
        message = f"is none: gateways answer at run.app, where browsers send no cookie `{cookies[0]}` of {model.host}"
        yield _in_settings(settings, ("blossm:gateways",), message)
