"""The way from one procedure to another within a process: a direct call, where the model has an edge for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from blossm.core.errors import NotFound
from blossm.model.network import Network, Ref
from blossm.ports import CommandClient, EventStoreClient, FactClient, ViewStoreClient
from blossm.procedures.callers import Caller, Callers, word_of
from blossm.procedures.standing import Procedures

T = TypeVar("T")


class Directory:
    """All procedures of a network, and who may call whom. It hands out the clients."""

    def __init__(self, network: Network, procedures: Procedures) -> None:
        self.network = network
        self.procedures = procedures
        self.callers = Callers(network)

    def clients(self, caller: Ref) -> InProcessClients:
        """The clients of a procedure of the network."""
        return InProcessClients(self, caller)

    def operator(self) -> InProcessClients:
        """The clients of who runs the network, and of its tests: they may call everything."""
        return InProcessClients(self, None)


class InProcessClients:
    """`ports.Clients` bound to one caller. What has no edge is refused when it is reached for."""

    def __init__(self, directory: Directory, caller: Caller) -> None:
        self._directory = directory
        self._caller = caller
        self._windows: dict[str, EventStoreClient] = {}

    def event_stores(self, service: str) -> EventStoreClient:
        if service not in self._windows:
            stores = self._found(Ref("event-store", service), self._directory.procedures.event_stores)
            self._windows[service] = self._directory.callers.window(self._caller, service, stores)
        return self._windows[service]

    def command(self, address: str) -> CommandClient:
        return self._called(Ref("command", address), self._directory.procedures.commands)

    def fact(self, address: str) -> FactClient:
        return self._called(Ref("fact", address), self._directory.procedures.facts)

    def view_store(self, address: str) -> ViewStoreClient:
        return self._called(Ref("view-store", address), self._directory.procedures.view_stores)

    def _called(self, callee: Ref, procedures: Mapping[str, T]) -> T:
        self._directory.callers.check(self._caller, callee)
        return self._found(callee, procedures)

    def _found(self, callee: Ref, procedures: Mapping[str, T]) -> T:
        if callee.address not in procedures:
            raise NotFound(f"there is no {callee.kind} {callee.address}", facts={"callee": word_of(callee)})
        return procedures[callee.address]
