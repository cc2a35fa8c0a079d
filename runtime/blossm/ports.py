"""What the procedures need of the world, and of each other. Read this file first.

Below: a log and its states, view rows, a bus of wake-ups, a clock, the keys of issuers.
Across: the clients by which procedures reach each other, in process or over a wire; both pass one suite.
Every method may raise `Unavailable`; what else it raises is said where it is defined.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, Protocol, TypeVar

from blossm.core.commit import NOTHING, Appended, Commit, Expectation, LoggedCommit, RootKey
from blossm.core.event import Aggregate, LoggedEvent
from blossm.core.read_set import NO_READS, ReadSet
from blossm.core.request import Answer, FactAnswer, Request
from blossm.core.view import Batch, Checkpoint, Page, Query, Row
from blossm.model.network import Issuer

T = TypeVar("T", covariant=True)


@dataclass(frozen=True, slots=True)
class ReadPage:
    """Whole commits in order, and the position up to which the log was scanned for them (0: the log is empty)."""

    commits: tuple[LoggedCommit, ...]
    scanned: int


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """What was read, and the head (the position of the next event) at which it was true."""

    value: T
    head: int


# ---------------------------------------------------------------- at rest


class LogStore(Protocol):
    """One service's log at rest: contiguous positions from 1, in commit order. Only an appender inserts.

    What a store has once shown or acknowledged, every later read of this store shows too: it never goes back.
    """

    async def head(self) -> int:
        """The position of the next event: 1 for an empty log."""

    async def insert_at(
        self, position: int, commits: Sequence[LoggedCommit]
    ) -> Literal["inserted", "taken", "unknown"]:
        """Make `commits` durable in this order, the first at `position`, if that is the head; all of them or a prefix.

        `taken`: something is there already, or a key is known; reads may show it a moment later. `unknown`: it may be
        in, in part, or come in late.
        Raises Unavailable only when nothing was written.
        """

    async def latest(self, roots: Collection[RootKey]) -> dict[RootKey, int]:
        """The latest number of each root; a root without events is left out."""

    async def latest_in(self, domains: Collection[str]) -> dict[str, int]:
        """The position of each domain's last event; a domain without events is left out."""

    async def by_key(self, keys: Collection[str]) -> dict[str, LoggedCommit]:
        """The commits with these idempotency keys, by key."""

    async def read(self, after: int, limit: int, *, domains: Collection[str] | None = None) -> ReadPage:
        """The commits that end after position `after`, at most `limit`; only those with events of `domains`.

        Commits come whole; a page of large ones is shorter. `scanned` moves over what does not concern `domains`.
        Raises Internal where a position is missing: the log is damaged, and nobody steps over it.
        """

    async def root(
        self, domain: str, root: str, *, after: int = 0, until: int | None = None, until_time: str | None = None
    ) -> list[LoggedEvent]:
        """One root's events with numbers over `after`, up to number `until` or what was committed at `until_time`."""

    async def roots(self, domain: str, *, after: int = 0, limit: int = 1000) -> list[tuple[str, int]]:
        """The roots with an event after position `after`, each with the position of its last event, in that order."""

    async def close(self) -> None:
        """Let go of files and connections. What was acknowledged is durable already."""


class StateStore(Protocol):
    """States of one service's roots: a snapshot and an index, never the truth. Losing it costs time only."""

    async def ready(self, domain: str, *, fold: str, indexes: Sequence[str]) -> int:
        """Ready a domain whose states are made by the fold with this hash: another hash, or index, starts anew.

        Answers up to which position the domain's roots are covered, 0 for none. The methods below raise Unavailable
        for a domain that is not ready: never readied, or its states were lost or started anew meanwhile.
        """

    async def get(self, domain: str, root: str) -> Aggregate | None:
        """The last saved state of a root."""

    async def save(self, domain: str, aggregates: Sequence[Aggregate], *, covered: int | None = None) -> None:
        """Keep these states, never over newer ones. `covered`: all roots of the domain are, up to this position."""

    async def find(self, domain: str, where: Mapping[str, Any]) -> list[Aggregate]:
        """The saved states that have these values (see `core.indexes`) in indexed fields (dotted paths), by root."""

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Generations:
    """The generations of a view: the one that is served, one being made by a replay, one kept for a rollback."""

    current: int
    building: int | None = None
    previous: int | None = None


class ViewStore(Protocol):
    """One view's rows at rest, in generations."""

    async def generations(self) -> Generations: ...

    async def begin(self) -> int:
        """A new empty generation beside the current one; the one already being made, where there is one."""

    async def switch(self, *, current: int, to: int) -> bool:
        """Serve generation `to` from now on, if `current` still is. The former becomes the previous one."""

    async def abandon(self, generation: int) -> None:
        """Drop a generation that is being made, or the previous one."""

    async def checkpoints(self, generation: int) -> dict[str, Checkpoint]:
        """How far each service's log is projected into this generation."""

    async def definition(self, generation: int) -> str:
        """The hash of the definition that made this generation's first changes; empty before. Another one asks for a replay."""

    async def apply(self, generation: int, batch: Batch) -> bool:
        """Make the changes and move the checkpoint; False, and nothing done, unless it was at `before`.

        A checkpoint that moved says that all changes up to it are made, each once, however often a batch is broken off
        and applied again, and however it is cut then. In memory and SQLite both happen at once; on MongoDB each row
        changes at once, and the checkpoint last.

        Raises BadRequest when a change does not fit the view's schema or fields of two services meet.
        """

    async def get(self, generation: int, id: str, *, context: str | None = None) -> Row | None:
        """One row; none where it belongs to another context (None: any)."""

    async def query(self, generation: int, query: Query) -> Page:
        """Rows of the current answer. The query was checked against the declared indexes and sorts."""

    async def close(self) -> None: ...


