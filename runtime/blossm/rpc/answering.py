"""How a server answers its calls, whatever they are about: who calls, what is counted, how an error is told.

A method gets a request and a `Call`, and knows nothing of gRPC. The bytes are read and written here, so that a request
that is none is told like any other error, and a message over the bound too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import grpc
import structlog
from google.protobuf.message import DecodeError, Message

from blossm.core.errors import BadRequest, BlossmError, Internal, Unavailable
from blossm.core.idempotency import new_id
from blossm.rpc.bounds import USER_AGENT
from blossm.rpc.call import Call
from blossm.rpc.keys import Identify
from blossm.rpc.status import ANY_DETAILS, OUR_DETAILS, REFUSED, packed, status_of

log = structlog.get_logger("blossm.rpc")

Context = Any  # grpc.aio.ServicerContext[bytes, bytes]: its stubs know less than it has
Unary = Callable[[Any, Call], Awaitable[Message]]
Streamed = Callable[[Any, Call], AsyncGenerator[Message, None]]


@dataclass(slots=True)
class Counts:
    """What became of the calls of one method: how many came, which errors they got (code → how many), how many are open."""

    requests: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    in_flight: int = 0

    def failed(self, code: str) -> None:
        self.errors[code] = self.errors.get(code, 0) + 1


class Answering:
    """Makes gRPC's handlers of methods, and knows what is under way, so that it can end."""

    def __init__(self, identify: Identify) -> None:
        self.counts: dict[str, Counts] = {}
        self._identify = identify
        self._under_way = 0
        self._endless: set[asyncio.Task[Any]] = set()  # calls that end when this does
        self._ended: set[asyncio.Task[Any]] = set()
        self._stopping = False
        self._quiet = asyncio.Event()

    def unary(self, name: str, method: Unary, request: type[Message]) -> Any:
        """The handler of a method with one answer."""
        counts = self.counts[name] = Counts()

        async def answer(data: bytes, context: Context) -> bytes:
            self._begins(counts)
            try:
                call = self._call(context)
                return packed(await method(_parsed(data, request), call))
            except BaseException as error:  # all of them are told, but for the cancellation of a call that nobody awaits
                problem = self._problem(error, name, counts)
            finally:
                self._ends(counts)
            await self._abort(context, problem, name, counts)
            raise AssertionError("an aborted call goes no further")

        return grpc.unary_unary_rpc_method_handler(answer)

    def streamed(self, name: str, method: Streamed, request: type[Message]) -> Any:
        """The handler of a method with many answers. The next one is made when the last one is on its way."""
        counts = self.counts[name] = Counts()

        async def answer(data: bytes, context: Context) -> None:
            self._begins(counts)
            endless = None
            try:
                call = self._call(context)
                asked = _parsed(data, request)
                endless = self._without_end(asked)
                async with aclosing(method(asked, call)) as answers:
                    async for found in answers:
                        await context.write(packed(found))
                return
            except BaseException as error:  # see above
                problem = self._problem(error, name, counts)
            finally:
                self._ends(counts, endless=endless)
            await self._abort(context, problem, name, counts)

        return grpc.unary_stream_rpc_method_handler(answer)

    async def stop(self, *, grace: float) -> bool:
        """Answer no new calls, end those without end, and wait up to `grace` seconds for the others: are they done?"""
        self._stopping = True
        for task in self._endless:
            self._ended.add(task)
            task.cancel()
        if self._under_way:
            try:
                await asyncio.wait_for(self._quiet.wait(), grace)
            except TimeoutError:
                return False
        return True

    def _call(self, context: Context) -> Call:
        """Who calls, and how long it waits. Raises Unauthenticated; _Stopping, which sends it elsewhere or later."""
        if self._stopping:
            raise _Stopping
        metadata = context.invocation_metadata()
        traceparent = next((value for name, value in metadata if name == "traceparent"), "")
        return Call(self._identify(metadata), context.time_remaining(), traceparent)

    def _begins(self, counts: Counts) -> None:
        counts.requests += 1
        counts.in_flight += 1
        self._under_way += 1

    def _ends(self, counts: Counts, *, endless: asyncio.Task[Any] | None = None) -> None:
        counts.in_flight -= 1
        self._under_way -= 1
        if endless is not None:
            self._endless.discard(endless)
            self._ended.discard(endless)
        if self._stopping and not self._under_way:
            self._quiet.set()

    def _without_end(self, request: Message) -> asyncio.Task[Any] | None:
        """This call, if it never ends by itself: a stream that follows, or a watch, which has no other word for it."""
        fields = request.DESCRIPTOR.fields_by_name
        if not (getattr(request, "follow", False) if "follow" in fields else request.DESCRIPTOR.name == "WatchRequest"):
            return None
        task = asyncio.current_task()
        assert task is not None
        self._endless.add(task)
        return task

    def _problem(self, error: BaseException, name: str, counts: Counts) -> BlossmError | _Stopping:
        """What the caller is told. Raises the error itself where nobody is there to be told."""
        match error:
            case BlossmError() | _Stopping():
                return error
            case asyncio.CancelledError():
                task = asyncio.current_task()
                assert task is not None
                cancelled = task.cancelling()
                if task in self._ended and cancelled == 1:
                    task.uncancel()
                    return _Stopping()
                if cancelled:
                    counts.failed("CANCELLED")
                    raise error
            case KeyboardInterrupt() | SystemExit():
                raise error
            case _:  # a handler may raise anything, and a call that is told nothing waits for ever
                pass
        return _broken(error, name)

    async def _abort(self, context: Context, problem: BlossmError | _Stopping, name: str, counts: Counts) -> Any:
        refused: tuple[tuple[str, str], ...] = ()
        if isinstance(problem, _Stopping):
            problem = Unavailable("this process is stopping", help="try again: another takes its place")
            refused = ((REFUSED, "stopping"),)
        metadata = context.invocation_metadata()
        ours = any(key == "user-agent" and value.startswith(USER_AGENT) for key, value in metadata)
        most = OUR_DETAILS if ours else ANY_DETAILS
        try:
            code, message, trailers = status_of(problem, most=most)
        except Exception as error:  # an error of a user's own class may hold what can't even be told as text
            problem = _broken(error, name)
            code, message, trailers = status_of(problem, most=most)
        counts.failed(problem.code())
        await context.abort(code, message, (*trailers, *refused))


def _broken(error: BaseException, name: str) -> Internal:
    """What is told of an error that is not the caller's business: an id that finds it in the log."""
    id = new_id()
    log.error("a call broke", id=id, method=name, exc_info=error)
    return Internal("something broke in the callee", facts={"id": id})


class _Stopping(Exception):
    """This process takes no more calls."""


def _parsed(data: bytes, request: type[Message]) -> Message:
    asked = request()
    try:
        asked.ParseFromString(data)
    except DecodeError as error:
        raise BadRequest(f"the request is no {request.DESCRIPTOR.full_name}") from error
    return asked
