"""The keys of a field's full specification."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from pydantic import Field

from blossm.model.schema.reading import Keys
from blossm.model.schema.values import Named

_LIST = "a list is written with the type of its items: `[string]`"
_OPTIONAL = "a field that may be absent says `optional: true`"

# Types that other languages have → what is meant here.
TYPES_ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {"list": _LIST, "array": _LIST}
    | {
        word: f"did you mean `{name}`?"
        for name, words in {
            "string": ("text", "char", "varchar"),
            "integer": ("int", "long", "int64"),
            "number": ("float", "double", "decimal"),
            "timestamp": ("datetime", "time"),
            "map": ("dict", "record"),
            "json": ("any",),
        }.items()
        for word in words
    }
)


class FieldKeys(Keys):
    """A field with more than a type to say."""

    elsewhere: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "required": "a field is required unless it says `optional: true`",
            "nullable": _OPTIONAL,
            "null": _OPTIONAL,
            "enum": "the values that are allowed are `in`",
            "const": "the one value that is allowed is `is`",
            "items": _LIST,
            "minimum": "did you mean `min`?",
            "maximum": "did you mean `max`?",
        }
    )

    type: Any
    optional: bool = False
    default: Any = None
    in_: list[Any] | None = Field(default=None, alias="in", min_length=1)
    is_: Any = Field(default=None, alias="is")
    min: Any = None
    max: Any = None
    min_length: int | None = Field(default=None, ge=0)
    max_length: int | None = Field(default=None, ge=0)
    pattern: str = ""
    format: Literal["email", "url", "phone", "hostname"] | None = None
    title: str = ""
    description: str = ""
    properties: Named | None = None
    values: Any = None
