"""Commits: the events that one append makes, before and after they have their place in the log.

What they hold is JSON, which has no cycles, so the garbage collector need not look at them (`gc=False`).
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from blossm.core.errors import BadRequest
from blossm.core.event import LoggedEvent, Tx

MAX_EVENTS = 1_000
MAX_BYTES = 1024 * 1024
MAX_NAME = 1_024  # characters of an id, a key, a fingerprint: they are looked up by

RootKey = tuple[str, str]  # (domain, root)


class NewEvent(msgspec.Struct, frozen=True, gc=False):
    """An event that has its shape, but no place yet."""

    domain: str
    root: str
    action: str
    version: int
    payload: dict[str, Any]


class StoredReply(msgspec.Struct, frozen=True, gc=False):
    """What the request was answered, kept so that a repeat gets the same. Never cookies.

    `earlier`: the events that the request had logged before this commit, mid-routine or by commands it called.
    """

    status: int = 200
    response: Any = None
    root: str = ""
    earlier: tuple[EventRef, ...] = ()


class Later(msgspec.Struct, frozen=True, gc=False):
    """A call to be made after the commit: the log is the outbox."""

    address: str
    payload: dict[str, Any]
    root: str
    at: str


class Commit(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The events of one append: all are logged, or none.

    `key` is the idempotency key (the commit's own id where the caller gave none), `fingerprint` a hash of what the
    request asked for. `created` is when the command made it.
    """

    id: str
    key: str
    fingerprint: str = ""
    events: tuple[NewEvent, ...]
    reply: StoredReply = StoredReply()
    later: tuple[Later, ...] = ()
    tx: Tx
    context: dict[str, str] = {}
    traceparent: str = ""
    created: str


class LoggedCommit(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A commit in its place: its events have the positions from `position` on and the `numbers` of their roots."""

    position: int
    committed: str
    numbers: tuple[int, ...]
    commit: Commit

    @property
    def end(self) -> int:
        """The position after its last event."""
        return self.position + len(self.commit.events)

    def events(self, *, service: str, network: str) -> list[LoggedEvent]:
        """The events with all that a reader may want to know of them."""
        commit = self.commit
        ids = event_id_prefix(service, commit.key)
        return [
            LoggedEvent(
                id=f"{ids}{ordinal}",
                domain=event.domain,
                service=service,
                network=network,
                root=event.root,
                action=event.action,
                version=event.version,
                number=number,
                position=self.position + ordinal,
                created=commit.created,
                committed=self.committed,
                payload=event.payload,
                context=commit.context,
                tx=commit.tx,
            )
            for ordinal, (event, number) in enumerate(zip(commit.events, self.numbers, strict=True))
        ]


def event_id_prefix(service: str, key: str) -> str:
    """What the ids of a commit's events begin with; the ordinal follows, from 0. Costs about a microsecond a commit.

    A log takes a key once, so no two events have one id, and a repeat after a crash makes the same ids again. The
    commit's own id is no ground for that: a client may send it again under another key.
    """
    return hashlib.blake2b(f"{service}\0{key}".encode(), digest_size=16).hexdigest() + "."


class Expectation(msgspec.Struct, frozen=True, gc=False):
    """What must still be true of the log when a commit is logged.

    `roots`: the latest number of a root (0: no event yet). `quiet`: no event of the domain at or after the position.
    """

    roots: dict[RootKey, int] = {}
    quiet: dict[str, int] = {}


NOTHING = Expectation()


class EventRef(msgspec.Struct, frozen=True, gc=False):
    """A logged event as an answer names it."""

    action: str
    domain: str
    root: str
    number: int
    position: int


class Appended(msgspec.Struct, frozen=True, gc=False):
    """Where a commit's events are now. `repeated`: they were there already, and `reply` is the original one."""

    events: tuple[EventRef, ...]
    committed: str
    reply: StoredReply
    repeated: bool = False


def appended(logged: LoggedCommit, *, repeated: bool = False) -> Appended:
    """The answer to the append that made `logged`."""
    commit = logged.commit
    refs = [
        EventRef(event.action, event.domain, event.root, number, position)
        for position, (event, number) in enumerate(zip(commit.events, logged.numbers, strict=True), start=logged.position)
    ]
    return Appended(tuple(refs), logged.committed, commit.reply, repeated)


def too_many_events(count: int) -> BadRequest:
    return BadRequest(
        f"a commit may have {MAX_EVENTS} events, this one has {count}",
        facts={"events": count, "limit": MAX_EVENTS},
        help="log in several commits",
    )
