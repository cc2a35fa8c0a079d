"""Values that fit their fields: what a person may paste to see something happen."""

from __future__ import annotations

from typing import Any

from blossm.model.fields import Field, Fields

_TEXTS = {"email": "ada@example.com", "url": "https://example.com/", "phone": "+442079460018", "hostname": "example.com"}
_VALUES: dict[str, Any] = {
    "boolean": True,
    "timestamp": "2026-01-31T12:00:00.000000Z",
    "date": "2026-01-31",
    "uuid": "0b5e0f6e-6b0d-4f0f-9d3f-3a0c5d1f7a11",
    "bytes": "AA==",
    "json": {},
    "map": {},
}


def sample(fields: Fields) -> dict[str, Any]:
    """A payload with the required fields, each with a value of its type. Patterns are not looked at."""
    return {name: _value(name, field) for name, field in fields.items() if field.required}


def _value(name: str, field: Field) -> Any:
    if field.equals is not None:
        return field.equals
    if field.choices:
        return field.choices[0]
    match field.type:
        case "string":
            return _text(name, field)
        case "integer" | "number":
            return _number(field)
        case "list":
            return [_value(name, field.items)] * max(1, field.min_length or 1) if field.items else []
        case "object":
            return sample(field.properties)
        case _:
            return _VALUES[field.type]


def _text(name: str, field: Field) -> str:
    if field.format:
        return _TEXTS.get(field.format, name)
    text = name.replace("_", " ")
    text += "x" * ((field.min_length or 0) - len(text))
    return text[: field.max_length] if field.max_length is not None else text


def _number(field: Field) -> float | int:
    number: float | int = 1
    if field.min is not None:
        number = max(number, field.min)
    return min(number, field.max) if field.max is not None else number
