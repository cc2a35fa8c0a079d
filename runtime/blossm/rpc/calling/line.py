"""The line from one process to another: a channel, and the key by which the caller is known there.

What never reached its callee is sent again for as long as the caller has time: a callee that is just starting, or being
replaced, answers late. What may have reached it is sent again only where that does no harm.

The loop of retries is our own: a retried call must know whether an earlier try may have been done, changes what it
sends (its time left, a key that is no longer fresh), and costs nothing where the first try is answered.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import NoReturn, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message

from blossm.core.errors import BlossmError, Internal, ResourceExhausted, Unavailable
from blossm.handlers.run import late
from blossm.rpc.bounds import CHANNEL
from blossm.rpc.status import REFUSED, between, packed, told

PATIENCE = 10.0  # seconds that a call without a deadline tries to reach its callee
NET = 1.0  # seconds after its deadline that a call waits for its callee to say so itself
PAUSE = 0.02  # seconds: the first pause before a call is sent again is up to this long, each further one up to twice as long
LONGEST_PAUSE = 0.5

NOT_DONE = (Unavailable, ResourceExhausted)  # who tells these has done nothing of what it was asked this time

_CLOSED = "this process has closed the connection"

A = TypeVar("A", bound=Message)


class BrokenOff(Unavailable):
    """The connection broke when the call had been sent: it may have been done. To who hears of it later, Unavailable."""

    @classmethod
    def code(cls) -> str:
        return Unavailable.code()


class _Refused(Unavailable):
    """The call did not reach a procedure: nobody was there, or who was there is stopping."""


def open_channel(address: str) -> grpc.aio.Channel:
    """A channel to a process; it connects when it is used, and again whenever it must. Close it."""
    return grpc.aio.insecure_channel(address, options=CHANNEL)


class Line:
    """Calls over one channel. Lines may share a channel."""

    def __init__(self, channel: grpc.aio.Channel, key: str) -> None:
        self._channel = channel
        self._metadata = grpc.aio.Metadata(("authorization", f"Bearer {key}"))
        self._unary: dict[str, grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]] = {}
        self._streamed: dict[str, grpc.aio.UnaryStreamMultiCallable[bytes, bytes]] = {}

    async def ask(
        self,
        method: str,
        request: Message,
        answer: type[A],
        *,
        timeout: float | None,
        again: bool,
        before_again: Callable[[BlossmError], None] | None = None,
    ) -> A:
        """The answer to a call. Raises what the callee told; Unavailable, when nobody was reached in time.

        `timeout` is what is left to the caller. `again`: on a broken connection it is sent once more, after
        `before_again`, which hears why and may change the request. Raises BrokenOff when that is not so, or did not help.
        """
        call = self._unary.get(method)
        if call is None:
            call = self._unary[method] = self._channel.unary_unary(method)
        tries = _Tries(timeout, again=again)
        data = packed(request)
        while True:
            try:
                return _parsed(await call(data, timeout=tries.limit(), metadata=self._metadata), answer)
            except grpc.aio.AioRpcError as error:
                problem = _problem(error)
                await tries.after(problem)
            except (asyncio.CancelledError, grpc.aio.UsageError) as error:
                raise tries.told(_closed(error)) from error
            if before_again is not None:
                before_again(problem)
                data = packed(request)

    async def stream(
        self, method: str, request: Message, answer: type[A], *, timeout: float | None
    ) -> AsyncGenerator[A, None]:
        """The answers to a call, as they come; the callee makes them only as fast as they are taken.

        Raises like `ask`. Once one answer was there, it is not sent again. Close the generator to end the call.
        """
        tries = _Tries(timeout, again=True)
        data = packed(request)
        while True:
            try:
                async with aclosing(self._answers(method, data, answer, tries)) as answers:
                    async for found in answers:
                        yield found
                return
            except grpc.aio.AioRpcError as error:
                await tries.after(_problem(error))
            except (asyncio.CancelledError, grpc.aio.UsageError) as error:
                raise tries.told(_closed(error)) from error

    async def _answers(self, method: str, data: bytes, answer: type[A], tries: _Tries) -> AsyncGenerator[A, None]:
        if method not in self._streamed:
            self._streamed[method] = self._channel.unary_stream(method)
        call = self._streamed[method](data, timeout=tries.limit(), metadata=self._metadata)
        try:
            while isinstance(found := await call.read(), bytes):  # else it is the end
                tries.answered()
                yield _parsed(found, answer)
        finally:
            call.cancel()


class _Tries:
    """How often one call is tried, and what its failure means in the end."""

    def __init__(self, timeout: float | None, *, again: bool) -> None:
        self._timeout = timeout
        self._end = asyncio.get_running_loop().time() + (PATIENCE if timeout is None else timeout)
        self._again = again
        self._answered = False
        self._pause = PAUSE
        self._last: BlossmError | None = None  # why the last try failed
        self._doubt: BlossmError | None = None  # an earlier try that may have been done

    def limit(self) -> float | None:
        """The seconds that gRPC gives the next try. Raises what befell the last one when there are none."""
        if self._timeout is None:
            return None
        if (left := self._end - asyncio.get_running_loop().time()) <= 0:
            raise self.told(self._doubt or self._last or late())
        return left + NET

    def answered(self) -> None:
        self._answered = True

    async def after(self, problem: BlossmError) -> None:
        """Return when the call should be tried again; raises what it failed of, when it should not."""
        if isinstance(problem, BrokenOff) and self._again and not self._answered:
            self._doubt = problem
        elif not isinstance(problem, _Refused) or self._answered:
            raise self.told(problem)
        self._last = problem
        pause = random.random() * self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        if asyncio.get_running_loop().time() + pause >= self._end:
            raise self.told(self._doubt or problem)
        await asyncio.sleep(pause)

    def told(self, problem: BlossmError) -> BlossmError:
        """The problem as the caller is told it. That nothing was done the last time does not mean that nothing was done."""
        if self._doubt and isinstance(problem, NOT_DONE):
            return BrokenOff(problem.message, facts=problem.facts, help=problem.help)
        if isinstance(problem, _Refused):  # which is of interest here only
            return Unavailable(problem.message, facts=problem.facts, help=problem.help)
        return problem


def _problem(error: grpc.aio.AioRpcError) -> BlossmError:
    """What a failed call means."""
    if answer := told(error):
        refused = isinstance(answer, Unavailable) and any(name == REFUSED for name, _ in error.trailing_metadata() or ())
        return _Refused(answer.message, facts=answer.facts, help=answer.help) if refused else answer
    problem = between(error)
    if not isinstance(problem, Unavailable):
        return problem
    # The only sign that gRPC gives of a call that was never sent.
    kind = _Refused if "failed to connect" in problem.message else BrokenOff
    return kind(problem.message, facts=problem.facts, help="its callee may be starting; try again")


def _closed(error: BaseException) -> BlossmError:
    """Unless the caller itself was cancelled, which is raised, the channel was closed: before its call, or under it."""
    if isinstance(error, grpc.aio.UsageError):
        return Unavailable(_CLOSED)
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise error
    return BrokenOff(_CLOSED)


def _parsed(data: bytes, answer: type[A]) -> A:
    found = answer()
    try:
        found.ParseFromString(data)
    except DecodeError as error:
        _unreadable(answer, error)
    return found


def _unreadable(answer: type[Message], error: DecodeError) -> NoReturn:
    raise Internal(f"the callee's answer is no {answer.DESCRIPTOR.full_name}") from error
