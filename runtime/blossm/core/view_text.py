"""Words: how text is cut and compared, the same on every store."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

_WORD = re.compile(r"[^\W_]+")
_LONGEST = 64
_MOST = 16


def words(text: str) -> list[str]:
    """The words of a text in order: letters and digits, without case and accents."""
    flat = "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
    return [word[:_LONGEST] for word in _WORD.findall(flat.casefold())]


def words_of(body: Mapping[str, Any], fields: Iterable[str]) -> frozenset[str]:
    """The words of a row: of its text fields, and of the texts in its list fields."""
    return frozenset(word for field in fields for text in _texts(body.get(field)) for word in words(text))


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        return (value,)
    return (item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def asked(text: str) -> tuple[tuple[str, ...], str]:
    """What a row must have to answer a `text`: whole words, and one word's beginning. Nothing where it has no words."""
    found = words(text)[:_MOST]
    return (tuple(dict.fromkeys(found[:-1])), found[-1]) if found else ((), "")


def has(row: frozenset[str], whole: Iterable[str], beginning: str) -> bool:
    """Whether a row with these words answers."""
    return all(word in row for word in whole) and any(word.startswith(beginning) for word in row)


def after_prefix(prefix: str) -> str | None:
    """The first text in code point order that no longer begins with `prefix`; None where there is none."""
    for at in range(len(prefix) - 1, -1, -1):
        point = ord(prefix[at])
        if point < 0x10FFFF:
            return prefix[:at] + chr(0xE000 if point == 0xD7FF else point + 1)
    return None
