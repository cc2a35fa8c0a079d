"""The appender: many callers, one order. Group commit by compare-and-swap on the head of the log.

1. What arrives while one write is in flight waits in a bounded queue; then it goes together.
2. Each append is checked against the durable log and the earlier appends of its batch. Who loses to the durable log is
   told at once; who loses to a batch-mate only when the batch is durable, so that its next try can see the winner.
3. A batch is inserted at the head, and only after a head that is known to be durable. One batch is in flight.
4. Not inserted: `taken` (somebody else was there) or `unknown` (it may be in, in part, or come in late). Both ways the
   log says what became of it: read the tail, where a commit is known by its key and id; check who is not in it again,
   and insert at the head, which is the same position with the same commits as long as nothing is there.
   This ends after `PATIENCE`, also when reading fails meanwhile: nobody is told "nothing was written" who may be in.

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

from blossm.core.batch import Append, Batch, Plan, is_ahead, plan, repeated
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
PATIENCE = 15.0  # seconds that an append may wait for its turn, and that its batch is tried: more than a failover takes
FAR = 20_000  # events behind the head, from which on an appender starts anew instead of reading them all

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

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class WakeUps(Protocol):
    """The part of `ports.Bus` that appending takes."""

    def publish(self, service: str) -> None: ...


class Appender:
    """Appends to one service's log, in one order, as many at once as wait.

    Several appenders of one log, in several processes, are safe; one is fastest. At most `queue` appends wait, and of
    so many roots and keys it `remembers` the latest: others are looked up.
    """

    def __init__(
        self, *, store: Log, clock: Time, bus: WakeUps, service: str, queue: int = 10_000, remembers: int = 200_000
    ) -> None:
        self._store = store
        self._clock = clock
        self._bus = bus
        self._service = service
        self._limit = queue
        self._remembers = remembers
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
        append = Append(commit, expect, size, asyncio.get_running_loop().create_future(), self._clock.monotonic())
        self._queue.append(append)
        self._queued_bytes += size
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())
        return await append.answer

    async def close(self) -> None:
        """Take no more, and log what waits."""
        self._closed = True
        if self._draining is not None:
            await asyncio.wait([self._draining])

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
        batch: list[Append] = []
        try:
            while batch := self._next():
                try:
                    await self._settle(Batch(batch))
                except BlossmError as error:
                    _fail(batch, error)
                except Exception as error:  # a store's bug must not stop the log: this batch hears of it, the next is tried
                    _fail(batch, Internal(f"the log of {self._service} failed: {type(error).__name__}: {error}"))
                if self._prefix is not None:
                    self._prefix.trim()
                await asyncio.sleep(0)  # those just answered may come again, and join the next batch
        except asyncio.CancelledError:  # the process ends
            _fail(batch, self._unknown())
            _fail(self._queue, Unavailable(f"the log of {self._service} is being closed: nothing was logged"))
            self._queue.clear()
            self._queued_bytes = 0
            raise
        finally:
            self._draining = None

    def _next(self) -> list[Append]:
        """The appends that go together: the longest-waiting ones, within the bounds of a batch."""
        self._turn_away()
        batch: list[Append] = []
        size = 0
        while self._queue and len(batch) < BATCH_COMMITS and (not batch or size + self._queue[0].size <= BATCH_BYTES):
            append = self._queue.popleft()
            size += append.size
            batch.append(append)
        self._queued_bytes -= size
        return batch

    def _turn_away(self) -> None:
        """Tell those who have waited too long that it was in vain: the log is dead, or far too slow."""
        oldest = self._clock.monotonic() - PATIENCE
        while self._queue and self._queue[0].since < oldest:
            append = self._queue.popleft()
            self._queued_bytes -= append.size
            _answer(append, Unavailable(
                f"the log of {self._service} did not get to this append in {PATIENCE:.0f} seconds: nothing was logged",
                help="try again later",
            ))

    async def _settle(self, batch: Batch) -> None:
        """Give every one of them its answer, or raise what those are told who have none."""
        until = self._clock.monotonic() + PATIENCE
        tries = fruitless = 0
        while batch.waiting:
            cause: Unavailable | None = None
            moved = False
            try:
                moved = await self._try(batch)
            except Unavailable as error:
                if not batch.unclear:
                    raise
                cause = error
            if not batch.waiting:
                return
            if self._clock.monotonic() >= until:
                raise self._unknown() from cause
            tries, fruitless = tries + 1, 0 if moved else fruitless + 1
            # With many appenders on one log the one that waits least wins: by chance, not always the same one.
            longest = min(0.005 * 2**fruitless, 1.0) if fruitless else min(tries - 1, 8) * 0.001
            await self._clock.sleep(random.random() * longest)

    async def _try(self, batch: Batch) -> bool:
        """Insert those who wait at the head. Answers whether they are settled, or the log showed something new."""
        prefix = self._prefix or await self._begin()
        made = await self._plan(prefix, batch)
        if not made.winners:
            return True
        if await self._store.insert_at(prefix.head, [logged for _, logged in made.winners]) == "inserted":
            self._durable(prefix, made)
            batch.waiting = []
            return True
        batch.unclear = True
        if await self._catch_up(prefix, batch):
            return True
        batch.known |= (found := await self._known(batch.keys()))  # a key that was logged long ago is taken too
        return bool(found)

    async def _begin(self) -> Prefix:
        """Where the log ends now."""
        self._prefix = Prefix(*await self._end(), capacity=self._remembers)
        return self._prefix

    async def _end(self) -> tuple[int, str]:
        """The head, and the time of the last commit."""
        head = await self._store.head()
        if head == 1:
            return head, ""
        if not (last := (await self._store.read(head - 2, 1)).commits):
            raise Unavailable(f"the log of {self._service} has its head at {head} and does not show its last commit")
        return last[0].end, last[0].committed

    async def _plan(self, prefix: Prefix, batch: Batch) -> Plan:
        """The plan for the batch, when those who have no part in it have been told.

        Nobody is told of a loss before it is sure: the loser's key may be known (then its own first try is in its
        way), and one that expects more than the prefix has may have read what another appender logged.
        """
        waiting = (append.commit.key for append in batch.waiting)
        batch.known |= await self._known(key for key in waiting if key not in batch.known and prefix.knows_key(key))
        sure: set[str] = set()
        caught_up = False
        while True:
            await self._look_up(prefix, batch.waiting)
            made = plan(batch.waiting, prefix, batch.known, now=rfc3339(self._clock.now()))
            unsure = [append for append in made.losers() if append.commit.key not in sure]
            if not unsure:
                break
            if not caught_up and any(is_ahead(append, prefix) for append in unsure):
                await self._catch_up(prefix, batch)
                caught_up = True
            keys = {append.commit.key for append in unsure}
            batch.known |= await self._known(keys)
            sure |= keys
        for append, first in made.repeats:
            _answer(append, repeated(append.commit, first))
        for append, conflict in made.lost:
            _answer(append, conflict)
        batch.waiting = [append for append, _ in (*made.winners, *made.late)]
        return made

    async def _known(self, keys: Iterable[str]) -> dict[str, LoggedCommit]:
        """The commits of the durable log that have these keys."""
        wanted = [*keys]
        return await self._store.by_key(wanted) if wanted else {}

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

    async def _catch_up(self, prefix: Prefix, batch: Batch) -> bool:
        """Read the tail that others (or an unknown outcome of ours) have logged. Answers whether there is one.

        What it holds of the keys of the batch is known then. A process that was idle does not read all that others
        have logged meanwhile.
        """
        before = prefix.head
        keys = batch.keys()
        while commits := (await self._store.read(prefix.head - 1, BATCH_COMMITS)).commits:
            for logged in commits:
                prefix.add(logged)
                if logged.commit.key in keys:
                    batch.known[logged.commit.key] = logged
            prefix.trim()
            if len(commits) == BATCH_COMMITS and await self._store.head() - prefix.head > FAR:
                prefix.restart(*await self._end())
                batch.known |= await self._known(keys)
        if prefix.head == before:
            return False
        self._bus.publish(self._service)
        return True

    def _unknown(self) -> DeadlineExceeded:
        return DeadlineExceeded(
            f"the log of {self._service} does not say whether it wrote: the outcome is unknown",
            help="repeat with the same idempotency key",
        )


def _answer(append: Append, result: Appended | BlossmError) -> None:
    """Tell a caller, if it still listens."""
    if append.answer.done():
        return
    if isinstance(result, BlossmError):
        append.answer.set_exception(result)
    else:
        append.answer.set_result(result)


def _fail(batch: Iterable[Append], error: BlossmError) -> None:
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
