"""Indexed values: when a state has the value that a question asks for, the same in every store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

_LONG = 200  # longer values are kept as their hash

_encode = msgspec.json.Encoder(order="sorted").encode
_ABSENT = object()


def index_key(value: Any) -> str:
    """One text per value: two are equal as JSON just when their keys are (1 and 1.0 are, 1 and true are not)."""
    text = _encode(_canonical(value)).decode()
    return text if len(text) <= _LONG else "#" + hashlib.sha256(text.encode()).hexdigest()


def index_keys(state: Mapping[str, Any], paths: Iterable[str]) -> dict[str, str]:
    """The keys of the values that a state has at these dotted paths; a path without a value is left out."""
    values = {path: _value(state, path) for path in paths}
    return {path: index_key(value) for path, value in values.items() if value is not _ABSENT and value is not None}


def matches(state: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    """Whether a state has all these values."""
    keys = index_keys(state, where)
    return all(keys.get(path) == index_key(value) for path, value in where.items())


def _value(state: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(state, dict) or name not in state:
            return _ABSENT
        state = state[name]
    return state


def _canonical(value: Any) -> Any:
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_canonical(item) for item in value]
        case dict():
            return {name: _canonical(item) for name, item in value.items()}
    return value
