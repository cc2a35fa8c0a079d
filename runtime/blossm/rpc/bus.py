"""Wake-ups from the logs of other processes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing
from typing import Protocol

import structlog

from blossm.core.errors import NotFound
from blossm.core.wakes import Wake, Wakes
from blossm.ports import Clock

FIRST_PAUSE = 0.1  # seconds before a log is watched again, twice as long each time
LONGEST_PAUSE = 5.0

log = structlog.get_logger("blossm.rpc")


class Watched(Protocol):
    """A log that says when it moved, as `calling.event_store.WireEventStores` does."""

    def watch(self) -> AsyncGenerator[int, None]: ...


class WatchingBus:
    """Implements `ports.Bus` for who only listens: each log is watched once, whoever subscribes to it.

    Whenever watching begins, also again after a connection broke, everybody is woken: what moved meanwhile is not missed.
    Close it. A subscription ends with its `Wake`.
    """

    def __init__(self, logs: Mapping[str, Watched], *, clock: Clock) -> None:
        self._logs = logs
        self._clock = clock
        self._wakes = Wakes()
        self._watching: dict[str, asyncio.Task[None]] = {}

    def publish(self, service: str) -> None:
        """Does nothing: the process that has the log tells all who watch it."""

    def subscribe(self, services: Collection[str]) -> Wake:
        """See `ports.Bus.subscribe`. Needs a running loop. Raises NotFound for a log that can't be watched."""
        if unknown := sorted(set(services) - self._logs.keys()):
            raise NotFound(f"nobody says when the log of {unknown[0]} moves", facts={"services": unknown})
        wake = self._wakes.subscribe(services)
        for service in services:
            if service not in self._watching:
                self._watching[service] = asyncio.create_task(self._watch(service), name=f"watch {service}")
        return wake

    async def close(self) -> None:
        """Stop watching."""
        watching = list(self._watching.values())
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)

    async def _watch(self, service: str) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                async with aclosing(self._logs[service].watch()) as heads:
                    async for _ in heads:
                        pause = FIRST_PAUSE
                        self._wakes.wake(service)
            except Exception as error:  # whatever it is: who waits loses time by it, and must not lose more
                log.info("a log is not watched", service=service, problem=str(error), again_in=pause)
            await self._clock.sleep(pause * (0.5 + random.random() / 2))
            pause = min(pause * 2, LONGEST_PAUSE)
