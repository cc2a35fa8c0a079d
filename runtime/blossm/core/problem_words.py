"""What is wrong with a field, in our own words: short, with a glimpse of the value, never the value whole."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from jsonschema_rs import ValidationError

from blossm.core.errors import FieldProblem
from blossm.core.plain_json import path
from blossm.model.fields import Field
from blossm.model.json_schema import INTEGER_MAX, INTEGER_MIN, PHONE, URL

_GLIMPSE = 40  # characters of a value
_CHOICES = 10  # choices that are named

_A = {
    "string": "text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "timestamp": "a timestamp (RFC 3339)",
    "date": "a date (YYYY-MM-DD)",
    "uuid": "a UUID",
    "bytes": "padded base64",
    "list": "a list",
    "object": "an object",
    "map": "an object",
    "json": "JSON",
}
_FORMAT = {
    "email": "an e-mail address",
    "hostname": "a host name",
    "url": "an http or https URL",
    "phone": "a phone number like +493012345678",
}


def problems_of(errors: Iterable[ValidationError], field: Field, *, at: str) -> Iterator[FieldProblem]:
    """The problems that the validator's errors stand for; `field` is the one that the whole value is of.

    Of a value with the wrong type nothing else is said.
    """
    found = list(errors)
    mistyped = {tuple(error.instance_path) for error in found if _kind(error) == "Type"}
    for error in found:
        if _kind(error) == "Type" or tuple(error.instance_path) not in mistyped:
            yield from _problems_of(error, field, at)


def _problems_of(error: ValidationError, field: Field, at: str) -> Iterator[FieldProblem]:
    where = at
    for step in error.instance_path:
        where = path(where, step)
    inner = _inside(field, error.instance_path)
    kind: Any = error.kind
    match _kind(error):
        case "Required":
            yield FieldProblem(path(where, kind.property), "is required")
        case "AdditionalProperties":
            for name in kind.unexpected:
                yield FieldProblem(path(where, name), _unknown(name, inner))
        case _:
            yield FieldProblem(where, _problem(error, inner))


def _kind(error: ValidationError) -> str:
    return type(error.kind).__name__


def _inside(field: Field, steps: Sequence[str | int]) -> Field:
    """The field that a path leads to."""
    for step in steps:
        inner = field.properties.get(str(step)) or field.items or field.values
        if inner is None:
            return Field(type="json")
        field = inner
    return field


def _unknown(name: str, field: Field) -> str:
    near = difflib.get_close_matches(name[:_GLIMPSE], field.properties, n=1)
    return f"is not known; did you mean {near[0]}?" if near else "is not known"


def _problem(error: ValidationError, field: Field) -> str:
    kind: Any = error.kind
    match _kind(error):
        case "Type":
            return f"must be {_A[field.type]}, not {glimpse(error.instance)}"
        case "Format":
            return f"must be {_FORMAT.get(field.format) or _A[field.type]}, not {glimpse(error.instance)}"
        case "Pattern" if kind.pattern in (PHONE, URL):
            return f"must be {_FORMAT[field.format]}, not {glimpse(error.instance)}"
        case "Pattern":
            return f"must match {glimpse(kind.pattern)}, and {glimpse(error.instance)} does not"
        case "Enum":
            return f"must be {_one_of(kind.options)}, not {glimpse(error.instance)}"
        case "Constant":
            return f"must be {glimpse(kind.expected_value)}, not {glimpse(error.instance)}"
        case "Minimum" | "Maximum" if kind.limit in (INTEGER_MIN, INTEGER_MAX):
            return "is an integer beyond 64 bits"
        case "Custom":
            return str(kind.message)
        case name:
            return _out_of_bounds(name, kind, error)


_BOUNDS = {
    "Minimum": "must be at least {}",
    "Maximum": "must be at most {}",
    "MinLength": "must have at least {} characters",
    "MaxLength": "must have at most {} characters",
    "MinItems": "must have at least {} items",
    "MaxItems": "must have at most {} items",
    "MinProperties": "must have at least {} entries",
    "MaxProperties": "must have at most {} entries",
}


def _out_of_bounds(name: str, kind: Any, error: ValidationError) -> str:
    if name not in _BOUNDS:  # a kind of error that our schemas don't make
        return error.message[: 2 * _GLIMPSE]
    words = _BOUNDS[name].format(kind.limit)
    return f"{words}, not {glimpse(error.instance)}" if name in ("Minimum", "Maximum") else words


def _one_of(options: Sequence[Any]) -> str:
    named = ", ".join(glimpse(option) for option in islice(options, _CHOICES))
    more = f" … ({len(options)} in all)" if len(options) > _CHOICES else ""
    return named if len(options) == 1 else f"one of {named}{more}"


def glimpse(value: Any) -> str:
    """A value at a glance: text and numbers cut short, containers by their size."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"' if len(value) <= _GLIMPSE else f'"{value[:_GLIMPSE]}…" ({len(value)} characters)'
        case dict():
            return f"an object of {len(value)}"
        case list() | tuple():
            return f"a list of {len(value)}"
        case _:
            return repr(value)
