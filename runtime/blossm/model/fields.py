"""Field types: what a payload, a state, a query or a view row may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

FieldType = Literal[
    "string", "integer", "number", "boolean", "timestamp", "date", "uuid", "bytes", "json", "list", "object", "map"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field, with named types already put in their place.

    `items` is there for a list, `properties` for an object, `values` for a map. `default` is None where there is none
    (`null` is no value of a field).
    """

    type: FieldType
    optional: bool = False
    default: Any = None
    choices: tuple[Any, ...] = ()  # `in:`
    equals: Any = None  # `is:`
    min: float | int | None = None
    max: float | int | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""
    format: str = ""  # email, url, phone, hostname
    title: str = ""
    description: str = ""
    items: Field | None = None
    properties: dict[str, Field] = field(default_factory=dict)
    values: Field | None = None

    @property
    def required(self) -> bool:
        return not self.optional and self.default is None


Fields = Mapping[str, Field]


def loosened(fields: Fields) -> dict[str, Field]:
    """The same fields with everything optional at every depth: any part of a schema fits."""
    return {name: throughout(field, optional=True) for name, field in fields.items()}


def throughout(field: Field, **changes: Any) -> Field:
    """The same field with these attributes changed at every depth."""
    return replace(
        field,
        items=throughout(field.items, **changes) if field.items else None,
        values=throughout(field.values, **changes) if field.values else None,
        properties={name: throughout(inner, **changes) for name, inner in field.properties.items()},
        **changes,
    )
