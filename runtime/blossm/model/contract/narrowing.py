"""Rules of a field, before and after: what is allowed no longer."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

Rules = Mapping[str, Any]

# The words of JSON Schema that the contract is written in, and those of blossm.yaml that people know.
_LEAST = {
    "minimum": "min",
    "minLength": "min_length",
    "minBytes": "min_length",
    "minItems": "min_length",
    "minProperties": "min_length",
}
_MOST = {
    "maximum": "max",
    "maxLength": "max_length",
    "maxBytes": "max_length",
    "maxItems": "max_length",
    "maxProperties": "max_length",
}
_SAME = {"type": "type", "pattern": "pattern", "format": "format", "const": "is"}


def narrowed(old: Rules, new: Rules) -> Iterator[str]:
    """What makes values that fitted `old` unfit for `new`, in the words of blossm.yaml."""
    yield from _choices(old, new)
    for word, said in _LEAST.items():
        least, before = new.get(word, -math.inf), old.get(word, -math.inf)
        if least > before and not (said == "min_length" and least == 0):
            yield f"`{said}` is {_shown(least)}" + (f", and was {_shown(before)}" if word in old else "")
    for word, said in _MOST.items():
        most, before = new.get(word, math.inf), old.get(word, math.inf)
        if most < before:
            yield f"`{said}` is {_shown(most)}" + (f", and was {_shown(before)}" if word in old else "")
    for word, said in _SAME.items():
        if word in new and _shown(new[word]) != _shown(old.get(word)):
            yield f"`{said}` is {_shown(new[word])}" + (f", and was {_shown(old[word])}" if word in old else "")


def _choices(old: Rules, new: Rules) -> Iterator[str]:
    if "enum" not in new:
        return
    allowed = {_shown(choice) for choice in new["enum"]}
    if "enum" not in old:
        yield f"`in` allows only {', '.join(sorted(allowed))}"
    elif lost := [shown for choice in old["enum"] if (shown := _shown(choice)) not in allowed]:
        yield f"`in` has lost {', '.join(lost)}"


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
