"""The texts that a JSON Schema validator leaves to us, or is too generous with."""

from __future__ import annotations

import base64
import binascii
import operator
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from blossm.core.time import parse_rfc3339

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def is_timestamp(text: str) -> bool:
    """RFC 3339, of a time that can be told in UTC within the years 1 to 9999. No leap seconds."""
    if not _TIMESTAMP.fullmatch(text):
        return False
    try:
        parse_rfc3339(text.upper())
    except (ValueError, OverflowError):
        return False
    return True


def is_date(text: str) -> bool:
    """A full-date of RFC 3339, in the years 1 to 9999."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_base64(text: str) -> bool:
    """Padded base64 in its one spelling: encoding what it decodes to gives it again."""
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)) == text.encode()
    except (binascii.Error, ValueError):
        return False


def decoded_length(text: str) -> int:
    """How many bytes padded base64 stands for."""
    return len(text) * 3 // 4 - text[-2:].count("=")


FORMATS: dict[str, Callable[..., bool]] = {"date-time": is_timestamp, "date": is_date, "byte": is_base64}


def _bytes(words: str, fits: Callable[[int, int], bool]) -> type[Any]:
    """A keyword that bounds how many bytes a base64 text stands for."""

    class Bound:
        def __init__(self, parent_schema: dict[str, Any], value: int, schema_path: Any) -> None:
            self._bound = value

        def validate(self, instance: Any) -> None:
            if isinstance(instance, str) and not fits(decoded_length(instance), self._bound):
                raise ValueError(f"must have {words} {self._bound} bytes")

    return Bound


KEYWORDS: dict[str, type[Any]] = {"minBytes": _bytes("at least", operator.ge), "maxBytes": _bytes("at most", operator.le)}
