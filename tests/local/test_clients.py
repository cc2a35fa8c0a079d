"""A procedure reaches exactly what the model allows it to reach, in process and over a wire."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from typing import Any

import pytest
from tests.local.harbour import harbour
from tests.transports import OverGrpc, Transport, Way

from blossm.adapters.memory.clock import FakeClock
from blossm.core.commit import Appended, Commit, NewEvent, StoredReply
from blossm.core.errors import NotFound, PermissionDenied
from blossm.core.event import Aggregate, Tx
from blossm.core.request import Answer, FactAnswer, Request
from blossm.model.edges import Edge, edges
from blossm.model.network import AnyProcedure, Ref
from blossm.ports import Clients, Generations, Reading, ReadPage
from blossm.procedures.standing import Procedures

ROOT = "0b5e0f6e-6b0d-4f0f-9d3f-3a0c5d1f7a11"
AT = "2026-01-31T12:00:00.000000Z"


class Log:
    """Stands for the event stores of a service: whatever is asked, they were reached."""

    def __init__(self) -> None:
        self.asked_of: list[set[str]] = []

    async def append(self, commit: Commit, **what: Any) -> Appended:
        return Appended((), AT, StoredReply())

    async def reply_to(self, key: str, fingerprint: str) -> Appended | None:
        return None

    async def aggregate(self, domain: str, root: str, **at: Any) -> Reading[Aggregate]:
        return Reading(Aggregate(root, {}), 1)

    async def read(self, after: int, *, limit: int = 500, domains: Collection[str] = ()) -> ReadPage:
        self.asked_of.append(set(domains))
        return ReadPage((), 0)


class Command:
    async def call(self, request: Request) -> Answer:
        return Answer()


class Fact:
    async def read(self, request: Request, **what: Any) -> FactAnswer:
        return FactAnswer(response=None)


class View:
    async def generations(self) -> Generations:
        return Generations(current=1)


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
async def transport(wire: Way, log: Log) -> AsyncIterator[Transport]:
    network = harbour()
    transport = wire.transport(network, clock=FakeClock())
    stand_ins: dict[str, dict[str, Any]] = {
        "event_stores": dict.fromkeys(network.services, log),
        "commands": dict.fromkeys(network.commands, Command()),
        "facts": dict.fromkeys(network.facts, Fact()),
        "view_stores": dict.fromkeys(network.view_stores, View()),
    }
    await transport.serve(Procedures(**stand_ins))
    yield transport
    await transport.close()


def commit(domain: str) -> Commit:
    return Commit(id="1", key="1", events=(NewEvent(domain, ROOT, "rung", 1, {}),), tx=Tx("1"), created=AT)


def request(address: str) -> Request:
    return Request(address=address, tx=Tx("1"), deadline=10.0)


async def reach(clients: Clients, callee: AnyProcedure) -> None:
    """Use a procedure as its callers do. Nobody may call a gateway, and no projection is called."""
    address = callee.address
    match callee.kind:
        case "event-store":
            service, _, domain = address.rpartition(".")
            await clients.event_stores(service).aggregate(domain, ROOT)
        case "command":
            await clients.command(address).call(request(address))
        case "fact":
            await clients.fact(address).read(request(address))
        case "view-store":
            await clients.view_store(address).generations()


def called() -> list[AnyProcedure]:
    kinds = ("event-store", "command", "fact", "view-store")
    return [procedure for procedure in harbour().procedures() if procedure.kind in kinds]


def allowed_to_log(caller: AnyProcedure, service: str, domain: str) -> bool:
    command = harbour().commands.get(caller.address) if caller.kind == "command" else None
    return command is not None and command.service == service and domain in command.logs


every_caller = pytest.mark.parametrize(
    "caller", list(harbour().procedures()), ids=lambda spec: f"{spec.kind} {spec.address}"
)


async def reached_are_exactly_its_callees(clients: Clients, caller: AnyProcedure) -> None:
    allowed = edges(harbour())
    for callee in called():
        if Edge(caller.ref, callee.ref) in allowed:
            await reach(clients, callee)
        else:
            with pytest.raises(PermissionDenied) as denied:
                await reach(clients, callee)
            assert denied.value.facts["caller"] == f"{caller.kind}:{caller.address}"
            assert denied.value.facts["callee"] in (
                f"{callee.kind}:{callee.address}",
                f"{callee.kind}:{callee.address.partition('.')[0]}",  # no domain of the log at all
            )


async def logged_is_only_where_it_says_so(clients: Clients, caller: AnyProcedure) -> None:
    for store in harbour().event_stores.values():
        if allowed_to_log(caller, store.service, store.domain):
            await clients.event_stores(store.service).append(commit(store.domain))
        else:
            with pytest.raises(PermissionDenied):
                await clients.event_stores(store.service).append(commit(store.domain))


@every_caller
async def test_a_caller_reaches_a_procedure_if_and_only_if_the_model_has_an_edge(
    transport: Transport, caller: AnyProcedure
) -> None:
    await reached_are_exactly_its_callees(transport.clients(caller.ref), caller)


@every_caller
async def test_a_caller_logs_only_where_it_is_a_command_that_says_so(transport: Transport, caller: AnyProcedure) -> None:
    await logged_is_only_where_it_says_so(transport.clients(caller.ref), caller)


@pytest.mark.ways("over gRPC", because="in process nobody has a key")
@every_caller
async def test_a_caller_with_more_keys_than_edges_is_refused_by_the_callee_itself(
    transport: OverGrpc, caller: AnyProcedure
) -> None:
    clients = transport.with_every_key(caller.ref)
    await reached_are_exactly_its_callees(clients, caller)
    await logged_is_only_where_it_says_so(clients, caller)


async def test_the_operator_reaches_everything(transport: Transport) -> None:
    for callee in called():
        await reach(transport.operator(), callee)
    await transport.operator().event_stores("port").append(commit("crane"))


async def test_the_operator_is_told_what_is_not_there(transport: Transport) -> None:
    with pytest.raises(NotFound, match=r"there is no command port\.berth\.sail"):
        transport.operator().command("port.berth.sail")


async def test_a_command_asks_its_own_log_for_an_earlier_reply_and_no_other(transport: Transport) -> None:
    clients = transport.clients(Ref("command", "port.berth.steer"))
    await clients.event_stores("port").reply_to("key", "fingerprint")
    with pytest.raises(PermissionDenied):
        await clients.event_stores("crew").reply_to("key", "fingerprint")


async def test_a_projection_reads_the_domains_it_listens_to_and_asks_for_all_in_vain(transport: Transport, log: Log) -> None:
    port = transport.clients(Ref("projection", "berths")).event_stores("port")
    await port.read(0)
    await port.read(0, domains=["berth"])
    assert log.asked_of == [{"berth"}, {"berth"}]
    with pytest.raises(PermissionDenied):
        await port.read(0, domains=["crane"])
