"""Running the user's functions: deadlines, threads, and what of an error goes where."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.handlers.conftest import Network

from blossm.adapters.memory.clock import FakeClock
from blossm.core.errors import Conflict, DeadlineExceeded, Internal
from blossm.handlers.run import call, items, within
from blossm.handlers.threads import KEPT


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def test_an_async_function_is_awaited(clock: FakeClock) -> None:
    async def paint(color: str) -> str:
        await asyncio.sleep(0)
        return color

    assert await call(paint, "red", clock=clock, deadline=1.0) == "red"


async def test_a_plain_function_runs_in_a_thread(clock: FakeClock) -> None:
    assert await call(threading.current_thread, clock=clock, deadline=1.0) is not threading.current_thread()


async def test_our_errors_pass_as_they_are(clock: FakeClock) -> None:
    def paint() -> None:
        raise Conflict("it is being painted")

    with pytest.raises(Conflict, match="it is being painted"):
        await call(paint, clock=clock, deadline=1.0)


def raises(error: Callable[[], BaseException]) -> Callable[[], Any]:
    async def paint() -> None:
        raise error()

    return paint


@pytest.mark.parametrize("error", [lambda: ValueError("secret"), lambda: SystemExit(3), lambda: KeyError("secret")])
async def test_any_other_error_is_internal_and_says_nothing_of_the_code(clock: FakeClock, error: Any) -> None:
    with capture_logs() as logs, pytest.raises(Internal) as refused:
        await call(raises(error), clock=clock, deadline=1.0)
    assert refused.value.as_dict() == {"code": "INTERNAL", "message": "a handler failed", "facts": {"id": logs[0]["id"]}}


async def test_an_error_in_a_thread_is_internal_too(clock: FakeClock) -> None:
    with capture_logs() as logs, pytest.raises(Internal):
        await call(next, iter(()), clock=clock, deadline=1.0)
    assert "StopIteration" in logs[0]["error"]


async def test_the_log_has_the_users_frames_and_no_others(clock: FakeClock, network: Network) -> None:
    modules = network("city", {"lib/prices.py": "def price():\n    return 1 / 0", "c.py": "from lib.prices import price"})
    with capture_logs() as logs, pytest.raises(Internal):
        await call(modules.file("c.py").price, clock=clock, deadline=1.0)
    (entry,) = logs
    assert entry["error"] == "ZeroDivisionError: division by zero"
    assert entry["frames"] == [f"{modules.root}/lib/prices.py:2 in price: return 1 / 0"]
    assert entry["handler"] == "lib.prices:price"


async def test_of_an_endless_recursion_the_innermost_frames_are_told(clock: FakeClock, network: Network) -> None:
    modules = network("city", {"c.py": "def again():\n    return again()"})
    with capture_logs() as logs, pytest.raises(Internal):
        await call(modules.file("c.py").again, clock=clock, deadline=1.0)
    assert len(logs[0]["frames"]) == 20


async def test_a_function_that_waits_for_ever_meets_its_deadline(clock: FakeClock) -> None:
    asked = asyncio.ensure_future(call(asyncio.Event().wait, clock=clock, deadline=5.0))
    await asyncio.sleep(0.0)
    await asyncio.sleep(0.0)
    clock.advance(5.0)
    with pytest.raises(DeadlineExceeded, match="the outcome is unknown"):
        await asked


async def test_a_function_that_does_not_let_itself_be_stopped_is_not_waited_for(clock: FakeClock) -> None:
    go_on = asyncio.Event()

    async def stubborn() -> None:
        while not go_on.is_set():
            try:
                await go_on.wait()
            except asyncio.CancelledError:
                continue

    asked = asyncio.ensure_future(call(stubborn, clock=clock, deadline=5.0))
    await asyncio.sleep(0.0)
    await asyncio.sleep(0.0)
    clock.advance(5.0)
    with pytest.raises(DeadlineExceeded):
        await asked
    go_on.set()


async def test_a_thread_that_never_ends_meets_its_deadline(clock: FakeClock) -> None:
    begun, end = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def hang() -> None:
        loop.call_soon_threadsafe(begun.set)
        end.wait()

    asked = asyncio.ensure_future(call(hang, clock=clock, deadline=5.0))
    await begun.wait()
    clock.advance(5.0)
    with pytest.raises(DeadlineExceeded):
        await asked
    end.set()


async def test_past_the_deadline_nothing_is_begun(clock: FakeClock) -> None:
    begun = []
    with pytest.raises(DeadlineExceeded):
        await call(lambda: begun.append(1), clock=clock, deadline=0.0)
    assert not begun


async def test_who_is_cancelled_cancels_the_function(clock: FakeClock) -> None:
    begun, stopped = asyncio.Event(), asyncio.Event()

    async def waits() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            stopped.set()

    asked = asyncio.ensure_future(call(waits, clock=clock, deadline=5.0))
    await begun.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await stopped.wait()


async def test_who_is_cancelled_as_the_function_fails_leaves_no_word_of_it(clock: FakeClock) -> None:
    told: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    askers: list[asyncio.Task[Any]] = []

    async def paint() -> None:
        askers.pop().cancel()
        raise Conflict("it is being painted")

    askers.append(asyncio.ensure_future(call(paint, clock=clock, deadline=5.0)))
    with pytest.raises(asyncio.CancelledError):
        await askers[0]
    await asyncio.sleep(0)
    gc.collect()
    assert not told


async def test_a_function_that_cancels_itself_is_broken(clock: FakeClock) -> None:
    with pytest.raises(Internal):
        await call(raises(asyncio.CancelledError), clock=clock, deadline=5.0)


async def test_work_within_its_deadline_gives_what_it_gives(clock: FakeClock) -> None:
    async def work() -> int:
        return 1

    assert await within(work(), clock=clock, deadline=1.0) == 1


async def colors() -> AsyncIterator[str]:
    yield "red"
    yield "blue"


async def test_items_come_one_by_one(clock: FakeClock) -> None:
    assert [item async for item in items(colors, clock=clock, deadline=1.0)] == ["red", "blue"]


async def test_a_generator_that_waits_for_ever_meets_its_deadline(clock: FakeClock) -> None:
    closed = asyncio.Event()

    async def slow() -> AsyncIterator[str]:
        try:
            yield "red"
            await asyncio.Event().wait()
        finally:
            closed.set()

    got = items(slow, clock=clock, deadline=5.0)
    assert await anext(got) == "red"
    asked = asyncio.ensure_future(anext(got))
    await asyncio.sleep(0.0)
    await asyncio.sleep(0.0)
    clock.advance(5.0)
    with pytest.raises(DeadlineExceeded):
        await asked
    await closed.wait()


async def test_a_generator_is_closed_with_its_reader(clock: FakeClock) -> None:
    closed = asyncio.Event()

    async def endless() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    got = items(endless, clock=clock, deadline=5.0)
    await anext(got)
    await got.aclose()
    assert closed.is_set()


@pytest.mark.parametrize("error", [ValueError(), SystemExit(3)])
async def test_an_error_between_items_is_internal(clock: FakeClock, error: BaseException) -> None:
    async def breaks() -> AsyncIterator[int]:
        yield 1
        raise error

    got = items(breaks, clock=clock, deadline=5.0)
    assert await anext(got) == 1
    with pytest.raises(Internal):
        await anext(got)


async def test_what_does_not_yield_is_no_stream(clock: FakeClock) -> None:
    async def listed() -> list[int]:
        return [1]

    with pytest.raises(Internal):
        await anext(items(listed, clock=clock, deadline=5.0))  # type: ignore[arg-type]


async def test_a_thread_is_used_again(clock: FakeClock) -> None:
    threads = {await call(threading.current_thread, clock=clock, deadline=1.0) for _ in range(5)}
    assert len(threads) == 1
    assert threads.pop().daemon


async def test_functions_that_hang_are_in_nobodys_way(clock: FakeClock) -> None:
    """There are more of them than threads are kept, and each has one of its own."""
    end = threading.Event()
    hanging = [asyncio.ensure_future(call(end.wait, clock=clock, deadline=5.0)) for _ in range(KEPT + 1)]
    assert await call(lambda: "there", clock=clock, deadline=5.0) == "there"
    clock.advance(5.0)
    late = await asyncio.gather(*hanging, return_exceptions=True)
    assert {type(error) for error in late} == {DeadlineExceeded}
    end.set()


def test_a_function_that_hangs_keeps_nobody_from_leaving() -> None:
    code = """
import asyncio, time
from blossm.handlers.run import invoke
async def main():
    begun = asyncio.Event()
    asyncio.ensure_future(invoke(lambda: (loop.call_soon_threadsafe(begun.set), time.sleep(600))))
    loop = asyncio.get_running_loop()
    await begun.wait()
asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
