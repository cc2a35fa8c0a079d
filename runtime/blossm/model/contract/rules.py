"""What a field says beyond its protobuf type, in the words of JSON Schema."""

from __future__ import annotations

import json
from typing import Any

from blossm.model.fields import Field

_LENGTHS = {"string": "Length", "bytes": "Bytes", "list": "Items", "map": "Properties"}
_SAYS_LESS = ("json", "uuid", "date")  # types whose protobuf type says less


def field_rules(field: Field) -> dict[str, Any]:
    """A named field's rules: `required`, and those of its value."""
    return ({"required": True} if field.required else {}) | value_rules(field)


def rules_text(rules: dict[str, Any]) -> str:
    """The rules as the option of a field."""
    return json.dumps(rules, ensure_ascii=False, separators=(",", ":"))


def value_rules(field: Field) -> dict[str, Any]:
    """A value's rules; those of a list's items and a map's values are below `items` and `values`.

    What is inside an object is said by the fields of its message.
    """
    rules: dict[str, Any] = {"type": field.type} if field.type in _SAYS_LESS else {}
    length = _LENGTHS.get(field.type, "Length")
    said = {
        "default": field.default,
        "enum": list(field.choices) or None,
        "const": field.equals,
        "minimum": field.min,
        "maximum": field.max,
        f"min{length}": field.min_length,
        f"max{length}": field.max_length,
        "pattern": field.pattern or None,
        "format": field.format or None,
    }
    rules |= {word: value for word, value in said.items() if value is not None}
    for word, inner in (("items", field.items), ("values", field.values)):
        if inner and (of_inner := value_rules(inner)):
            rules[word] = of_inner
    return rules
