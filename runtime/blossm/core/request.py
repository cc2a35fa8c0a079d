"""Requests and answers between procedures, the same in process and over a wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from blossm.core.commit import EventRef
from blossm.core.event import Tx
from blossm.core.read_set import NO_READS, ReadSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a command or a fact is asked. For a fact `payload` is its query.

    `deadline` is in the asker's `Clock.monotonic()` seconds; a wire carries what is left of it.
    `key` is the idempotency key, empty for a fact. `claims` are the token's, empty when there was none.
    """

    address: str
    payload: dict[str, Any] = field(default_factory=dict)
    root: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    context: dict[str, str] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    key: str = ""
    tx: Tx
    traceparent: str = ""
    deadline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """A cookie that a command sets at the door: always HttpOnly, Secure and SameSite=Lax. `max_age` in seconds."""

    name: str
    value: str
    max_age: int | None = None


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
