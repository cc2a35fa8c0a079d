"""Times as the platform writes them: RFC 3339, UTC, microseconds, so that text order is time order."""

from __future__ import annotations

import re
from datetime import UTC, datetime

NORMAL = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d\.\d{6}Z", re.ASCII)  # as it is written here


def rfc3339(time: datetime) -> str:
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_rfc3339(text: str) -> datetime:
    """Raises ValueError when `text` is no RFC 3339 time with a zone."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return time.astimezone(UTC)


def normal_time(text: str) -> str:
    """The time as the platform writes it. Raises ValueError or OverflowError when `text` is none."""
    if NORMAL.fullmatch(text):  # most are, and to look is a fifth of the work
        datetime.fromisoformat(text)
        return text
    return rfc3339(parse_rfc3339(text))
