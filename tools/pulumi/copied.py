"""A project beside the real one: files are links, and settings are copies, so that nothing done offline changes the real ones."""

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
    return to


def _copy_settings(source: Path, copied: Path) -> None:
    text = source.read_text()
    mark = hashlib.sha256(text.encode()).hexdigest()
    seen = copied.with_suffix(".seen")  # the CLI rewrites the copy, comments and all
    if copied.exists() and seen.exists() and seen.read_text() == mark:
        return
    settings = yaml.safe_load(text) or {}
    left = {key: _readable(value) for key, value in settings.items() if key not in _KEYS}
    left["config"] = {_SEED: SAMPLE} | (left.get("config") or {})
    copied.write_text(yaml.safe_dump(left, sort_keys=False))
    seen.write_text(mark)


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
