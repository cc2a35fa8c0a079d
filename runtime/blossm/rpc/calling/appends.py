"""Appends on their way to one service's log: those that come while a request is in flight go together in the next one.

A call costs the same whatever is in it, so many at once are cheap, and one alone does not wait for others.
A request whose connection broke is sent again: the log knows commits by their keys, so none is logged twice.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from blossm.core.commit import MAX_BYTES, Appended
from blossm.core.errors import BlossmError, DeadlineExceeded, Internal, PayloadTooLarge, ResourceExhausted, Unavailable
from blossm.rpc.bounds import MAX_MESSAGE
from blossm.rpc.calling.line import NOT_DONE, BrokenOff, Line
from blossm.rpc.envelope.commit import appended_from_wire
from blossm.rpc.status import error_of
from blossm.rpc.v1 import event_store_pb2 as pb

METHOD = "/blossm.rpc.v1.EventStoreService/Append"
BATCH_COMMITS = 500
BATCH_BYTES = 2 * 1024 * 1024
QUEUE_COMMITS = 10_000
QUEUE_BYTES = 64 * 1024 * 1024
ROOM = 1024  # bytes of a message beside its commits


@dataclass(slots=True, eq=False)
class _Waiting:
    """A commit that is to be sent, or was. Its caller may be gone."""

    message: pb.Appending
    size: int
    answer: asyncio.Future[Appended]


class Appends:
    """The appends of this process to one service's log."""

    def __init__(self, line: Line, *, service: str) -> None:
        self._line = line
        self._service = service
        self._queue: deque[_Waiting] = deque()
        self._queued_bytes = 0
        self._sending: asyncio.Task[None] | None = None

    async def append(self, message: pb.Appending) -> Appended:
        """The answer to this commit. A caller who stops waiting stops nothing that was sent.

        Raises what the event stores raise, ResourceExhausted when too much waits, DeadlineExceeded when it was sent and
        no answer came for too long, and Unavailable when it could not be sent.
        """
        size = message.ByteSize()
        self._admit(size)
        waiting = _Waiting(message, size, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._queued_bytes += size
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())
        return await waiting.answer

    def _admit(self, size: int) -> None:
        if size > MAX_MESSAGE - ROOM:  # the log itself refuses what is smaller, and still too large
            raise PayloadTooLarge(
                f"a commit may have {MAX_BYTES} bytes, this one has {size}", facts={"bytes": size, "limit": MAX_BYTES}
            )
        if len(self._queue) >= QUEUE_COMMITS or self._queued_bytes + size > QUEUE_BYTES:
            raise ResourceExhausted(
                f"{len(self._queue)} appends wait for the log of {self._service} already: nothing was logged",
                facts={"waiting": len(self._queue), "bytes": self._queued_bytes, "limit": QUEUE_COMMITS},
                help="try again later",
            )

    async def _send(self) -> None:
        """Send request after request until nobody waits."""
        try:
            while batch := self._next():
                try:
                    await self._ask(batch)
                except asyncio.CancelledError:  # the channel was closed: nobody sends any more
                    _fail(batch, BrokenOff("the connection was closed"))
                    _fail(self._queue, Unavailable(f"the connection to the log of {self._service} was closed"))
                    self._queue.clear()
                    self._queued_bytes = 0
                    raise
                except BlossmError as error:
                    _fail(batch, error)
                except Exception as error:  # the next request may well get through, and these callers must not wait for ever
                    _fail(batch, Internal(f"the log of {self._service} can't be reached: {type(error).__name__}: {error}"))
        finally:
            self._sending = None  # at once: who was just answered may append before a callback of this task would run

    async def _ask(self, batch: list[_Waiting]) -> None:
        in_doubt = False

        def again(problem: BlossmError) -> None:
            nonlocal in_doubt
            in_doubt = in_doubt or isinstance(problem, BrokenOff)

        request = pb.AppendRequest(service=self._service, appends=[waiting.message for waiting in batch])
        response = await self._line.ask(
            METHOD, request, pb.AppendResponse, timeout=None, again=True, before_again=again
        )
        _answer(batch, response, in_doubt=in_doubt)

    def _next(self) -> list[_Waiting]:
        """Those that go together: the longest-waiting ones, within the bounds of a request."""
        batch: list[_Waiting] = []
        size = 0
        while self._queue and len(batch) < BATCH_COMMITS and (not batch or size + self._queue[0].size <= BATCH_BYTES):
            waiting = self._queue.popleft()
            self._queued_bytes -= waiting.size
            if not waiting.answer.done():  # else its caller is gone, and it was never sent
                size += waiting.size
                batch.append(waiting)
        return batch


def _answer(batch: list[_Waiting], response: pb.AppendResponse, *, in_doubt: bool) -> None:
    """Tell each what became of its commit. `in_doubt`: an earlier try of the request may have logged them."""
    if len(response.results) != len(batch):
        _fail(batch, Internal(f"{len(batch)} commits were sent, and {len(response.results)} answers came"))
        return
    for waiting, result in zip(batch, response.results, strict=True):
        if waiting.answer.done():
            continue
        if result.HasField("appended"):
            waiting.answer.set_result(appended_from_wire(result.appended))
        else:
            error = error_of(result.error)
            if in_doubt and isinstance(error, NOT_DONE):  # this time
                error = _own(BrokenOff(error.message, facts=error.facts))
            waiting.answer.set_exception(error)


def _fail(batch: Iterable[_Waiting], error: BlossmError) -> None:
    """Tell all of them, each with an error of its own."""
    for waiting in batch:
        if not waiting.answer.done():
            waiting.answer.set_exception(_own(error))


def _own(error: BlossmError) -> BlossmError:
    if isinstance(error, BrokenOff):
        own: BlossmError = DeadlineExceeded(
            "the outcome is unknown: the connection broke while the commit was being logged",
            facts=error.facts,
            help="repeat with the same idempotency key",
        )
    else:
        own = type(error)(error.message, fields=error.fields, facts=error.facts, help=error.help)
    own.__cause__ = error
    return own
