"""What runs by itself, for as long as the network or the process does that it is part of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from blossm.core.errors import Unavailable
from blossm.ports import Clock

Part = Callable[[], Awaitable[None]]

AGAIN = 1.0  # seconds before a part that broke begins again

log = structlog.get_logger("blossm.serve")


class Kept:
    """Runs parts until it is closed; one that breaks is logged, and begins again a second later."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tasks: list[asyncio.Task[None]] = []

    def run(self, name: str, part: Part) -> None:
        self._tasks.append(asyncio.create_task(self._again_and_again(name, part), name=name))

    async def close(self) -> None:
        """Cancel them all, and wait until they have ended."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def _again_and_again(self, name: str, part: Part) -> None:
        while True:
            try:
                await part()
            except Unavailable as error:  # what it needs is not there; it says so itself
                log.warning("a part waits for others, and begins again", part=name, problem=str(error))
            except Exception:  # one part that breaks must not stand still in silence, nor take the others along
                log.exception("a part broke, and begins again", part=name)
            await self._clock.sleep(AGAIN)
