"""What the operator's tools need of a network, wherever its procedures run: in this process, or each in one of its own."""

from __future__ import annotations

import os
from typing import Any, Protocol

from blossm.handlers.modules import Modules
from blossm.local.network import LocalNetwork
from blossm.model.network import Network
from blossm.ports import Bus, Clients, Clock, EventStoreClient

Document = dict[str, Any]


class Operated(Protocol):
    """A network as its operator has it."""

    @property
    def network(self) -> Network: ...

    @property
    def modules(self) -> Modules: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def bus(self) -> Bus: ...

    @property
    def operator(self) -> Clients:
        """Clients that may call everything."""

    @property
    def kept(self) -> str:
        """Where logs, states and views are, for people: a folder, or the address of a server."""

    def waiting(self) -> int:
        """How many timed calls wait."""

    async def caught_up(self, projection: str) -> None:
        """Let a projection see what is logged by now, unless it runs by itself. Raises what stops it."""

    async def procedures(self) -> list[Document]:
        """Every procedure, with what is known of how it runs."""

    async def projections(self) -> dict[str, Document]:
        """How far each projection is, by address; see `ProjectionProcedure.status`."""


def logs_of(operated: Operated) -> dict[str, EventStoreClient]:
    """The logs of a network, by service: those of services that have event stores."""
    return {service: operated.operator.event_stores(service) for service in logged(operated.network)}


def logged(network: Network) -> list[str]:
    """The services with a log."""
    return [service for service in network.services if network.stores_of(service)]


class InThisProcess:
    """Implements `Operated` for a network in this process. `live`: its projections run by themselves."""

    def __init__(self, local: LocalNetwork, *, live: bool) -> None:
        self.network = local.network
        self.modules = local.modules
        self.clock = local.clock
        self.bus: Bus = local.bus
        self.operator: Clients = local.operator
        self.kept = local.storage.shown
        self.waiting = local.waiting
        self._projections = local.projections
        self._live = live

    async def caught_up(self, projection: str) -> None:
        if not self._live and projection in self._projections:
            await self._projections[projection].catch_up()

    async def procedures(self) -> list[Document]:
        up = {"pid": os.getpid(), "state": "up"} if self._live else {}
        return [{"kind": spec.kind, "address": spec.address, **up} for spec in self.network.procedures()]

    async def projections(self) -> dict[str, Document]:
        return {address: projection.status() for address, projection in self._projections.items()}
