"""Who waits for something to move in a log: the part of a bus that is the same wherever its wake-ups come from."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from weakref import WeakSet


class Wake:
    """Implements `ports.Wake`. Wake-ups that come while nobody waits are one."""

    def __init__(self) -> None:
        self._moved = asyncio.Event()

    async def wait(self, *, timeout: float) -> None:
        try:
            async with asyncio.timeout(timeout):
                await self._moved.wait()
        except TimeoutError:
            return
        self._moved.clear()

    def wake(self) -> None:
        self._moved.set()


class Wakes:
    """Those who wait, by service, in one event loop. A subscription ends with its `Wake`."""

    def __init__(self) -> None:
        self.by_service: dict[str, WeakSet[Wake]] = {}

    def subscribe(self, services: Collection[str]) -> Wake:
        wake = Wake()
        for service in services:
            self.by_service.setdefault(service, WeakSet()).add(wake)
        return wake

    def wake(self, service: str) -> None:
        """Wake everybody who waits for this service; none of them is kept alive by the name that it has here."""
        for wake in self.by_service.get(service, ()):
            wake.wake()
