"""A whole network in this process: every procedure, over memory or over a state folder, wired along the model's edges."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from blossm.adapters.clock import SystemClock
from blossm.adapters.memory.bus import MemoryBus
from blossm.handlers.modules import Modules
from blossm.local.clients import Directory, InProcessClients
from blossm.local.storage import Storage
from blossm.local.timed_calls import has_timed_calls, make_timed_calls
from blossm.model.network import Network
from blossm.ports import Clock, Keys
from blossm.procedures.projection import ProjectionProcedure
from blossm.procedures.standing import Procedures
from blossm.serve.assembly import Assembly
from blossm.serve.kept import Kept

if TYPE_CHECKING:
    from starlette.types import ASGIApp


class LocalNetwork:
    """The procedures of one network. Open it, `start` what runs by itself, and close it: `async with` does that."""

    def __init__(self, network: Network, *, storage: Storage, clock: Clock) -> None:
        self.network = network
        self.modules = Modules(Path(network.directory))
        self.storage = storage
        self.clock = clock
        self.assembly = Assembly(network=network, modules=self.modules, clock=clock)
        self.bus = MemoryBus()
        self.procedures = Procedures()
        self.directory = Directory(network, self.procedures)
        self.projections: dict[str, ProjectionProcedure] = {}
        self.kept = Kept(clock)
        self._closing = AsyncExitStack()

    @classmethod
    async def open(cls, network: Network, *, storage: Storage, clock: Clock | None = None) -> Self:
        """Build every procedure but the gateways. Raises HandlerError when one of the user's modules fails to import.

        What was opened is closed again when something fails.
        """
        opened = cls(network, storage=storage, clock=clock or SystemClock())
        opened._closing.push_async_callback(storage.close)
        try:
            await opened._write_side()
            await opened._read_side()
        except BaseException:
            await opened._closing.aclose()
            raise
        return opened

    @property
    def operator(self) -> InProcessClients:
        """The clients of who runs the network: they may call everything."""
        return self.directory.operator()

    async def _write_side(self) -> None:
        for service in self.network.services:
            self.procedures.event_stores[service] = self.assembly.event_stores(
                service,
                log=await self.storage.log(service),
                states=await self.storage.states(service),
                bus=self.bus,
                closing=self._closing,
            )
        for command in self.network.commands.values():
            clients = self.directory.clients(command.ref)
            self.procedures.commands[command.address] = self.assembly.command(command, clients=clients)
        for fact in self.network.facts.values():
            clients = self.directory.clients(fact.ref)
            self.procedures.facts[fact.address] = self.assembly.fact(fact, clients=clients)

    async def _read_side(self) -> None:
        for view in self.network.view_stores.values():
            store = await self.storage.view(view)
            self.procedures.view_stores[view.address] = self.assembly.view_store(view, store=store)
        for projection in self.network.projections.values():
            clients = self.directory.clients(projection.ref)
            self.projections[projection.address] = self.assembly.projection(projection, clients=clients, bus=self.bus)

    def doors(self, keys: Keys) -> dict[str, ASGIApp]:
        """Build the gateways, which believe these keys: each one's application, by address."""
        return {
            spec.address: self.assembly.gateway(spec, clients=self.directory.clients(spec.ref), keys=keys)
            for spec in self.network.gateways()
        }

    def start(self) -> None:
        """Begin what runs by itself: projections, the outbox, scheduled and timed calls."""
        for address, projection in self.projections.items():
            self.kept.run(f"projection {address}", projection.run)
        if has_timed_calls(self.network):
            make_timed_calls(
                self.network, clients=self.operator, table=self.storage.timers, bus=self.bus, clock=self.clock, kept=self.kept
            )

    def waiting(self) -> int:
        """How many timed calls wait."""
        return self.storage.timers.count() if has_timed_calls(self.network) else 0

    async def close(self) -> None:
        """Stop what runs by itself, drain the appenders, close the stores: in this order. The doors are closed before."""
        await self.kept.close()
        await self._closing.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()
