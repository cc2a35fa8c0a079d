"""The way from a process to the procedures of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc

from blossm.core.errors import NotFound, Unavailable
from blossm.model.network import Network, Ref
from blossm.ports import Clock, CommandClient, EventStoreClient, FactClient, ViewStoreClient
from blossm.procedures.callers import Caller, Callers, denied, word_of
from blossm.rpc.calling.command import WireCommand
from blossm.rpc.calling.event_store import WireEventStores
from blossm.rpc.calling.fact import WireFact
from blossm.rpc.calling.line import Line, open_channel
from blossm.rpc.calling.view_store import WireViewStore
from blossm.rpc.types import Types

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a callee is (`127.0.0.1:7401`), and the key by which it knows the caller."""

    address: str
    key: str


class WireClients:
    """Implements `ports.Clients` for one caller over gRPC. Close it.

    `reach` has the callees that the caller has an edge to; the event stores of a service are `Ref("event-store", service)`.
    """

    def __init__(
        self, *, network: Network, types: Types, reach: Mapping[Ref, Reach], clock: Clock, caller: Caller = None
    ) -> None:
        """`caller`: whose keys are in `reach`; None: the operator's."""
        self._network = network
        self._types = types
        self._reach = reach
        self._clock = clock
        self._caller = caller
        self._callers = Callers(network)
        self._channels: dict[str, grpc.aio.Channel] = {}
        self._closed = False
        self._clients: dict[Ref, Any] = {}

    def event_stores(self, service: str) -> EventStoreClient:
        """The event stores of a service. Where the caller has no edge to any, they refuse whatever is asked."""
        if self._caller is not None and service in self._network.services and Ref("event-store", service) not in self._reach:
            nobody: Any = _Refusing(self._caller, Ref("event-store", service))
            return self._callers.window(self._caller, service, nobody)
        return self.wire_event_stores(service)

    def wire_event_stores(self, service: str) -> WireEventStores:
        """The same, which can also be watched."""
        callee = Ref("event-store", service)
        return self._client(
            callee,
            self._network.services,
            lambda line, _: WireEventStores(
                line, network=self._network, types=self._types, service=service, clock=self._clock
            ),
        )

    def command(self, address: str) -> CommandClient:
        return self._client(
            Ref("command", address),
            self._network.commands,
            lambda line, spec: WireCommand(line, spec=spec, types=self._types, clock=self._clock),
        )

    def fact(self, address: str) -> FactClient:
        return self._client(
            Ref("fact", address),
            self._network.facts,
            lambda line, spec: WireFact(line, spec=spec, network=self._network, types=self._types, clock=self._clock),
        )

    def view_store(self, address: str) -> ViewStoreClient:
        return self._client(
            Ref("view-store", address),
            self._network.view_stores,
            lambda line, spec: WireViewStore(line, spec=spec, types=self._types),
        )

    async def close(self) -> None:
        """Let go of all connections; what is under way is cancelled."""
        self._closed = True
        for channel in self._channels.values():
            await channel.close()

    def _client(self, callee: Ref, specs: Mapping[str, Any], make: Callable[[Line, Any], T]) -> T:
        if callee not in self._clients:
            reach = self._found(callee, known=callee.address in specs)
            if self._closed:
                raise Unavailable("this process has closed its connections")
            if reach.address not in self._channels:
                self._channels[reach.address] = open_channel(reach.address)
            line = Line(self._channels[reach.address], reach.key)
            self._clients[callee] = make(line, specs[callee.address])
        client: T = self._clients[callee]
        return client

    def _found(self, callee: Ref, *, known: bool) -> Reach:
        """Where a callee is. Raises PermissionDenied and NotFound, as in process."""
        if callee.kind != "event-store":
            self._callers.check(self._caller, callee)
        if not known:
            raise NotFound(f"there is no {callee.kind} {callee.address}", facts={"callee": word_of(callee)})
        if callee not in self._reach:
            raise Unavailable(f"nobody told where the {callee.kind} {callee.address} is", facts={"callee": word_of(callee)})
        return self._reach[callee]


class _Refusing:
    """The event stores that a caller has no edge to. Its window says which one it was, as in process; else this does."""

    def __init__(self, caller: Ref, callee: Ref) -> None:
        self._caller = caller
        self._callee = callee

    def __getattr__(self, name: str) -> Any:
        raise denied(self._caller, self._callee)
