"""Running the user's functions: with a deadline, and with nothing of their code in what a caller is told.

What they raise of our errors is their answer. Anything else is Internal: its id is in the answer, their frames are in
the log under that id.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

import structlog

from blossm.core.errors import BlossmError, DeadlineExceeded, Internal
from blossm.handlers.frames import user_frames
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
        return await _in_a_thread(function, *args)
    except BlossmError:
        raise
    except (Exception, SystemExit) as error:  # user code may raise anything
        _broke(function, error)


async def items(
    function: Callable[..., AsyncIterator[Any]], *args: Any, clock: Clock, deadline: float
) -> AsyncGenerator[Any, None]:
    """What the user's async generator makes, one by one, until `deadline`. It is closed with this one."""
    made = function(*args)
    if not hasattr(made, "__anext__"):
        if inspect.iscoroutine(made):
            made.close()
        broken(function, "is no async generator: it must `yield` its items")
    try:
        while (item := await within(_next(function, made), clock=clock, deadline=deadline)) is not _END:
            yield item
    finally:
        with suppress(BlossmError):
            await within(_closed(made), clock=clock, deadline=max(deadline, clock.monotonic() + 1.0))


_END = object()


async def _next(function: Callable[..., Any], made: AsyncIterator[Any]) -> Any:
    try:
        return await anext(made, _END)
    except BlossmError:
        raise
    except (Exception, SystemExit) as error:  # user code may raise anything
        _broke(function, error)


async def _closed(made: AsyncIterator[Any]) -> None:
    if close := getattr(made, "aclose", None):
        with suppress(Exception):  # what a user's `finally` raises changes nothing any more
            await close()


async def within(work: Coroutine[Any, Any, T], *, clock: Clock, deadline: float) -> T:
    """What `work` gives, or DeadlineExceeded at `deadline`. Work that is late is cancelled, and not waited for."""
    if (left := deadline - clock.monotonic()) <= 0:
        work.close()
        raise late()
    task = asyncio.ensure_future(work)
    timer = asyncio.ensure_future(clock.sleep(left))
    try:
        await asyncio.wait((task, timer), return_when=asyncio.FIRST_COMPLETED)
    finally:
        timer.cancel()
        if not task.done():
            task.cancel()
            task.add_done_callback(_unheard)
    if not task.done():
        raise late()
    if task.cancelled():
        raise Internal("a handler cancelled itself")
    return task.result()


def late() -> DeadlineExceeded:
    return DeadlineExceeded(
        "no answer in time: the outcome is unknown", help="repeat with the same idempotency key to find out"
    )


def broken(function: Callable[..., Any], problem: str) -> NoReturn:
    """Tell of a function that did what it may not: in the log what, in the answer only an id."""
    id = uuid.uuid4().hex
    log.error("a handler did what it may not", id=id, handler=name_of(function), problem=problem)
    raise Internal("a handler failed", facts={"id": id})


def _broke(function: Callable[..., Any], error: BaseException) -> NoReturn:
    id = uuid.uuid4().hex
    log.error(
        "a handler failed",
        id=id,
        handler=name_of(function),
        error=f"{type(error).__name__}: {error}",
        frames=[str(frame) for frame in user_frames(error)],
    )
    raise Internal("a handler failed", facts={"id": id}) from error


def name_of(function: Callable[..., Any]) -> str:
    """Where a function is: `services.shop.bicycle.commands:paint`."""
    return f"{getattr(function, '__module__', '')}:{getattr(function, '__qualname__', repr(function))}"


def _unheard(task: asyncio.Task[Any]) -> None:
    """Nobody waits for it any more: what it raised is no news."""
    if not task.cancelled():
        task.exception()


async def _in_a_thread(function: Callable[..., Any], *args: Any) -> Any:
    """Run a function in a thread of its own, a daemon: one that never ends keeps nobody from leaving."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Any] = loop.create_future()
    context = contextvars.copy_context()

    def tell(result: Any, error: BaseException | None) -> None:
        if answer.done():
            return
        if error is None:
            answer.set_result(result)
        else:
            answer.set_exception(error)

    def work() -> None:
        result: Any = None
        failure: BaseException | None = None
        try:
            result = context.run(function, *args)
        except StopIteration as error:  # a future can't carry it
            failure = RuntimeError(f"StopIteration: {error}").with_traceback(error.__traceback__)
        except BaseException as error:  # whatever ends the thread is the caller's to know
            failure = error
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(tell, result, failure)

    threading.Thread(target=work, name=name_of(function), daemon=True).start()
    return await answer
