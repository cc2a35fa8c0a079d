"""The ways that a network under test may go: its procedures side by side, behind sockets, or begun anew at each step."""

from __future__ import annotations

import asyncio
import inspect
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from blossm.local.clients import Directory
from blossm.model.edges import edges
from blossm.model.network import Network, Ref
from blossm.ports import Bus, Clients, Clock
from blossm.procedures.callers import Callers
from blossm.procedures.standing import Procedures
from blossm.rpc.bus import WatchingBus
from blossm.rpc.client import Reach, WireClients
from blossm.rpc.keys import digest_of, identify, key_for, operator_key
from blossm.rpc.server import Server
from blossm.rpc.types import Types


class Transport(Protocol):
    """How the procedures of a network reach each other, and how a test reaches them."""

    def clients(self, caller: Ref) -> Clients:
        """What a procedure is given. They reach something when it is served."""

    def operator(self) -> Clients:
        """What a test is given: it may call everything."""

    def bus(self, caller: Ref, here: Bus) -> Bus:
        """What a procedure listens to, where those with the logs publish `here`."""

    async def serve(self, procedures: Procedures) -> None:
        """From now on these procedures can be reached."""

    async def close(self) -> None: ...


class InProcess:
    """Implements `Transport`: a direct call."""

    def __init__(self, network: Network) -> None:
        self._directory = Directory(network, Procedures())

    def clients(self, caller: Ref) -> Clients:
        return self._directory.clients(caller)

    def operator(self) -> Clients:
        return self._directory.operator()

    def bus(self, caller: Ref, here: Bus) -> Bus:
        return here

    async def serve(self, procedures: Procedures) -> None:
        self._directory.procedures = procedures

    async def close(self) -> None: ...


class OverGrpc:
    """Implements `Transport`: all procedures behind one real server of this machine, and each caller with its own keys."""

    def __init__(self, network: Network, *, clock: Clock) -> None:
        self._network = network
        self._clock = clock
        self._types = types_of(network)
        self._callers = Callers(network)
        self.secret, self._token = secrets.token_bytes(32), secrets.token_urlsafe(32)
        self.operator_key = operator_key(self._token)
        self._kept = socket.socket()
        self._kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._kept.bind(("127.0.0.1", 0))  # it is kept, and listens to nothing
        self.address = f"127.0.0.1:{self._kept.getsockname()[1]}"
        self._clients: list[WireClients] = []
        self._buses: list[WatchingBus] = []
        self.server: Server | None = None

    def clients(self, caller: Ref) -> Clients:
        return self._wired_of(caller)

    def with_every_key(self, caller: Ref) -> Clients:
        """What somebody has who collected keys: it reaches every callee, and is known there as itself."""
        return self._wired(dict.fromkeys(processes_of(self._network), key_for(caller, self.secret)), caller)

    def operator(self) -> Clients:
        return self._wired(dict.fromkeys(processes_of(self._network), self.operator_key), None)

    def operator_who_knows(self, network: Network) -> Clients:
        """The operator of a process that has another version of the contract."""
        keys = dict.fromkeys(processes_of(network), self.operator_key)
        return self._wired(keys, None, network=network, types=types_of(network))

    def bus(self, caller: Ref, here: Bus) -> Bus:
        clients = self._wired_of(caller)
        logs = {callee.address for callee in self._callees(caller) if callee.kind == "event-store"}
        self._buses.append(WatchingBus({log: clients.wire_event_stores(log) for log in logs}, clock=self._clock))
        return self._buses[-1]

    def _callees(self, caller: Ref) -> set[Ref]:
        return {process_of(edge.callee) for edge in edges(self._network) if edge.caller == caller}

    def _wired_of(self, caller: Ref) -> WireClients:
        return self._wired(dict.fromkeys(self._callees(caller), key_for(caller, self.secret)), caller)

    def _wired(self, keys: Mapping[Ref, str], caller: Ref | None, **known: Any) -> WireClients:
        reach = {callee: Reach(self.address, key) for callee, key in keys.items()}
        known = {"network": self._network, "types": self._types, **known}
        clients = WireClients(reach=reach, clock=self._clock, caller=caller, **known)
        self._clients.append(clients)
        return clients

    async def serve(self, procedures: Procedures) -> None:
        self.server = Server(
            network=self._network,
            types=self._types,
            procedures=procedures,
            callers=self._callers,
            identify=identify(self.secret, operator=digest_of(self._token)),
            clock=self._clock,
        )
        await self.server.start(self.address, share_port=True)

    async def close(self) -> None:
        for bus in self._buses:
            await bus.close()
        for clients in self._clients:
            await clients.close()
        if self.server:
            await self.server.stop(grace=0)
        self._kept.close()


_MADE: list[tuple[Network, Types]] = []  # the newest first


def types_of(network: Network) -> Types:
    """The types of a network. They are its contract's and keep nothing: who begins anew is given those of before."""
    contract = replace(network, directory="")
    for known, types in _MADE:
        if known == contract:
            return types
    _MADE[:] = [(contract, Types(network)), *_MADE[:9]]
    return _MADE[0][1]


def processes_of(network: Network) -> set[Ref]:
    """All that can be called: each has a key of its own."""
    logs = {Ref("event-store", service) for service in network.services}
    return logs | {process_of(spec.ref) for spec in network.procedures()}


def process_of(callee: Ref) -> Ref:
    """Whose key passes for a callee: the event stores of a service are one process."""
    return Ref("event-store", callee.address.partition(".")[0]) if callee.kind == "event-store" else callee


@dataclass(frozen=True, slots=True)
class Way:
    """`wired`: each call goes through a socket. `restarted`: all processes begin anew before each step of a test."""

    name: str
    wired: bool = False
    restarted: bool = False

    def transport(self, network: Network, *, clock: Clock) -> Transport:
        return OverGrpc(network, clock=clock) if self.wired else InProcess(network)


WIRES = (Way("in process"), Way("over gRPC", wired=True))
WAYS = (*WIRES, Way("restarted", wired=True, restarted=True))


class Steps:
    """What a test does, step by step. `anew` runs before each one that begins while no other is under way."""

    def __init__(self, anew: Callable[[], Coroutine[Any, Any, None]] | None) -> None:
        self._anew = anew
        self._beginning = asyncio.Lock()
        self._under_way = 0

    @asynccontextmanager
    async def step(self) -> AsyncIterator[None]:
        if self._anew:
            async with self._beginning:
                if not self._under_way:
                    await to_its_end(self._anew())
                self._under_way += 1
        else:
            self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1


async def to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Nothing is left half done when who waits for it is cancelled."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    finally:
        await asyncio.wait([task])


class Stepping:
    """Something of which each call that is awaited is a step. `found` says what stands in its place by then."""

    def __init__(self, steps: Steps, found: Callable[[], Any]) -> None:
        self._steps = steps
        self._found = found

    def __getattr__(self, name: str) -> Any:
        here = getattr(self._found(), name)
        if not inspect.iscoroutinefunction(here):
            return here

        async def call(*args: Any, **options: Any) -> Any:
            async with self._steps.step():
                return await getattr(self._found(), name)(*args, **options)

        return call
