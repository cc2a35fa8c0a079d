"""Parts of a network that run for as long as it does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from blossm.ports import Clock

Part = Callable[[], Awaitable[None]]

log = structlog.get_logger("blossm.local")


class Kept:
    """Runs parts until it is closed; one that breaks is logged, and begun again a second later."""

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
            except Exception:  # one part that breaks must not stand still in silence, nor take the others along
                log.exception("restarting what broke", part=name)
                await self._clock.sleep(1.0)
