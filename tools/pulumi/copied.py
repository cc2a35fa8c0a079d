"""A project beside the real one: its files are links, those of Pulumi are copies, so that nothing done offline changes them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import yaml

SAMPLE = "offline, where no database is behind it"  # in place of each secret, as only the real stack's key can decrypt it
_SEED = "blossm:databaseSeed"  # without which no `up` begins
_KEYS = ("encryptionsalt", "encryptedkey", "secretsprovider")  # of the real stack's secrets


def copy_project(project: Path, to: Path) -> Path:
    """Makes or renews the copy. What `pulumi config set` changed in it stays, until the real settings change."""
    to.mkdir(parents=True, exist_ok=True)
    for source in project.iterdir():
        copied = to / source.name
        if source.match("Pulumi.*.yaml"):
            _copy_settings(source, copied)
        elif not source.name.startswith("."):
            copied.unlink(missing_ok=True)
            copied.symlink_to(source)
    _give_seed(project / "Pulumi.yaml", to / "Pulumi.yaml")
    return to


def _copy_settings(source: Path, copied: Path) -> None:
    text = source.read_text()
    mark = hashlib.sha256(text.encode()).hexdigest()
    seen = copied.with_suffix(".seen")  # the CLI writes into the copy
    if copied.exists() and seen.exists() and seen.read_text() == mark:
        return
    copied.write_text(_without_secrets(text))
    seen.write_text(mark)


def _without_secrets(text: str) -> str:
    """The settings as they stand, so that messages name the lines of the real file; only with secrets they are written anew."""
    settings = _mapping(text)
    left = {key: _readable(value) for key, value in settings.items() if key not in _KEYS}
    return text if left == settings else yaml.safe_dump(left, sort_keys=False)


def _give_seed(source: Path, copied: Path) -> None:
    """The sample of a seed stands in the project's file, below whatever a stack says: in a stack's, one would be warned of it."""
    if project := _mapping(source.read_text()):
        project["config"] = {_SEED: SAMPLE} | (project.get("config") or {})
        copied.unlink(missing_ok=True)
        copied.write_text(yaml.safe_dump(project, sort_keys=False))


def _mapping(text: str) -> dict[str, Any]:
    """Empty for what can't be read: the CLI says what is wrong with it."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def _readable(value: Any) -> Any:
    match value:
        case {"secure": _}:
            return SAMPLE
        case dict():
            return {key: _readable(inner) for key, inner in value.items()}
        case list():
            return [_readable(inner) for inner in value]
        case _:
            return value
