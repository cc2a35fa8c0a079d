"""One spelling for every value, and defaults for absent ones.

`normaliser` and `filler` turn a field into the function that does it, or None where nothing is to be done. The
functions take valid values, and copy what they change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from blossm.core.time import parse_rfc3339, rfc3339
from blossm.model.fields import Field, Fields

Change: TypeAlias = Callable[[Any], Any]


def normaliser(field: Field) -> Change | None:
    """1.0 of an integer becomes 1, 1 of a number 1.0; UUIDs are in lower case, timestamps in UTC with microseconds.

    Objects, lists and `json` are copied, so that whoever gets the value may change it.
    """
    match field.type:
        case "integer":
            return int
        case "number":
            return float
        case "timestamp":
            return _timestamp
        case "uuid":
            return str.lower
        case "json":
            return copied
        case "list":
            return _each_item(normaliser(field.items) if field.items else copied)
        case "map":
            return _each_value(normaliser(field.values) if field.values else copied)
        case "object":
            return _each_field({name: change for name, inner in field.properties.items() if (change := normaliser(inner))})
        case _:
            return None


def filler(field: Field) -> Change | None:
    """Puts defaults where fields are absent, at every depth; an absent object stays absent."""
    match field.type:
        case "list" if field.items and (change := filler(field.items)):
            return _each_item(change)
        case "map" if field.values and (change := filler(field.values)):
            return _each_value(change)
        case "object":
            return _filled(field.properties)
        case _:
            return None


def copied(value: Any) -> Any:
    """The same JSON in containers of its own; a tuple becomes a list."""
    if isinstance(value, dict):
        return {name: copied(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [copied(item) for item in value]
    return value


def with_both_spellings(field: Field) -> Field:
    """The same field, with every choice also in its one spelling: what was normalised is still valid."""
    inner = replace(
        field,
        items=with_both_spellings(field.items) if field.items else None,
        values=with_both_spellings(field.values) if field.values else None,
        properties={name: with_both_spellings(property) for name, property in field.properties.items()},
    )
    if field.type not in ("timestamp", "uuid"):
        return inner
    change = normaliser(field) or copied
    choices = (field.equals,) if field.equals is not None else field.choices
    return replace(inner, equals=None, choices=tuple(dict.fromkeys([*choices, *map(change, choices)])))


def _timestamp(text: str) -> str:
    return rfc3339(parse_rfc3339(text.upper()))


def _each_item(change: Change | None) -> Change:
    if change is None:
        return list
    return lambda value: [change(item) for item in value]


def _each_value(change: Change | None) -> Change:
    if change is None:
        return dict
    return lambda value: {name: change(inner) for name, inner in value.items()}


def _each_field(changes: dict[str, Change]) -> Change:
    def normal(value: dict[str, Any]) -> dict[str, Any]:
        return {name: changes[name](inner) if name in changes else inner for name, inner in value.items()}

    return normal


def _filled(fields: Fields) -> Change | None:
    defaults = {name: field.default for name, field in fields.items() if field.default is not None}
    changes = {name: change for name, field in fields.items() if (change := filler(field))}
    if not defaults and not changes:
        return None

    def fill(value: dict[str, Any]) -> dict[str, Any]:
        complete = dict(value)
        for name, default in defaults.items():
            if name not in complete:
                complete[name] = copied(default)
        for name, change in changes.items():
            if name in complete:
                complete[name] = change(complete[name])
        return complete

    return fill
