"""Who goes on next, when several run at once: one of those that wait at a gate, or all of them, as a list of numbers says.

So an interleaving is data: it can be made up, repeated and made smaller. 0 lets whoever ran last go on, and then the next
one begin, so that a list of zeros, or an empty one, means one after the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from blossm.adapters.clock import SystemClock
from blossm.ports import Clients, CommandClient, EventStoreClient, FactClient, ViewStoreClient

T = TypeVar("T")

ALL = 9  # and more: all that wait go on together


class Turns:
    """A gate opens when everybody who runs waits at one. No numbers at all: no gate holds anybody up."""

    def __init__(self, choices: Sequence[int] | None) -> None:
        self.free = choices is None
        self._choices: Iterator[int] = iter(choices or ())
        self._running = 0
        self._waiting: list[asyncio.Future[None]] = []

    async def run(self, works: Sequence[Callable[[], Awaitable[T]]]) -> list[T]:
        """Run them at once."""
        self._running = len(works)
        return await asyncio.gather(*(self._turning(work) for work in works))

    async def gate(self, *, beginning: bool = False) -> None:
        if self.free or not self._running:
            return
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.insert(0 if beginning else len(self._waiting), waiting)
        self._go_on()
        await waiting

    async def _turning(self, work: Callable[[], Awaitable[T]]) -> T:
        try:
            await self.gate(beginning=True)
            return await work()
        finally:
            self._running -= 1
            self._go_on()

    def _go_on(self) -> None:
        if not self._waiting or len(self._waiting) < self._running:
            return
        choice = next(self._choices, 0)
        gone = self._waiting[:] if choice >= ALL else [self._waiting[-1 - choice % len(self._waiting)]]
        for waiting in gone:
            self._waiting.remove(waiting)
            waiting.set_result(None)


class Gate:
    """Where all that run in a history wait for their turns."""

    GATES = ("append", "aggregate", "query_aggregates", "count")

    def __init__(self) -> None:
        self.turns = Turns(None)

    def clients(self, clients: Clients) -> Clients:
        """The same, but whatever is asked of event stores waits for its turn first."""
        return _GatedClients(clients, self)


@dataclass(frozen=True, slots=True)
class _GatedClients:
    """Implements `ports.Clients`."""

    inner: Clients
    gate: Gate

    def event_stores(self, service: str) -> EventStoreClient:
        gated: Any = _GatedStores(self.inner.event_stores(service), self.gate)
        return gated  # type: ignore[no-any-return]

    def command(self, address: str) -> CommandClient:
        return self.inner.command(address)

    def fact(self, address: str) -> FactClient:
        return self.inner.fact(address)

    def view_store(self, address: str) -> ViewStoreClient:
        return self.inner.view_store(address)


class _GatedStores:
    def __init__(self, inner: EventStoreClient, gate: Gate) -> None:
        self._inner = inner
        self._gate = gate

    def __getattr__(self, name: str) -> Any:
        asked = getattr(self._inner, name)
        if name not in Gate.GATES:
            return asked

        async def gated(*args: Any, **options: Any) -> Any:
            await self._gate.turns.gate()
            return await asked(*args, **options)

        return gated


class GatedClock(SystemClock):
    """The clock of commands: a pause before another attempt waits for a turn, and for nothing else."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def sleep(self, seconds: float) -> None:
        await self._gate.turns.gate()
        await asyncio.sleep(0)


class HastyClock(SystemClock):
    """The clock of event stores: what is done behind the reply is done at once."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class Processes:
    """Event stores of one or several processes on one log, asked in turn."""

    def __init__(self) -> None:
        self.running: list[Any] = []
        self._asked = 0

    def __getattr__(self, name: str) -> Any:
        self._asked += 1
        return getattr(self.running[self._asked % len(self.running)], name)
