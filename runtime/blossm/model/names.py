"""Names: their pattern, addresses made of them, host names and their limits."""

from __future__ import annotations

import keyword
import re

NAME = re.compile(r"[a-z][a-z0-9_]*")

LABEL_LIMIT = 63  # DNS
HOST_LIMIT = 64  # a certificate's common name

QUERY_WORDS = frozenset({"sort", "limit", "cursor", "text", "count", "min_position"})
ROUTES = frozenset({"healthz", "openapi"})  # what every gateway answers by itself


def as_name(text: str) -> str:
    """The nearest name to a text (`frameColor` → `frame_color`), or nothing."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text).lower()
    name = re.sub(r"[^a-z0-9]+", "_", snake).strip("_")
    return name if NAME.fullmatch(name) else ""


def is_keyword(name: str) -> bool:
    """Whether Python keeps this word for itself, so that no function can have it."""
    return keyword.iskeyword(name)


def address(*parts: str) -> str:
    """Names joined by dots; empty ones are left out."""
    return ".".join(part for part in parts if part)


def label(name: str) -> str:
    """A name where DNS wants it: `bicycle_part` → `bicycle-part`."""
    return name.replace("_", "-")


def door(letter: str, *parts: str) -> str:
    """A gateway's address, from the nearest to the widest: `door("c", "bicycle", "shop")` → `c.bicycle.shop`."""
    return address(letter, *map(label, parts))


def too_long(host: str) -> str:
    """Why a host name is too long, or nothing."""
    for part in host.split("."):
        if len(part) > LABEL_LIMIT:
            return f"`{part}` has {len(part)} letters, and a part of a host name at most {LABEL_LIMIT}"
    if len(host) > HOST_LIMIT:
        return f"`{host}` has {len(host)} letters, and a host name with a certificate at most {HOST_LIMIT}"
    return ""
