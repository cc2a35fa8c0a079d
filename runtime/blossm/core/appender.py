"""The appender: many callers, one order. Group commit by compare-and-swap on the head of the log.

What arrives while one write is in flight waits in a bounded queue; then it goes together. One batch is in flight, and
`settling` says what becomes of it. Nobody waits for ever: who has waited for `PATIENCE` is told so, also while the log
does not come back from a call.

Nothing here runs user code, and nothing a caller does (it may go away) stops a write.
"""

from __future__ import annotations

import asyncio
from collections import deque

import msgspec

from blossm.core.batch import Append, Batch, fail
from blossm.core.commit import MAX_BYTES, MAX_EVENTS, NOTHING, Appended, Commit, Expectation, too_many_events
from blossm.core.errors import BadRequest, BlossmError, Internal, PayloadTooLarge, ResourceExhausted, Unavailable
from blossm.core.settling import Log, Settler, Time, WakeUps

BATCH_COMMITS = 500
BATCH_BYTES = 2 * 1024 * 1024
QUEUE_BYTES = 64 * 1024 * 1024
EXPECTED_BYTES = 100  # of a root or domain that is expected to be as it was
PATIENCE = 15.0  # seconds that an append may wait for its turn, and that its batch is tried: more than a failover takes
LOOK = 1.0  # seconds between two looks at who has waited too long

_encode = msgspec.json.Encoder().encode


class Appender:
    """Appends to one service's log, in one order, as many at once as wait.

    Several appenders of one log, in several processes, are safe; one is fastest. At most `queue` appends wait, and of
    so many roots and keys it `remembers` the latest: others are looked up.
    """

    settler = Settler

    def __init__(
        self,
        *,
        store: Log,
        clock: Time,
        bus: WakeUps,
        service: str,
        queue: int = 10_000,
        remembers: int = 200_000,
        patience: float = PATIENCE,
    ) -> None:
        self._clock = clock
        self._service = service
        self._limit = queue
        self._patience = patience
        self._settler = self.settler(
            store=store, clock=clock, bus=bus, service=service, remembers=remembers, patience=patience
        )
        self._queue: deque[Append] = deque()
        self._queued_bytes = 0
        self._batch: list[Append] = []  # that is in flight
        self._begun = 0.0  # when it was
        self._draining: asyncio.Task[None] | None = None
        self._watched = False
        self._closed = False

    async def append(self, commit: Commit, expect: Expectation = NOTHING) -> Appended:
        """Log all events of `commit`, or none.

        A commit whose key is known answers what it answered then, and logs nothing. Raises Conflict when `expect` no
        longer holds, KeyReused, PayloadTooLarge, ResourceExhausted when the queue is full, Unavailable when nothing was
        written, and DeadlineExceeded when that could not be found out: the same key may be repeated. A caller that is
        cancelled does not cancel the write.
        """
        size = _size(commit) + EXPECTED_BYTES * (len(expect.roots) + len(expect.quiet))
        self._admit(size)
        append = Append(commit, expect, size, asyncio.get_running_loop().create_future(), self._clock.monotonic())
        self._queue.append(append)
        self._queued_bytes += size
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())
            if not self._watched:
                self._watched = True
                self._clock.call_later(LOOK, self._watch)
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
        try:
            while batch := self._next():
                self._batch, self._begun = batch, self._clock.monotonic()
                try:
                    await self._settler.settle(Batch(batch))
                except BlossmError as error:
                    fail(batch, error)
                except Exception as error:  # a store's bug must not stop the log: this batch hears of it, the next is tried
                    fail(batch, Internal(f"the log of {self._service} failed: {type(error).__name__}: {error}"))
                await asyncio.sleep(0)  # those just answered may come again, and join the next batch
        except asyncio.CancelledError:  # the process ends
            fail(self._batch, self._settler.unknown())
            fail(self._queue, Unavailable(f"the log of {self._service} is being closed: nothing was logged"))
            self._queue.clear()
            self._queued_bytes = 0
            raise
        finally:
            self._batch = []
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

    def _watch(self) -> None:
        """Look, every `LOOK` seconds while there is something to do, at who has waited too long."""
        if self._draining is None:
            self._watched = False
            return
        if self._batch and self._clock.monotonic() >= self._begun + self._patience:
            fail(self._batch, self._settler.unknown())
        self._turn_away()
        self._clock.call_later(LOOK, self._watch)

    def _turn_away(self) -> None:
        """Tell those who have waited too long that it was in vain: the log is dead, or far too slow."""
        oldest = self._clock.monotonic() - self._patience
        while self._queue and self._queue[0].since < oldest:
            append = self._queue.popleft()
            self._queued_bytes -= append.size
            append.tell(Unavailable(
                f"the log of {self._service} did not get to this append in {self._patience:.0f} seconds: nothing was logged",
                help="try again later",
            ))


def _size(commit: Commit) -> int:
    """How many bytes a commit has as JSON. Raises when it is over a bound, empty, or no JSON."""
    if not commit.events:
        raise BadRequest("a commit needs at least one event")
    if len(commit.events) > MAX_EVENTS:
        raise too_many_events(len(commit.events))
    try:
        size = len(_encode(commit))
    except (TypeError, ValueError, RecursionError) as error:  # the last: it is nested without end
        raise BadRequest(f"a commit must be JSON: {error}") from error
    if size > MAX_BYTES:
        raise PayloadTooLarge(
            f"a commit may have {MAX_BYTES} bytes, this one has {size}", facts={"bytes": size, "limit": MAX_BYTES}
        )
    return size