# ---------------------------------------------------------------- around


class Wake(Protocol):
    """A subscription to wake-ups."""

    async def wait(self, *, timeout: float) -> None:
        """Return when something moved since the last return, or after `timeout` seconds."""


class Bus(Protocol):
    """Wake-ups: no data, only «look». A lost or doubled one changes nothing but time."""

    def publish(self, service: str) -> None:
        """The head of this service's log moved."""

    def subscribe(self, services: Collection[str]) -> Wake:
        """Wake-ups of these services from now on."""


class Timer(Protocol):
    """A call that a clock will make."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """Time, so that tests need not wait."""

    def now(self) -> datetime:
        """The time of day, in UTC."""

    def monotonic(self) -> float:
        """Seconds that only go forward."""

    async def sleep(self, seconds: float) -> None: ...

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` on the running loop after `seconds`, unless the timer is cancelled before."""


class Keys(Protocol):
    """The public keys of issuers."""

    async def jwks(self, issuer: Issuer, *, fresh: bool = False) -> Mapping[str, Any]:
        """The issuer's key set (RFC 7517), cached; `fresh` asks again, bounded in rate.

        Raises Unavailable when there is none to be had.
        """


# ---------------------------------------------------------------- across


class EventStoreClient(Protocol):
    """One service's log, through its event stores, as one caller may use it.

    `head` 0 reads at the current head and says which; another pins: a root that has moved since is a Conflict.
    Raises PermissionDenied where the model has no edge from the caller to the domain.
    """

    async def append(self, commit: Commit, *, reads: ReadSet = NO_READS, expect: Expectation = NOTHING) -> Appended:
        """Log all events of `commit`, or none.

        Raises Conflict when what was read or expected no longer holds, BadRequest when an event does not fit its store,
        KeyReused when the key is known with another fingerprint, ResourceExhausted when the queue is full.
        A commit whose key is known answers what it answered then, and logs nothing.
        """

    async def reply_to(self, key: str, fingerprint: str) -> Appended | None:
        """What was answered under this key; None when it is not known. Raises KeyReused."""

    async def aggregate(
        self, domain: str, root: str, *, head: int = 0, number: int | None = None, time: str | None = None
    ) -> Reading[Aggregate]:
        """A root's state: as of now, a number or a time. A root without events has number 0 and an empty state."""

    async def query_aggregates(
        self, domain: str, where: Mapping[str, Any], *, head: int = 0
    ) -> Reading[tuple[Aggregate, ...]]:
        """The roots whose current state has these values in indexed fields, ordered by root."""

    async def count(self, domain: str, root: str, *, head: int = 0) -> Reading[int]:
        """How many events a root has."""

    async def read(self, after: int, *, limit: int = 500, domains: Collection[str] | None = None) -> ReadPage:
        """Whole commits after a position; see `LogStore.read`."""

    def stream(
        self, after: int, *, domains: Collection[str] | None = None, follow: bool = False
    ) -> AsyncGenerator[ReadPage, None]:
        """Page after page up to the head; with `follow` also what comes, as it comes, for as long as somebody listens."""

    async def head(self) -> int:
        """The position of the next event."""

    async def commit_at(self, position: int) -> str:
        """The id of the commit whose last event is at `position`; empty where none ends there.

        By it a reader knows its place again, also where the commit is of domains that it may not read.
        """

    async def root(self, domain: str, root: str, *, after: int = 0, until: int | None = None) -> list[LoggedEvent]:
        """One root's events with numbers over `after`, up to `until`, old payloads lifted."""


class CommandClient(Protocol):
    async def call(self, request: Request) -> Answer:
        """Issue a command. Raises what the command raises, and PermissionDenied without an edge."""


class FactClient(Protocol):
    async def read(self, request: Request, *, reads: ReadSet = NO_READS) -> FactAnswer:
        """Ask a fact. A `reads` of the fact's own service pins the head it reads at."""

    def stream(self, request: Request) -> AsyncIterator[Any]:
        """The items of a streamed fact, as they are made."""


class ViewStoreClient(Protocol):
    """One view. `generation` None means the one that is served."""

    async def generations(self) -> Generations: ...

    async def begin(self) -> int: ...

    async def switch(self, *, current: int, to: int) -> bool: ...

    async def abandon(self, generation: int) -> None: ...

    async def checkpoints(self, generation: int | None = None) -> dict[str, Checkpoint]: ...

    async def definition(self, generation: int | None = None) -> str: ...

    async def apply(self, batch: Batch, *, generation: int | None = None) -> bool:
        """See `ViewStore.apply`. Changes are checked against the schema here."""

    async def get(
        self,
        id: str,
        *,
        context: str | None = None,
        min_position: Mapping[str, int] | None = None,
        generation: int | None = None,
    ) -> Row:
        """One row as `format.py` shapes it. Raises NotFound, also for a row of another context.

        With `min_position` waits, bounded, until the view has seen it, else raises DeadlineExceeded.
        """

    async def query(self, query: Query, *, generation: int | None = None) -> Page:
        """A page of rows. Raises BadRequest where no declared index or sort answers the query."""


class Clients(Protocol):
    """The way from one procedure to the others, bound to who is calling."""

    def event_stores(self, service: str) -> EventStoreClient: ...

    def command(self, address: str) -> CommandClient: ...

    def fact(self, address: str) -> FactClient: ...

    def view_store(self, address: str) -> ViewStoreClient: ...
