"""The events of several logs as one line of time."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Mapping

from blossm.core.event import LoggedEvent
from blossm.ports import Bus, EventStoreClient

LOOK = 2.0  # seconds without a wake-up after which the logs are looked at anyway


class Timeline:
    """Reads logs by the time their commits were logged; within one log that is the order of positions."""

    def __init__(self, logs: Mapping[str, EventStoreClient], *, network: str, bus: Bus) -> None:
        self._logs = logs
        self._network = network
        self._bus = bus

    async def last(self, count: int) -> list[LoggedEvent]:
        """The last events of all logs together."""
        after = {service: max(0, await log.head() - 1 - count) for service, log in self._logs.items()}
        kept: deque[LoggedEvent] = deque(maxlen=count)
        async for event in self.after(after):
            kept.append(event)
        return list(kept)

    async def after(self, positions: Mapping[str, int]) -> AsyncIterator[LoggedEvent]:
        """The events after a position in each log (0 where none is named), up to their heads."""
        readers = [self._read(service, positions.get(service, 0)) for service in self._logs]
        first = [(event, reader) for reader in readers if (event := await anext(reader, None)) is not None]
        while first:
            earliest = min(range(len(first)), key=lambda index: _when(first[index][0]))
            event, reader = first.pop(earliest)
            yield event
            if (following := await anext(reader, None)) is not None:
                first.append((following, reader))

    async def follow(self, positions: Mapping[str, int]) -> AsyncIterator[LoggedEvent]:
        """The events after a position in each log, and those to come, for ever."""
        seen = dict(positions)
        wake = self._bus.subscribe(list(self._logs))
        while True:
            async for event in self.after(seen):
                seen[event.service] = event.position
                yield event
            await wake.wait(timeout=LOOK)

    async def _read(self, service: str, after: int) -> AsyncIterator[LoggedEvent]:
        while True:
            page = await self._logs[service].read(after, limit=500)
            for commit in page.commits:
                for event in commit.events(service=service, network=self._network):
                    if event.position > after:
                        yield event
            if page.scanned <= after:
                return
            after = page.scanned


def _when(event: LoggedEvent) -> tuple[str, str, int]:
    return event.committed, event.service, event.position
