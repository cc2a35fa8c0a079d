"""A network of which every procedure is a process, as its operator has it: ports, keys, processes, and clients to all."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from blossm.adapters.clock import SystemClock
from blossm.handlers.modules import Modules
from blossm.local.operated import Document, logged
from blossm.local.places import Places
from blossm.local.processes.configs import Configs
from blossm.local.processes.held_port import HeldPort
from blossm.local.processes.homes import called, home, homes, waves
from blossm.local.processes.passing import Passage
from blossm.local.processes.supervised import Supervised
from blossm.local.state import StateFolder
from blossm.local.storage import FolderStorage
from blossm.local.timed_calls import has_timed_calls, make_timed_calls
from blossm.model.network import GatewaySpec, Network, Ref
from blossm.ports import Bus, Clients, Clock
from blossm.rpc.bus import WatchingBus
from blossm.rpc.client import WireClients
from blossm.rpc.types import Types
from blossm.serve.kept import Kept
from blossm.serve.nursery import Child, Nursery

if TYPE_CHECKING:
    from starlette.types import ASGIApp

AT_ONCE = 2 * (os.cpu_count() or 1)  # processes that are started beside each other
NOT_THERE = "not there"
SILENT = "silent"  # it is up, and does not say how it is
UNKNOWN: Document = {"generation": 0, "lag": 0, "services": {}, "error": None, "definition_changed": False}


class ProcessNetwork:
    """Implements `Operated`. Entering it starts the processes, and leaving it ends them.

    Entering raises DidNotStart when one can't be served, and Unavailable when one does not come up.
    """

    def __init__(
        self,
        network: Network,
        folder: StateFolder,
        places: Places,
        *,
        operator_token: str,
        grace: float,
        clock: Clock | None = None,
    ) -> None:
        """`places`: where the stores are. `grace`: seconds in which requests under way may finish in the end."""
        self.network = network
        self.modules = Modules(Path(network.directory))
        self.clock = clock or SystemClock()
        self._folder = folder
        self._grace = grace
        self._ports = {ref: HeldPort() for ref in homes(network)}
        self.configs = Configs(
            network, places, self._ports, operator=operator_token, development_key=folder.development_key
        )
        self._nursery = Nursery()
        self._kept = Kept(self.clock)
        self._keepers: dict[Ref, asyncio.Task[None]] = {}
        self._few = asyncio.Semaphore(AT_ONCE)
        self._storage = FolderStorage(network, folder, places=places)  # of which only the timers are ours
        self.processes = {ref: self._supervised(ref) for ref in self._ports}
        self._passages = {spec.address: self._passage(spec) for spec in network.gateways()}

    # ------------------------------------------------------------ as its operator has it

    @property
    def kept(self) -> str:
        return self._storage.shown

    def waiting(self) -> int:
        return self._storage.timers.count() if has_timed_calls(self.network) else 0

    async def caught_up(self, projection: str) -> None:
        """They run by themselves."""

    async def procedures(self) -> list[Document]:
        rows = dict(zip(self.processes, await asyncio.gather(*map(_row, self.processes.values())), strict=True))
        return [{"kind": spec.kind, "address": spec.address, **rows[home(spec.ref)]} for spec in self.network.procedures()]

    async def projections(self) -> dict[str, Document]:
        found = {address: self.processes[spec.ref] for address, spec in self.network.projections.items()}
        told = await asyncio.gather(*(process.status() for process in found.values()))
        return {
            address: (status and status.projection) or _gone(process)
            for (address, process), status in zip(found.items(), told, strict=True)
        }

    def doors(self) -> dict[str, ASGIApp]:
        """The gateways: each passes on to its process."""
        return dict(self._passages)

    def addresses(self) -> dict[str, str]:
        """Where each process listens, by what messages call it."""
        return {process.name: process.address for process in self.processes.values()}

    # ------------------------------------------------------------ up and down

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as closing:
            for port in self._ports.values():
                closing.callback(port.close)
            closing.push_async_callback(self._storage.close)
            await closing.enter_async_context(self._nursery)
            closing.push_async_callback(self._end)
            await self._begin()
            for passage in self._passages.values():
                closing.push_async_callback(passage.close)
            types = Types(self.network)
            reach = self.configs.operators_reach()
            clients = WireClients(network=self.network, types=types, reach=reach, clock=self.clock)
            closing.push_async_callback(clients.close)
            logs = {service: clients.wire_event_stores(service) for service in logged(self.network)}
            bus = WatchingBus(logs, clock=self.clock)
            closing.push_async_callback(bus.close)
            self.operator: Clients = clients
            self.bus: Bus = bus
            self._closing = closing.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._kept.close()
        await self._closing.aclose()

    def start(self) -> None:
        """Begin what runs by itself: timed calls."""
        if has_timed_calls(self.network):
            make_timed_calls(
                self.network, clients=self.operator, table=self._storage.timers, bus=self.bus, clock=self.clock, kept=self._kept
            )

    def drop(self) -> None:
        """Let go of what is under way in all processes, for the way down."""
        for process in self.processes.values():
            process.drop()

    async def _begin(self) -> None:
        """Start all processes; projections last, so that what they follow is there. Raises the first problem."""
        projections = [process for ref, process in self.processes.items() if ref.kind == "projection"]
        others = [process for ref, process in self.processes.items() if ref.kind != "projection"]
        try:
            for group in (others, projections):
                async with asyncio.TaskGroup() as starting:
                    for process in group:
                        starting.create_task(self._first(process))
        except BaseExceptionGroup as problems:
            raise problems.exceptions[0] from None
        self._keepers = {ref: asyncio.create_task(process.keep()) for ref, process in self.processes.items()}

    async def _first(self, process: Supervised) -> None:
        async with self._few:
            await process.first()

    async def _end(self) -> None:
        """End all processes. Each is kept running until it is its turn: others may need it for what they finish."""
        for wave in waves(called(self.network)):
            await asyncio.gather(*map(self._end_one, wave))

    async def _end_one(self, ref: Ref) -> None:
        if keeper := self._keepers.pop(ref, None):
            keeper.cancel()
            await asyncio.wait((keeper,))
        await self.processes[ref].end(grace=self._grace)

    def _supervised(self, ref: Ref) -> Supervised:
        async def start() -> Child:
            return await self._nursery.start(self.configs.of(ref), keep_open=(self._folder.lock,))

        return Supervised(ref, address=self._ports[ref].address, start=start, clock=self.clock)

    def _passage(self, spec: GatewaySpec) -> Passage:
        address = self._ports[spec.ref].address
        return Passage(spec.address, address, secret=self.configs.forwards, realm=self.network.name)


async def _row(process: Supervised) -> Document:
    """What `status` tells of a process."""
    status = await process.status()
    return {
        "process": process.name,
        "listens": process.address,
        "pid": process.pid,
        "state": process.state if status or process.state != "up" else SILENT,
        "requests": status.requests if status else None,
        "errors": status.errors if status else None,
        "restarts": process.restarts,
    }


def _gone(process: Supervised) -> Document:
    """How far a projection was when its process last said so."""
    return {**((process.last and process.last.projection) or UNKNOWN), "state": NOT_THERE}
