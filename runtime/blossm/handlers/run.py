"""Running the user's functions: with a deadline, and with nothing of their code in what a caller is told.

What they raise of our errors is their answer. Anything else is Internal: its id is in the answer, their frames are in
the log under that id.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

import structlog

from blossm.core.errors import BlossmError, DeadlineExceeded, Internal
from blossm.core.idempotency import new_id
from blossm.handlers.frames import user_frames
from blossm.handlers.threads import in_a_thread
from blossm.ports import Clock

T = TypeVar("T")

log = structlog.get_logger("blossm.handlers")


async def call(function: Callable[..., Any], *args: Any, clock: Clock, deadline: float) -> Any:
    """What the user's function answers: awaited if it is async, else run in a thread.

    Raises DeadlineExceeded at `deadline` (in `clock.monotonic()` seconds), whatever the function does by then.
    """
    return await within(invoke(function, *args), clock=clock, deadline=deadline)


async def invoke(function: Callable[..., Any], *args: Any) -> Any:
    """`call` without a deadline."""
    try:
        if inspect.iscoroutinefunction(function):
            return await function(*args)
        result = await in_a_thread(function, *args)
        return await result if inspect.isawaitable(result) else result  # an async function in a plain decorator
    except (Exception, SystemExit) as error:  # user code may raise anything
        failed(function, error)


async def items(
    function: Callable[..., AsyncIterator[Any]], *args: Any, clock: Clock, deadline: float
) -> AsyncGenerator[Any, None]:
    """What the user's async generator makes, one by one, until `deadline`. It is closed with this one."""
    made = _made(function, *args)
    try:
        while (item := await within(_next(function, made), clock=clock, deadline=deadline)) is not _END:
            yield item
    finally:
        with suppress(BlossmError):
            await within(_closed(made), clock=clock, deadline=max(deadline, clock.monotonic() + 1.0))


_END = object()


def _made(function: Callable[..., AsyncIterator[Any]], *args: Any) -> AsyncIterator[Any]:
    try:
        made = function(*args)
    except (Exception, SystemExit) as error:  # user code may raise anything
        failed(function, error)
    if not hasattr(made, "__anext__"):
        if inspect.iscoroutine(made):
            made.close()
        broken(function, "is no async generator: it must `yield` its items")
    return made


async def _next(function: Callable[..., Any], made: AsyncIterator[Any]) -> Any:
    try:
        return await anext(made, _END)
    except (Exception, SystemExit) as error:  # user code may raise anything
        failed(function, error)


async def _closed(made: AsyncIterator[Any]) -> None:
    if close := getattr(made, "aclose", None):
        with suppress(Exception):  # what a user's `finally` raises changes nothing any more
            await close()


async def within(work: Coroutine[Any, Any, T], *, clock: Clock, deadline: float) -> T:
    """What `work` gives, or DeadlineExceeded at `deadline`. Work that is late is cancelled, and not waited for."""
    if (left := deadline - clock.monotonic()) <= 0:
        work.close()
        raise late()
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def end() -> None:
        if not over.done():
            over.set_result(None)

    task = asyncio.ensure_future(work)
    task.add_done_callback(unheard)
    task.add_done_callback(lambda _: end())
    timer = clock.call_later(left, end)
    try:
        await over
    finally:
        timer.cancel()
        task.cancel()
    if not task.done():
        raise late()
    if task.cancelled():
        raise Internal("a handler cancelled itself")
    return task.result()


def late() -> DeadlineExceeded:
    return DeadlineExceeded(
        "no answer in time: the outcome is unknown", help="repeat with the same idempotency key to find out"
    )


def broken(handler: Callable[..., Any] | str, problem: str, *, cause: BaseException | None = None) -> NoReturn:
    """Tell of a handler that did what it may not: in the log what, in the answer only an id."""
    _tell("a handler did what it may not", handler, cause, problem=problem)


def failed(function: Callable[..., Any], error: BaseException) -> NoReturn:
    """Our errors are its answer, also out of a TaskGroup; whatever else it raised is for the log."""
    if ours := _ours(error):
        raise ours
    frames = [str(frame) for frame in user_frames(error)]
    _tell("a handler failed", function, error, error=f"{type(error).__name__}: {error}", frames=frames)


def _ours(error: BaseException) -> BlossmError | None:
    """The error that was meant to be told: this one, or the first of a group in which there are no others."""
    if isinstance(error, BaseExceptionGroup):
        inner = [_ours(each) for each in error.exceptions]
        return inner[0] if all(inner) else None
    return error if isinstance(error, BlossmError) else None


def _tell(event: str, handler: Callable[..., Any] | str, cause: BaseException | None, **words: Any) -> NoReturn:
    id = new_id()
    log.error(event, id=id, handler=handler if isinstance(handler, str) else name_of(handler), **words)
    raise Internal("a handler failed", facts={"id": id}) from cause


def name_of(function: Callable[..., Any]) -> str:
    """Where a function is: `services.shop.bicycle.commands:paint`."""
    return f"{getattr(function, '__module__', '')}:{getattr(function, '__qualname__', repr(function))}"


def unheard(task: asyncio.Task[Any]) -> None:
    """If nobody waits for it any more, what it raised is no news."""
    if not task.cancelled():
        task.exception()
