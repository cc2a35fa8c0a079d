"""Fields as JSON Schema (2020-12): what the run-time validator takes, and what the doors' OpenAPI documents show.

A schema says all that JSON Schema can say. What it can't (a `json` value within 64 bits, say) is `core.payload`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blossm.model.fields import Field, Fields

INTEGER_MIN, INTEGER_MAX = -(2**63), 2**63 - 1

PHONE = r"^\+[1-9][0-9]{6,14}$"  # E.164
URL = r"^[Hh][Tt][Tt][Pp][Ss]?://[^/?#]"

Schema = dict[str, Any]


def json_schema(fields: Fields) -> Schema:
    """The schema of an object with these fields, and no others."""
    schema: Schema = {
        "type": "object",
        "properties": {name: json_schema_of(field) for name, field in fields.items()},
        "additionalProperties": False,
    }
    if required := [name for name, field in fields.items() if field.required]:
        schema["required"] = required
    return schema


def json_schema_of(field: Field) -> Schema:
    """The schema of one value."""
    schema = _OF_TYPE[field.type](field)
    if field.choices:
        schema["enum"] = list(field.choices)
    if field.equals is not None:
        schema["const"] = field.equals
    if field.default is not None:
        schema["default"] = field.default
    schema |= {word: text for word in ("title", "description") if (text := getattr(field, word))}
    return schema


def _string(field: Field) -> Schema:
    schema: Schema = {"type": "string", **_lengths(field, "Length"), **_FORMATS[field.format]}
    if field.pattern and "pattern" in schema:
        schema["allOf"] = [{"pattern": field.pattern}]
    elif field.pattern:
        schema["pattern"] = field.pattern
    return schema


def _integer(field: Field) -> Schema:
    return {"type": "integer", "format": "int64", "minimum": INTEGER_MIN, "maximum": INTEGER_MAX, **_range(field)}


def _number(field: Field) -> Schema:
    return {"type": "number", "format": "double", **_range(field)}


def _bytes(field: Field) -> Schema:
    """Lengths of bytes count the bytes, which no keyword of JSON Schema's can."""
    schema: Schema = {"type": "string", "contentEncoding": "base64", "format": "byte"}
    return schema | _lengths(field, "Bytes")


def _list(field: Field) -> Schema:
    items = json_schema_of(field.items) if field.items else {}
    return {"type": "array", "items": items, **_lengths(field, "Items")}


def _map(field: Field) -> Schema:
    values = json_schema_of(field.values) if field.values else {}
    return {"type": "object", "additionalProperties": values, **_lengths(field, "Properties")}


def _text(format: str) -> Callable[[Field], Schema]:
    return lambda field: {"type": "string", "format": format}


_OF_TYPE: dict[str, Callable[[Field], Schema]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": lambda field: {"type": "boolean"},
    "timestamp": _text("date-time"),
    "date": _text("date"),
    "uuid": _text("uuid"),
    "bytes": _bytes,
    "json": lambda field: {},
    "list": _list,
    "object": lambda field: json_schema(field.properties),
    "map": _map,
}

_FORMATS: dict[str, Schema] = {
    "": {},
    "email": {"format": "email"},
    "hostname": {"format": "hostname"},
    "url": {"format": "uri", "pattern": URL},
    "phone": {"format": "phone", "pattern": PHONE},
}


def _lengths(field: Field, of: str) -> Schema:
    return {
        f"{bound}{of}": length
        for bound, length in (("min", field.min_length), ("max", field.max_length))
        if length is not None
    }


def _range(field: Field) -> Schema:
    return {word: bound for word, bound in (("minimum", field.min), ("maximum", field.max)) if bound is not None}
