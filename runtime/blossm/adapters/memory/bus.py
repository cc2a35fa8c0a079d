"""Wake-ups within one process."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from weakref import WeakSet


class MemoryWake:
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


class MemoryBus:
    """Implements `ports.Bus` for publishers and subscribers of one event loop. A subscription ends with its `Wake`."""

    def __init__(self) -> None:
        self._wakes: dict[str, WeakSet[MemoryWake]] = {}

    def publish(self, service: str) -> None:
        for wake in self._wakes.get(service, ()):
            wake.wake()

    def subscribe(self, services: Collection[str]) -> MemoryWake:
        wake = MemoryWake()
        for service in services:
            self._wakes.setdefault(service, WeakSet()).add(wake)
        return wake
