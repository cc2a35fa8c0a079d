"""The keys of a field's full specification."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from blossm.model.schema.reading import Keys
from blossm.model.schema.values import Named


class FieldKeys(Keys):
    """A field with more than a type to say."""

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
