"""Who may call whom, tried for all pairs of the example's procedures, each in its own process, with each caller's own keys."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from blossm.adapters.clock import SystemClock
from blossm.core.commit import Commit, NewEvent
from blossm.core.errors import BlossmError, PermissionDenied, Unauthenticated
from blossm.core.event import Tx
from blossm.core.idempotency import new_id
from blossm.core.request import Request
from blossm.core.time import rfc3339
from blossm.local.places import InFolder
from blossm.local.processes.configs import HTTP
from blossm.local.processes.homes import called, home
from blossm.local.processes.network import ProcessNetwork
from blossm.local.state import StateFolder
from blossm.model.edges import Edge, edges
from blossm.model.load import load
from blossm.model.network import Network, Ref
from blossm.rpc.client import Reach, WireClients
from blossm.rpc.keys import key_for
from blossm.rpc.types import Types

CITY = Path(__file__).parents[2] / "examples" / "bicycle_city"
ROOT = "6db40070-a380-5820-89fd-cde3f7b0c950"

Try = Callable[[WireClients], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Apart:
    """The example, each procedure in its own process; what a caller is given, and what it would have to make up."""

    network: Network
    processes: ProcessNetwork
    types: Types

    def own_keys(self, caller: Ref) -> dict[Ref, Reach]:
        return {callee.ref: Reach(callee.address, callee.key) for callee in self.processes.configs.of(caller).reach}

    def key_of(self, caller: Ref, callee: Ref) -> str:
        """The key by which the callee would know the caller, whether it may have it or not."""
        return key_for(caller, self.processes.configs.of(callee).secret.encode())

    @asynccontextmanager
    async def clients(self, reach: dict[Ref, Reach]) -> AsyncIterator[WireClients]:
        """Clients that refuse nothing by themselves: what is refused, the callee refuses."""
        clients = WireClients(network=self.network, types=self.types, reach=reach, clock=SystemClock())
        try:
            yield clients
        finally:
            await clients.close()


@pytest.fixture
async def apart(tmp_path: Path) -> AsyncIterator[Apart]:
    city = Path(shutil.copytree(CITY, tmp_path / "city", ignore=shutil.ignore_patterns(".blossm", "__pycache__")))
    network = load(city)
    folder = StateFolder.hold(city)
    try:
        async with ProcessNetwork(network, folder, InFolder(folder), operator_token="open sesame", grace=5) as processes:
            yield Apart(network, processes, Types(network))
    finally:
        folder.close()


def request(address: str) -> Request:
    return Request(address=address, tx=Tx(new_id()), deadline=SystemClock().monotonic() + 30)


def commit(domain: str) -> Commit:
    """One that every event store refuses, whoever it is of: nothing is logged by these tests."""
    event = NewEvent(domain, ROOT, "no_such_action", 1, {})
    return Commit(id=new_id(), key=new_id(), events=(event,), tx=Tx(new_id()), created=rfc3339(SystemClock().now()))


def tries(network: Network, callee: Ref) -> dict[str, Try]:
    """The ways to call a process, by name: for event stores, to read and to log to each domain."""
    address = callee.address

    async def read(clients: WireClients, domain: str) -> object:
        return await clients.event_stores(address).aggregate(domain, ROOT)

    async def log(clients: WireClients, domain: str) -> object:
        return await clients.event_stores(address).append(commit(domain))

    async def command(clients: WireClients) -> object:
        return await clients.command(address).call(request(address))

    async def fact(clients: WireClients) -> object:
        if network.facts[address].stream:
            return [item async for item in clients.fact(address).stream(request(address))]
        return await clients.fact(address).read(request(address))

    async def view(clients: WireClients) -> object:
        return await clients.view_store(address).generations()

    match callee.kind:
        case "event-store":
            found: dict[str, Try] = {}
            for domain in network.stores_of(address):
                found[f"read {domain}"] = lambda clients, domain=domain: read(clients, domain)  # type: ignore[misc]
                found[f"log {domain}"] = lambda clients, domain=domain: log(clients, domain)  # type: ignore[misc]
            return found
        case "command":
            return {"call": command}
        case "fact":
            return {"read": fact}
        case _:
            return {"generations": view}


def allowed(network: Network, caller: Ref, callee: Ref, way: str) -> bool:
    """What the model says of it."""
    verb, _, domain = way.partition(" ")
    if callee.kind != "event-store":
        return Edge(caller, callee) in edges(network)
    if verb == "read":
        return Edge(caller, Ref("event-store", f"{callee.address}.{domain}")) in edges(network)
    command = network.commands.get(caller.address) if caller.kind == "command" else None
    return command is not None and command.service == callee.address and domain in command.logs


async def refusal(attempt: Awaitable[object]) -> str:
    """How the callee refused the caller; empty where it did not, whatever it thinks of the request."""
    try:
        await attempt
    except Unauthenticated:
        return "a stranger"
    except PermissionDenied as error:
        return "no edge" if "caller" in error.facts else ""  # a token that lacks a context is another thing
    except BlossmError:
        return ""
    return ""


async def test_every_pair_may_do_what_the_model_says_and_nothing_else(apart: Apart) -> None:
    network, listen = apart.network, apart.processes
    callees = [ref for ref in listen.processes if ref.kind not in HTTP]
    callers = [ref for ref in listen.processes if ref.kind not in ("event-store", "view-store")]
    wrong: list[tuple[Ref, Ref, str, str]] = []

    async def walk(caller: Ref) -> None:
        own = apart.own_keys(caller)
        assert set(own) == set(called(network)[caller])  # it is given keys along its edges, and no other
        stranger = own or {caller: Reach("", "command/nobody:0")}
        for callee in callees:
            address = listen.processes[callee].address
            foreign = next((reach.key for ref, reach in stranger.items() if ref != callee), "")
            known = {callee: own.get(callee, Reach(address, apart.key_of(caller, callee)))}
            async with apart.clients(known) as clients, apart.clients({callee: Reach(address, foreign)}) as strange:
                for way, attempt in tries(network, callee).items():
                    expected = "" if allowed(network, caller, callee, way) else "no edge"
                    found = await refusal(attempt(clients)), await refusal(attempt(strange))
                    if found != (expected, "a stranger"):
                        wrong.append((caller, callee, way, f"{found}, and not {expected!r}"))

    async with asyncio.TaskGroup() as walking:
        for caller in callers:
            walking.create_task(walk(caller))
    assert wrong == []
    await the_operator_passes(apart, callees)
    assert [await listen.operator.event_stores(service).head() for service in ("shop", "staff")] == [1, 1]


async def the_operator_passes(apart: Apart, callees: list[Ref]) -> None:
    async with apart.clients(apart.processes.configs.operators_reach()) as operator:
        for callee in callees:
            for attempt in tries(apart.network, callee).values():
                assert await refusal(attempt(operator)) == "", callee
    assert {home(ref) for _, ref in edges(apart.network)} == set(callees)  # every one of them is called by somebody
