"""The appender: many callers, one order. Group commit by compare-and-swap on the head of the log.

1. What arrives while one write is in flight waits in a bounded queue; then it goes together.
2. Each append is checked against the durable log and the earlier appends of its batch. Who loses to the durable log is
   told at once; who loses to a batch-mate only when the batch is durable, so that its next try can see the winner.
3. A batch is inserted at the head, and only after a head that is known to be durable. One batch is in flight.
4. `taken`: somebody else was there. Read the tail, check everybody again, insert at the new head.
5. `unknown`: insert the same commits at the same position again. Were they there already, their ids say so.

Nothing here runs user code, and nothing a caller does (it may go away) stops a write.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from blossm.core.batch import Append, Plan, is_ahead, plan, repeated
from blossm.core.commit import (
    MAX_BYTES,
    MAX_EVENTS,
    NOTHING,
    Appended,
    Commit,
    Expectation,
    LoggedCommit,
    RootKey,
    appended,
    too_many_events,
)
from blossm.core.errors import (
    BadRequest,
    BlossmError,
    Conflict,
    DeadlineExceeded,
    Internal,
    PayloadTooLarge,
    ResourceExhausted,
    Unavailable,
)
from blossm.core.prefix import Prefix
from blossm.core.time import rfc3339

BATCH_COMMITS = 500
BATCH_BYTES = 2 * 1024 * 1024
QUEUE_BYTES = 64 * 1024 * 1024
UNKNOWN_PAUSES = (0.0, 0.01, 0.1, 0.5, 2.0)  # seconds between tries while the outcome is unknown
STUCK = 3  # inserts that were refused without anything new to see

_encode = msgspec.json.Encoder().encode


class Tail(Protocol):
    """A page of the log, see `ports.ReadPage`."""

    @property
    def commits(self) -> tuple[LoggedCommit, ...]: ...


class Log(Protocol):
    """The part of `ports.LogStore` that appending takes."""

    async def head(self) -> int: ...

    async def insert_at(
        self, position: int, commits: Sequence[LoggedCommit]
    ) -> Literal["inserted", "taken", "unknown"]: ...

    async def latest(self, roots: Collection[RootKey]) -> dict[RootKey, int]: ...

    async def latest_in(self, domains: Collection[str]) -> dict[str, int]: ...

    async def by_key(self, keys: Collection[str]) -> dict[str, LoggedCommit]: ...

    async def read(self, after: int, limit: int) -> Tail: ...


class Time(Protocol):
    """The part of `ports.Clock` that appending takes."""

    def now(self) -> datetime: ...

    async def sleep(self, seconds: float) -> None: ...


class WakeUps(Protocol):
    """The part of `ports.Bus` that appending takes."""

    def publish(self, service: str) -> None: ...


class Appender:
    """Appends to one service's log, in one order, as many at once as wait.

    Several appenders of one log, in several processes, are safe; one is fastest.
    """

    def __init__(self, *, store: Log, clock: Time, bus: WakeUps, service: str, queue: int = 10_000) -> None:
        self._store = store
        self._clock = clock
        self._bus = bus
        self._service = service
        self._limit = queue
        self._queue: deque[Append] = deque()
        self._queued_bytes = 0
        self._prefix: Prefix | None = None
        self._draining: asyncio.Task[None] | None = None
        self._closed = False

    async def append(self, commit: Commit, expect: Expectation = NOTHING) -> Appended:
        """Log all events of `commit`, or none.

        A commit whose key is known answers what it answered then, and logs nothing. Raises Conflict when `expect` no
        longer holds, KeyReused, PayloadTooLarge, ResourceExhausted when the queue is full, Unavailable when nothing was
        written, and DeadlineExceeded when that could not be found out: the same key may be repeated. A caller that is
        cancelled does not cancel the write.
        """
        size = _size(commit)
        self._admit(size)
        append = Append(commit, expect, size, asyncio.get_running_loop().create_future())
        self._queue.append(append)
        self._queued_bytes += size
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())
        return await append.answer

    async def close(self) -> None:
        """Take no more, and log what waits."""
        self._closed = True
        if self._draining is not None:
            await asyncio.shield(self._draining)

    def _admit(self, size: int) -> None:
        if self._closed:
            raise Unavailable(f"the log of {self._service} is being closed", help="try again on another instance")
        if len(self._queue) >= self._limit or self._queued_bytes + size > QUEUE_BYTES:
            raise ResourceExhausted(
                f"{len(self._queue)} appends wait for the log of {self._service} already: nothing was logged",
                facts={"waiting": len(self._queue), "bytes": self._queued_bytes, "limit": self._limit},
                help="try again later",
            )

    async def _drain(self) -> None:
        """Settle batch after batch until nobody waits."""
        try:
            while self._queue:
                batch = self._next()
                try:
                    await self._settle(batch)
                except BlossmError as error:
                    _fail(batch, error)
                except Exception as error:  # a store's bug must not stop the log: this batch hears of it, the next is tried
                    _fail(batch, Internal(f"the log of {self._service} failed: {type(error).__name__}: {error}"))
                if self._prefix is not None:
                    self._prefix.trim()
                await asyncio.sleep(0)  # those just answered may come again, and join the next batch
        finally:
            self._draining = None

    def _next(self) -> list[Append]:
        """The appends that go together: the longest-waiting ones, within the bounds of a batch."""
        batch: list[Append] = []
        size = 0
        while self._queue and len(batch) < BATCH_COMMITS and (not batch or size + self._queue[0].size <= BATCH_BYTES):
            append = self._queue.popleft()
            size += append.size
            batch.append(append)
        self._queued_bytes -= size
        return batch

    async def _settle(self, waiting: list[Append]) -> None:
        """Give every one of them its answer."""
        prefix = self._prefix or await self._begin()
        known = await self._known(append for append in waiting if prefix.knows_key(append.commit.key))
        stuck = losses = 0
        while waiting:
            made = await self._plan(prefix, waiting, known)
            if not made.winners:
                return
            if await self._insert(prefix.head, [logged for _, logged in made.winners]) == "inserted":
                self._durable(prefix, made)
                return
            losses += 1
            if losses > 1:  # many appenders on one log: the one that waits least wins, and it should not always be the same
                await self._clock.sleep(random.random() * min(losses, 8) * 0.001)
            head = prefix.head
            waiting = await self._catch_up(prefix, [append for append, _ in (*made.winners, *made.late)])
            found = await self._known(waiting)
            stuck = 0 if prefix.head > head or found.keys() - known.keys() else stuck + 1
            known |= found
            if stuck == STUCK:
                raise Internal(f"the log of {self._service} refuses position {head} and shows nothing there")

    async def _begin(self) -> Prefix:
        """Where the log ends now."""
        head = await self._store.head()
        last = (await self._store.read(head - 2, 1)).commits if head > 1 else ()
        self._prefix = Prefix(head=head, committed=last[-1].committed if last else "")
        return self._prefix

    async def _plan(self, prefix: Prefix, waiting: list[Append], known: dict[str, LoggedCommit]) -> Plan:
        """The plan for the batch, when those who have no part in it have been told.

        Nobody is told of a loss before it is sure: the loser's key may be known (then its own first try is in its
        way), and one that expects more than the prefix has may have read what another appender logged.
        """
        sure: set[str] = set()
        caught_up = False
        while True:
            await self._look_up(prefix, waiting)
            made = plan(waiting, prefix, known, now=rfc3339(self._clock.now()))
            unsure = [append for append, _ in made.lost if append.commit.key not in sure]
            if not unsure:
                break
            if not caught_up and any(is_ahead(append, prefix) for append in unsure):
                await self._catch_up(prefix, ())
                caught_up = True
            known |= await self._known(unsure)
            sure.update(append.commit.key for append in unsure)
        for append, first in made.repeats:
            _answer(append, repeated(append.commit, first))
        for append, conflict in made.lost:
            _answer(append, conflict)
        return made

    async def _known(self, appends: Iterable[Append]) -> dict[str, LoggedCommit]:
        """The commits of the durable log that have the keys of these appends."""
        keys = [append.commit.key for append in appends]
        return await self._store.by_key(keys) if keys else {}

    async def _look_up(self, prefix: Prefix, waiting: list[Append]) -> None:
        """Learn of the roots and domains that the appends name and the prefix does not know."""
        roots: set[RootKey] = set()
        domains: set[str] = set()
        for append in waiting:
            roots.update((event.domain, event.root) for event in append.commit.events)
            roots.update(append.expect.roots)
            domains.update(append.expect.quiet)
        if missing := prefix.unknown_roots(roots):
            prefix.learn_roots(dict.fromkeys(missing, 0) | await self._store.latest(missing))
        if absent := prefix.unknown_domains(domains):
            prefix.learn_domains(dict.fromkeys(absent, 0) | await self._store.latest_in(absent))

    async def _insert(self, position: int, commits: list[LoggedCommit]) -> Literal["inserted", "taken"]:
        """Insert until the outcome is known."""
        unknown = False
        for pause in (*UNKNOWN_PAUSES, None):
            try:
                outcome = await self._store.insert_at(position, commits)
            except Unavailable:
                if not unknown:
                    raise
                outcome = "unknown"
            if outcome != "unknown":
                return outcome
            unknown = True
            if pause is not None:
                await self._clock.sleep(pause)
        raise DeadlineExceeded(
            f"the log of {self._service} does not say whether it wrote: the outcome is unknown",
            facts={"position": position},
            help="repeat with the same idempotency key",
        )

    def _durable(self, prefix: Prefix, made: Plan) -> None:
        """The batch is durable: tell the winners, and those who met one of them."""
        last = made.winners[-1][1]
        prefix.learn_roots(made.numbers)
        prefix.learn_domains(made.positions)
        prefix.advance(head=last.end, committed=last.committed, keys=made.keys)
        for append, logged in made.winners:
            _answer(append, appended(logged))
        for append, met in made.late:
            _answer(append, met if isinstance(met, Conflict) else repeated(append.commit, met))
        self._bus.publish(self._service)

    async def _catch_up(self, prefix: Prefix, mine: Collection[Append]) -> list[Append]:
        """Read the tail that others (or an unknown outcome of ours) have logged; answers who of `mine` is not in it."""
        waiting = {append.commit.id: append for append in mine}
        while commits := (await self._store.read(prefix.head - 1, BATCH_COMMITS)).commits:
            for logged in commits:
                prefix.add(logged)
                if append := waiting.pop(logged.commit.id, None):
                    _answer(append, appended(logged))
            self._bus.publish(self._service)
        return list(waiting.values())


def _answer(append: Append, result: Appended | BlossmError) -> None:
    """Tell a caller, if it still listens."""
    if append.answer.done():
        return
    if isinstance(result, BlossmError):
        append.answer.set_exception(result)
    else:
        append.answer.set_result(result)


def _fail(batch: list[Append], error: BlossmError) -> None:
    """Tell all who have no answer yet, each with an error of its own."""
    for append in batch:
        own = type(error)(error.message, fields=error.fields, facts=error.facts, help=error.help)
        own.__cause__ = error
        _answer(append, own)


def _size(commit: Commit) -> int:
    """How many bytes a commit has as JSON. Raises when it is over a bound, empty, or no JSON."""
    if not commit.events:
        raise BadRequest("a commit needs at least one event")
    if len(commit.events) > MAX_EVENTS:
        raise too_many_events(len(commit.events))
    try:
        size = len(_encode(commit))
    except (TypeError, ValueError) as error:
        raise BadRequest(f"a commit must be JSON: {error}") from error
    if size > MAX_BYTES:
        raise PayloadTooLarge(
            f"a commit may have {MAX_BYTES} bytes, this one has {size}", facts={"bytes": size, "limit": MAX_BYTES}
        )
    return size
