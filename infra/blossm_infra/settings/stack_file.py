"""`Pulumi.<stack>.yaml` as people have it before them: on which line each setting stands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from blossm.model.diagnostics import Findings
from blossm.model.source import Document, documents, read_text

Keys: TypeAlias = tuple[str, ...]
"""A setting: its key, and the keys inside of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackFile:
    """`secure` are the settings that the file has encrypted."""

    name: str
    lines: Mapping[Keys, int] = field(default_factory=dict)
    secure: frozenset[str] = frozenset()

    def at(self, keys: Keys) -> str:
        """The file, with the line of the setting, or of the nearest thing around it that is there."""
        around = (keys[:end] for end in range(len(keys), 0, -1))
        line = next((self.lines[there] for there in around if there in self.lines), None)
        return f"{self.name}:{line}" if line else self.name

    def has_plain(self, key: str) -> bool:
        """Whether the file shows the value to everybody who reads it."""
        return (key,) in self.lines and key not in self.secure


def read_stack_file(root: Path, *, stack: str, project: str, config: Mapping[str, str]) -> StackFile:
    """The file of a stack in the project's folder.

    The CLI may have read another one (`--config-file`): lines are told only of values that are in `config`. A file
    that can't be read has no lines; whoever gave us `config` has read it.
    """
    name = f"Pulumi.{stack}.yaml"
    document = _document(root / name, name)
    settings = document.data.get("config") if document and isinstance(document.data, dict) else None
    if document is None or not isinstance(settings, dict):
        return StackFile(name=name)
    lines: dict[Keys, int] = {}
    secure = set()
    for written, value in settings.items():
        key = written if ":" in written else f"{project}:{written}"  # the CLI takes a key without a namespace so
        if _is_secure(value):
            secure.add(key)
        elif not _same(value, config.get(key)):
            continue
        for keys in _below((written,), value):
            lines[key, *keys[1:]] = document.key("config", *keys).place.line
    return StackFile(name=name, lines=lines, secure=frozenset(secure))


def _document(path: Path, name: str) -> Document | None:
    if not path.is_file():
        return None
    findings = Findings()
    source = read_text(path, name, findings)
    return next(documents(source, findings), None) if source else None


def _below(keys: Keys, value: Any) -> Iterator[Keys]:
    yield keys
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _below((*keys, key), inner)


def _is_secure(value: Any) -> bool:
    """At any depth: the CLI takes the whole setting for a secret then."""
    return isinstance(value, dict) and ("secure" in value or any(map(_is_secure, value.values())))


def _same(written: Any, given: str | None) -> bool:
    if given is None or isinstance(written, str) or written is None:
        return (written or "") == given
    try:
        return bool(json.loads(given) == written)
    except ValueError:
        return False
