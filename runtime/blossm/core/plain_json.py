"""Plain JSON: what every store and wire of the platform carries unchanged.

Objects with text names without NUL, lists, text that is UTF-8, integers of 64 bits, finite numbers, booleans, null;
nested no deeper than `MAX_DEPTH`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from blossm.core.errors import FieldProblem
from blossm.core.strict_json import MAX_DEPTH
from blossm.model.json_schema import INTEGER_MAX, INTEGER_MIN

_NAME = re.compile(r"[^\W\d][\w-]*")
_LONGEST_NAME = 40  # characters of a name in a path


def is_plain(value: Any, *, depth: int = MAX_DEPTH) -> bool:
    """Whether a value is plain JSON. Tuples count as lists, but for those with names: no encoder of JSON takes them so."""
    kind: Any = type(value)
    if kind is str:
        return _is_utf8(value)
    if kind is int:
        return bool(INTEGER_MIN <= value <= INTEGER_MAX)
    if kind is float:
        return math.isfinite(value)
    if value is None or kind is bool:
        return True
    if isinstance(value, dict):
        return depth > 0 and _is_plain_object(value, depth)
    return (kind is tuple or isinstance(value, list)) and depth > 0 and all(is_plain(item, depth=depth - 1) for item in value)


def _is_plain_object(value: dict[Any, Any], depth: int) -> bool:
    for name, inner in value.items():
        if type(name) is not str or "\0" in name or not _is_utf8(name):
            return False
        if not is_plain(inner, depth=depth - 1):
            return False
    return True


def _is_utf8(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def unplain(value: Any, *, at: str, depth: int = MAX_DEPTH) -> Iterator[FieldProblem]:
    """Every place where a value is no plain JSON."""
    if type(value) is tuple or isinstance(value, dict | list):
        if depth == 0:
            yield FieldProblem(at, f"is nested deeper than {MAX_DEPTH}")
        elif isinstance(value, dict):
            for name, inner in value.items():
                if problem := _name_problem(name):
                    yield FieldProblem(path(at, str(name)), problem)
                yield from unplain(inner, at=path(at, str(name)), depth=depth - 1)
        else:
            for index, item in enumerate(value):
                yield from unplain(item, at=path(at, index), depth=depth - 1)
    elif not is_plain(value):
        yield FieldProblem(at, _leaf_problem(value))


def mended(value: Any, *, depth: int = MAX_DEPTH) -> Any:
    """The value with null wherever it is no plain JSON, and without names that are no text, so that the rest can be looked at."""
    if isinstance(value, dict) and depth:
        return {str(name): mended(inner, depth=depth - 1) for name, inner in value.items() if _is_utf8(str(name))}
    if (type(value) is tuple or isinstance(value, list)) and depth:
        return [mended(item, depth=depth - 1) for item in value]
    return value if is_plain(value, depth=depth) else None


def _name_problem(name: object) -> str:
    if type(name) is not str:
        return f"has a name that is no text, but of type {type(name).__name__}"
    if "\0" in name:
        return "has NUL in its name"
    return "" if _is_utf8(name) else "has a name that is not UTF-8"


def _leaf_problem(value: object) -> str:
    kind = type(value)
    if kind is int:
        return "is an integer beyond 64 bits"
    if kind is float:
        return "is not a finite number"
    if kind is str:
        return "is not UTF-8 (a lone surrogate)"
    return f"is no JSON, but of type {kind.__name__}"


def path(at: str, step: str | int) -> str:
    """The path of what is inside `at`: `payload.wheels`, `payload.wheels[0]`, `payload["an odd name"]`."""
    if isinstance(step, int):
        return f"{at}[{step}]"
    if len(step) > _LONGEST_NAME:
        step = step[:_LONGEST_NAME] + "…"
    name = step if _NAME.fullmatch(step) else f"[{step!a}]"
    return f"{at}.{name}" if name is step else f"{at}{name}"
