"""What a test hooks into a user's file. It is the test's own, so it outlives the process that the file is loaded in."""

from __future__ import annotations

from typing import Any

_OF: dict[str, dict[str, Any]] = {}


class Crash(BaseException):
    """The process of a handler dies."""


def hooks_of(file: str) -> dict[str, Any]:
    """The hooks of a file: the same ones however often it is loaded."""
    return _OF.setdefault(file, {})
