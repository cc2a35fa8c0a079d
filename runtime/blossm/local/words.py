"""`name=value` as people type it, made into a payload: each value is read as its field's type wants it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blossm.core.errors import BadRequest
from blossm.core.query_text import typed
from blossm.model.fields import Field, Fields


def payload_of(words: Mapping[str, Sequence[str]], fields: Fields) -> dict[str, Any]:
    """The payload that words make. What does not fit stays text, so that the contract says what is wrong with it."""
    return {name: _values(texts, fields.get(name)) for name, texts in words.items()}


def _values(texts: Sequence[str], field: Field | None) -> Any:
    if field is not None and field.type == "list" and not texts[0].startswith("["):
        return [_value(text, field.items) for text in texts]
    values = [_value(text, field) for text in texts]
    return values[0] if len(values) == 1 else values


def _value(text: str, field: Field | None) -> Any:
    try:
        return typed(field, text, at="") if field else text
    except BadRequest:
        return text
