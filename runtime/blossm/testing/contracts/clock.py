"""A clock for suites: a log that keeps an appender waiting makes a test fail, and not wait for ever."""

from __future__ import annotations

import asyncio

from blossm.adapters.memory.clock import FakeClock


class PassingClock(FakeClock):
    """Time that passes as soon as somebody waits for it."""

    async def sleep(self, seconds: float) -> None:
        self.advance(max(seconds, 0))
        await asyncio.sleep(0)
