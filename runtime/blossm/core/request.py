"""Requests and answers between procedures, the same in process and over a wire."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from blossm.core.commit import EventRef
from blossm.core.event import Tx
from blossm.core.read_set import NO_READS, ReadSet

_COOKIE_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # a token of RFC 9110


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a command or a fact is asked. For a fact `payload` is its query.

    `deadline` is in the asker's `Clock.monotonic()` seconds; a wire carries what is left of it.
    `key` is the idempotency key, empty for a fact; a `fresh` one was just made by us, so nobody has used it before
    (who sends a request again says it is not). `claims` are the token's, empty when there was none.
    """

    address: str
    payload: dict[str, Any] = field(default_factory=dict)
    root: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    context: dict[str, str] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    key: str = ""
    fresh: bool = False
    tx: Tx
    traceparent: str = ""
    deadline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """A cookie that a command sets at the door: always HttpOnly, Secure and SameSite=Lax. `max_age` in seconds."""

    name: str
    value: str
    max_age: int | None = None

    def __post_init__(self) -> None:
        """Raises TypeError and ValueError for what no header can carry: a door would find out when all is logged."""
        name: Any = self.name
        value: Any = self.value
        age: Any = self.max_age
        if not (isinstance(name, str) and isinstance(value, str) and isinstance(age, int | None)):
            raise TypeError("a cookie has a name and a value, which are text, and a max_age in whole seconds")
        if not _COOKIE_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name for a cookie")
        if not (value.isascii() and value.isprintable()):
            raise ValueError(f"the value of the cookie {name} must be printable ASCII; encode it")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command's function may return instead of a list of events, or nothing."""

    events: tuple[Any, ...] | list[Any] = ()
    response: Any = None
    status: int = 200
    cookies: tuple[Cookie, ...] | list[Cookie] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the call of a command got. `root` is the command's, or else the first event's."""

    response: Any = None
    root: str = ""
    events: tuple[EventRef, ...] = ()
    cookies: tuple[Cookie, ...] = ()
    tx: str = ""
    status: int = 200
    service: str = ""
    position: int = 0  # of the last event logged, in its service's log


@dataclass(frozen=True, slots=True, kw_only=True)
class FactAnswer:
    """A fact's response, with what it read of the asker's service at the head that the asker had pinned."""

    response: Any
    reads: ReadSet = NO_READS
