"""Wake-ups within one process."""

from __future__ import annotations

from collections.abc import Collection

from blossm.core.wakes import Wake, Wakes


class MemoryBus:
    """Implements `ports.Bus` for publishers and subscribers of one event loop. A subscription ends with its `Wake`."""

    def __init__(self) -> None:
        self._wakes = Wakes()

    def publish(self, service: str) -> None:
        self._wakes.wake(service)

    def subscribe(self, services: Collection[str]) -> Wake:
        return self._wakes.subscribe(services)
