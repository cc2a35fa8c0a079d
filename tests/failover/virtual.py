"""A loop whose time passes at once: when nobody can run, it is as late as the next one wants it to be.

The same callbacks run in the same order each time, so what happens on it depends on nothing but what is run.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar, cast

T = TypeVar("T")

START = datetime(2025, 1, 1, tzinfo=UTC)


class Stuck(Exception):
    """Everybody waits, and nothing will ever happen."""


class _Call:
    """What a loop will do, unless it is cancelled before."""

    __slots__ = ("args", "callback", "cancelled")

    def __init__(self, callback: Callable[..., object], args: tuple[object, ...]) -> None:
        self.callback = callback
        self.args = args
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class _Loop:
    """As much of a loop as tasks, futures and timers take. With asyncio's own a schedule takes nearly twice as long."""

    def __init__(self) -> None:
        self._loop = cast(asyncio.AbstractEventLoop, self)
        self._now = 0.0
        self._order = count()
        self._ready: deque[_Call] = deque()
        self._timers: list[tuple[float, int, _Call]] = []

    def time(self) -> float:
        return self._now

    def get_debug(self) -> bool:
        return False

    def is_closed(self) -> bool:
        return False

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self._loop)

    def create_task(self, doing: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        return asyncio.Task(doing, loop=self._loop)

    def call_soon(self, callback: Callable[..., object], *args: Any, context: object = None) -> _Call:
        self._ready.append(call := _Call(callback, args))
        return call

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> _Call:
        return self.call_at(self._now + delay, callback, *args)

    def call_at(self, when: float, callback: Callable[..., object], *args: Any) -> _Call:
        call = _Call(callback, args)
        heapq.heappush(self._timers, (when, next(self._order), call))
        return call

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        raise context.get("exception") or RuntimeError(context["message"])

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        """Run it to its end, and end all that it leaves behind."""
        asyncio._set_running_loop(self._loop)
        try:
            task = self.create_task(doing)
            while not task.done():
                self._run_ready()
                if not task.done():
                    self._wait()
            for left in asyncio.all_tasks(self._loop):
                left.cancel()
            self._run_ready()
            return task.result()
        finally:
            asyncio._set_running_loop(None)

    def _run_ready(self) -> None:
        """Call all that can be called now."""
        ready = self._ready
        while ready:
            call = ready.popleft()
            if not call.cancelled:
                call.callback(*call.args)

    def _wait(self) -> None:
        """It is as late as the next timer says, which is called."""
        while self._timers:
            when, _, call = heapq.heappop(self._timers)
            if not call.cancelled:
                self._now = max(self._now, when)
                call.callback(*call.args)
                return
        raise Stuck


class LoopClock:
    """Implements `ports.Clock` by the running loop."""

    def now(self) -> datetime:
        return START + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(seconds, callback)


def at_once(doing: Coroutine[Any, Any, T]) -> T:
    """Run it to its end, however long it takes."""
    return _Loop().run(doing)
