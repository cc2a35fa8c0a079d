"""A stack's configuration, as the `pulumi` CLI hands it over, → its settings, or everything that is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import get_root_directory
from pulumi.runtime.config import CONFIG, is_config_secret  # the SDK has no public way to list what a stack configures
from pydantic import ValidationError

from blossm_infra.settings.mistakes import Mistake, mistakes_in, refuse
from blossm_infra.settings.rules import broken_rules
from blossm_infra.settings.stack import KEYS, StackSettings
from blossm_infra.settings.stack_file import StackFile, read_stack_file
from blossm_infra.stacks import GATEWAYS, SIZES, STACKS

_SEED = "blossm:databaseSeed"
_STAND_INS = {  # for settings that are wrong, so that the others can be looked at
    "gcp:project": "stand-in",
    "gcp:region": "europe-west1",
    "blossm:network": ".",
    "blossm:image": f"stand-in@sha256:{'0' * 64}",
    "blossm:atlas": {"organization": "0" * 24, "identity_provider": "0" * 24},
}


def load_settings() -> StackSettings:
    """The settings of the stack that this program runs for. Raises `pulumi.RunError` with every mistake."""
    config, stack = CONFIG.get(), pulumi.get_stack()
    file = read_stack_file(_root(), stack=stack, project=pulumi.get_project(), config=config)
    return settings_of(config, stack=stack, file=file, secrets=list(filter(is_config_secret, config)))


def network_folder(settings: StackSettings) -> Path:
    """Where the stack's network lies."""
    return _root() / settings.network


def _root() -> Path:
    return Path(get_root_directory() or ".")


def settings_of(
    config: Mapping[str, str], *, stack: str, file: StackFile | None = None, secrets: Collection[str] = ()
) -> StackSettings:
    """The settings in a stack's configuration (`namespace:key` → text). Other tools' namespaces are left alone.

    `file` is where people will look for mistakes; the values of `secrets` are not shown to them.
    """
    if stack not in STACKS:
        raise pulumi.RunError(f"stack `{stack}`: a network has the stacks {', '.join(STACKS)}, one per environment")
    file = file or StackFile(name=f"Pulumi.{stack}.yaml")
    given = {key: read for key, value in config.items() if _is_ours(key) and (read := _read(key, value)) not in ("", None)}
    try:
        settings = _settings(given, stack, file)
    except ValidationError as invalid:
        wrong = mistakes_in(invalid, given, hidden={*secrets, *file.secure, _SEED})
        told = [_with_hint(mistake, config) for mistake in wrong]
        refuse([*told, *_of_the_others(given, wrong, stack, file)], file)
        raise
    refuse(broken_rules(settings), file)
    return settings


def _settings(given: Mapping[str, Any], stack: str, file: StackFile) -> StackSettings:
    shape = given.get("blossm:shape", SIZES[stack])
    mode = GATEWAYS.get(shape, "none") if isinstance(shape, str) else "none"  # type: ignore[call-overload]  # a wrong shape has none
    return StackSettings.model_validate({"stack": stack, "file": file, "blossm:shape": shape, "blossm:gateways": mode, **given})


def _of_the_others(given: Mapping[str, Any], wrong: list[Mistake], stack: str, file: StackFile) -> Iterator[Mistake]:
    """What else is wrong, so that people hear of everything at once."""
    broken = {mistake.keys[0] for mistake in wrong}
    good = {key: value for key, value in given.items() if key not in broken}
    rules = broken_rules(_settings({**_STAND_INS, **good}, stack, file))
    return (mistake for mistake in rules if mistake.keys[0] not in broken)


def _is_ours(key: str) -> bool:
    namespace, _, name = key.partition(":")
    misspelt = f"blossm:{name}" in KEYS and bool(get_close_matches(namespace, ["blossm"], cutoff=0.8))
    return key in KEYS or namespace == "blossm" or misspelt


def _with_hint(mistake: Mistake, config: Mapping[str, str]) -> Mistake:
    """A setting that is missing may be there under another name."""
    (key, *inner) = mistake.keys
    others = [other for other in config if other not in KEYS]
    same = [other for other in others if other.partition(":")[2] == key.partition(":")[2]]
    meant = same or get_close_matches(key, others, n=1, cutoff=0.85)
    if inner or key in config or not meant:
        return mistake
    return Mistake(keys=mistake.keys, message=f"{mistake.message}; is `{meant[0]}` meant to be it?")


def _read(key: str, value: str) -> Any:
    """Lists and maps come as JSON, with values of any kind; all else comes as text."""
    if value[:1] not in ("[", "{") or key == _SEED:
        return value
    try:
        return _without_nothing(json.loads(value))
    except ValueError:
        return value


def _without_nothing(value: Any) -> Any:
    """A key with nothing behind it says nothing: `tier:`"""
    if isinstance(value, dict):
        return {key: _without_nothing(inner) for key, inner in value.items() if inner is not None}
    return value
