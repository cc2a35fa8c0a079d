"""Keys by which a repeated request meets what it did before.

From a request's key and an ordinal come the ids of new roots and the keys of commits and sub-calls: a repeat after a
crash makes the same ones again.
"""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from typing import Any

import orjson

_ROOTS = uuid.UUID("6f1f3a1e-5a0b-5c7e-9c55-2d2f6b1c9a11")


def new_id() -> str:
    """The id of a commit, a request, a step, an error: 48 bits of milliseconds, then 80 random ones, as 32 hex digits.

    The time comes first so that new ids stand beside each other in the index of a log's keys: a batch then changes one
    page there, and not as many as it has commits.
    """
    return f"{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"


def request_key(address: str, principal: str, client_key: str) -> str:
    """The key of a request: one client's key means one request, per command and principal."""
    return hashlib.sha256(orjson.dumps([address, principal, client_key])).hexdigest()


def fingerprint(root: str, payload: dict[str, Any], options: dict[str, Any], *, address: str = "") -> str:
    """What a request asked for, over canonical JSON: the same key with another fingerprint is another request.

    Raises TypeError when that is no JSON.
    """
    return hashlib.sha256(orjson.dumps([address, root, payload, options], option=orjson.OPT_SORT_KEYS)).hexdigest()


def derived_key(key: str, use: str, ordinal: int) -> str:
    """The key of what a request does as its `ordinal`-th `use` (`log`, `call`, `later`)."""
    return hashlib.sha256(f"{key}/{use}/{ordinal}".encode()).hexdigest()


def derived_root(key: str, ordinal: int) -> str:
    """The id of a request's `ordinal`-th new root (RFC 9562, version 5)."""
    return str(uuid.uuid5(_ROOTS, f"{key}/{ordinal}"))
