"""A clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2025, 1, 1, tzinfo=UTC)


class FakeClock:
    """Implements `ports.Clock`: `sleep` returns when `advance` has moved time far enough."""

    def __init__(self, *, start: datetime = START) -> None:
        self._start = start
        self._elapsed = 0.0
        self._order = itertools.count()
        self._timers: list[tuple[float, int, _Timer]] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self._set(seconds, _Timer(lambda: woken.set_result(None), sleeps=True))
        try:
            await woken
        finally:
            timer.cancel()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> _Timer:
        return self._set(seconds, _Timer(callback))

    def _set(self, seconds: float, timer: _Timer) -> _Timer:
        heapq.heappush(self._timers, (self._elapsed + seconds, next(self._order), timer))
        return timer

    def advance(self, seconds: float) -> None:
        """Move time, and wake who slept until then; they run when the caller next awaits."""
        self._elapsed += seconds
        while self._timers and self._timers[0][0] <= self._elapsed:
            _, _, timer = heapq.heappop(self._timers)
            timer.ring()

    @property
    def sleeping(self) -> int:
        """How many sleep. A call that the clock will make later is nobody's sleep."""
        return sum(timer.waits and timer.sleeps for _, _, timer in self._timers)


class _Timer:
    """Implements `ports.Timer`."""

    def __init__(self, callback: Callable[[], None], *, sleeps: bool = False) -> None:
        self._callback = callback
        self.sleeps = sleeps
        self.waits = True

    def ring(self) -> None:
        if self.waits:
            self.waits = False
            self._callback()

    def cancel(self) -> None:
        self.waits = False
