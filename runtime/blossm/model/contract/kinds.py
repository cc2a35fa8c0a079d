"""What a field is in the words of blossm.yaml: two fields with the same words have the same form on the wire.

A date and a uuid are a `string` here: what makes them less than any text is one of their rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blossm.model.contract.build import VALUES
from blossm.model.contract.tree import TIMESTAMP, Label, Message, MessageField

_WORDS = {"int64": "integer", "double": "number", "bool": "boolean", TIMESTAMP: "timestamp"}


def kind_of(field: MessageField, message: Message) -> str:
    """`integer`, `object`, `[string]`, `map of [integer]`; `[string], which may be absent`."""
    kind = _kind(field.label, field.type, field.rules, message)
    return f"{kind}, which may be absent" if wrapped(part_of(field, message)) else kind


def part_of(field: MessageField, message: Message) -> Message | None:
    """The nested message that a field's values are, where they are one."""
    return _part(field.type, message)


def wrapped(part: Message | None) -> MessageField | None:
    """The list or map that a message is only there to be around; a field of an object's own says that it is required."""
    if part and len(part.fields) == 1:
        (field,) = part.fields
        return field if field.name == VALUES and field.label in ("repeated", "map") and not field.rules else None
    return None


def _kind(label: Label, type: str, rules: Mapping[str, Any], message: Message) -> str:
    """`rules` are those of the value, also where a message is around it."""
    match label:
        case "repeated":
            return f"[{_kind('', type, rules.get('items', {}), message)}]"
        case "map":
            return f"map of {_kind('', type, rules.get('values', {}), message)}"
    part = _part(type, message)
    if part is None:
        return "json" if rules.get("type") == "json" else _WORDS.get(type, type)
    inner = wrapped(part)
    return _kind(inner.label, inner.type, rules, part) if inner else "object"


def _part(type: str, message: Message) -> Message | None:
    return next((part for part in message.nested if part.full_name == type), None)
