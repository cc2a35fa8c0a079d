"""A procedure reaches exactly what the model allows it to reach."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.local.harbour import harbour

from blossm.core.commit import Commit, NewEvent
from blossm.core.errors import NotFound, PermissionDenied
from blossm.core.event import Tx
from blossm.local.clients import Directory, InProcessClients, Procedures
from blossm.model.edges import Edge, edges
from blossm.model.network import AnyProcedure, Ref
from blossm.ports import ReadPage

ROOT = "0b5e0f6e-6b0d-4f0f-9d3f-3a0c5d1f7a11"


class Reached:
    """Stands for any procedure: whatever is asked of it, it was reached."""

    def __getattr__(self, name: str) -> Callable[..., Awaitable[str]]:
        async def answer(*args: Any, **options: Any) -> str:
            return "reached"

        return answer


def directory() -> Directory:
    network = harbour()
    reached: Any = Reached()
    procedures = Procedures(
        event_stores=dict.fromkeys(network.services, reached),
        commands=dict.fromkeys(network.commands, reached),
        facts=dict.fromkeys(network.facts, reached),
        view_stores=dict.fromkeys(network.view_stores, reached),
    )
    return Directory(network, procedures)


def commit(domain: str) -> Commit:
    events = (NewEvent(domain, ROOT, "rung", 1, {}),)
    return Commit(id="1", key="1", events=events, tx=Tx("1"), created="2026-01-31T12:00:00.000000Z")


async def reach(clients: InProcessClients, callee: AnyProcedure) -> None:
    """Use a procedure as its callers do. Nobody may call a gateway, and no projection is called."""
    address = callee.address
    match callee.kind:
        case "event-store":
            service, _, domain = address.rpartition(".")
            await clients.event_stores(service).aggregate(domain, ROOT)
        case "command":
            await clients.command(address).call(None)  # type: ignore[arg-type]
        case "fact":
            await clients.fact(address).read(None)  # type: ignore[arg-type]
        case "view-store":
            await clients.view_store(address).generations()


CALLED = ("event-store", "command", "fact", "view-store")


@pytest.mark.parametrize("caller", list(harbour().procedures()), ids=lambda spec: f"{spec.kind} {spec.address}")
async def test_a_caller_reaches_a_procedure_if_and_only_if_the_model_has_an_edge(caller: AnyProcedure) -> None:
    allowed = edges(harbour())
    for callee in harbour().procedures():
        if callee.kind not in CALLED:
            continue
        clients = directory().clients(caller.ref)
        if Edge(caller.ref, callee.ref) in allowed:
            await reach(clients, callee)
        else:
            with pytest.raises(PermissionDenied) as denied:
                await reach(clients, callee)
            assert denied.value.facts["caller"] == f"{caller.kind}:{caller.address}"
            assert denied.value.facts["callee"] == f"{callee.kind}:{callee.address}"


@pytest.mark.parametrize("caller", list(harbour().procedures()), ids=lambda spec: f"{spec.kind} {spec.address}")
async def test_a_caller_logs_only_where_it_is_a_command_that_says_so(caller: AnyProcedure) -> None:
    for store in harbour().event_stores.values():
        command = harbour().commands.get(caller.address) if caller.kind == "command" else None
        try:
            await directory().clients(caller.ref).event_stores(store.service).append(commit(store.domain))
        except PermissionDenied:
            logged = False
        else:
            logged = True
        assert logged == (command is not None and command.service == store.service and store.domain in command.logs)


async def test_the_operator_reaches_everything() -> None:
    for callee in harbour().procedures():
        await reach(directory().operator(), callee)
    await directory().operator().event_stores("port").append(commit("crane"))


async def test_the_operator_is_told_what_is_not_there() -> None:
    with pytest.raises(NotFound, match=r"there is no command port\.berth\.sail"):
        directory().operator().command("port.berth.sail")


async def test_a_command_asks_its_own_log_for_an_earlier_reply_and_no_other() -> None:
    clients = directory().clients(Ref("command", "port.berth.steer"))
    await clients.event_stores("port").reply_to("key", "fingerprint")
    with pytest.raises(PermissionDenied):
        await clients.event_stores("crew").reply_to("key", "fingerprint")


async def test_a_projection_reads_the_domains_it_listens_to_and_asks_for_all_in_vain() -> None:
    asked: list[Any] = []

    class Log(Reached):
        async def read(self, after: int, *, limit: int = 500, domains: Any = None) -> ReadPage:
            asked.append(set(domains))
            return ReadPage((), 0)

    known = directory()
    known.procedures.event_stores["port"] = Log()  # type: ignore[assignment]
    log = known.clients(Ref("projection", "berths")).event_stores("port")
    await log.read(0)
    await log.read(0, domains=["berth"])
    assert asked == [{"berth"}, {"berth"}]
    with pytest.raises(PermissionDenied):
        await log.read(0, domains=["crane"])
