"""What a field is in the words of blossm.yaml: two fields with the same words have the same form on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blossm.model.contract.build import VALUES
from blossm.model.contract.tree import TIMESTAMP, Message, MessageField

_WORDS = {"int64": "integer", "double": "number", "bool": "boolean", TIMESTAMP: "timestamp"}


def kind_of(field: MessageField, message: Message) -> str:
    """`integer`, `uuid`, `object`, `[string]`, `map of [integer]`; `[string], which may be absent`."""
    match field.label:
        case "repeated":
            return f"[{_kind_of_value(field.type, _below(field.rules, 'items'), message)}]"
        case "map":
            return f"map of {_kind_of_value(field.type, _below(field.rules, 'values'), message)}"
    kind = _kind_of_value(field.type, field.rules, message)
    return f"{kind}, which may be absent" if wrapped(part_of(field, message)) else kind


def part_of(field: MessageField, message: Message) -> Message | None:
    """The nested message that a field's values are, where they are one."""
    return next((part for part in message.nested if part.full_name == field.type), None)


def wrapped(part: Message | None) -> MessageField | None:
    """The list or map that a message is only there to be around."""
    if part and len(part.fields) == 1 and part.fields[0].name == VALUES and part.fields[0].label in ("repeated", "map"):
        return part.fields[0]
    return None


def _kind_of_value(type: str, rules: Mapping[str, Any], message: Message) -> str:
    part = next((part for part in message.nested if part.full_name == type), None)
    if part is None:
        said = rules.get("type")
        return said if isinstance(said, str) else _WORDS.get(type, type)
    inner = wrapped(part)
    return kind_of(inner, part) if inner else "object"


def _below(rules: Mapping[str, Any], word: str) -> Mapping[str, Any]:
    inner = rules.get(word)
    return inner if isinstance(inner, dict) else {}
