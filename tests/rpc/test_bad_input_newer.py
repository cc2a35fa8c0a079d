"""Processes with two versions of one contract: what a newer one says an older one refuses or waits for, and harms nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest
from tests.local.harbour import harbour as older
from tests.rpc.hostile import Harbour, served_harbour
from tests.rpc.hostile_requests import BERTH

from blossm.core.commit import Commit, NewEvent
from blossm.core.errors import BadRequest, NotFound, Unavailable
from blossm.core.event import Tx
from blossm.core.request import Request
from blossm.model.fields import Field
from blossm.model.network import Action, Network
from blossm.ports import Clients

DEPTH = Field(type="integer", optional=True)
AT = "2026-01-31T12:00:00.000000Z"
ADD = "port.berth.add"


def newer() -> Network:
    """The harbour when berths have a depth, can be dredged, and there is one more fact about them."""
    network = older()
    berth = network.event_stores["port.berth"]
    opened = replace(berth.actions["opened"], payload=berth.actions["opened"].payload | {"depth": DEPTH})
    dredged = Action(name="dredged", payload={"depth": DEPTH})
    berth = replace(
        berth, schema=berth.schema | {"depth": DEPTH}, actions=berth.actions | {"opened": opened, "dredged": dredged}
    )
    add = replace(network.commands[ADD], payload=network.commands[ADD].payload | {"depth": DEPTH})
    depth = replace(network.facts["port.berth.ship"], name="depth", address="port.berth.depth")
    return replace(
        network,
        event_stores=network.event_stores | {berth.address: berth},
        commands=network.commands | {ADD: add},
        facts=network.facts | {depth.address: depth},
    )


def commit(key: str, action: str, **payload: Any) -> Commit:
    return Commit(id=key, key=key, events=(NewEvent("berth", BERTH, action, 1, payload),), tx=Tx("t"), created=AT)


def request(address: str, **payload: Any) -> Request:
    return Request(address=address, payload=payload, tx=Tx("t"), deadline=10.0)


# ---------------------------------------------------------------- a newer caller


@pytest.fixture
async def old_server() -> AsyncIterator[Harbour]:
    async with served_harbour() as harbour:
        yield harbour
        await harbour.unharmed()


@pytest.fixture
def new_caller(old_server: Harbour) -> Clients:
    return old_server.transport.operator_who_knows(newer())


async def test_a_command_is_not_done_without_what_its_caller_said_and_it_does_not_know(
    old_server: Harbour, new_caller: Clients
) -> None:
    with pytest.raises(BadRequest) as refused:
        await new_caller.command(ADD).call(request(ADD, name="north", depth=12))
    [field] = refused.value.fields
    assert field.path.startswith("payload")
    assert (await old_server.heads())["port"] == 1
    assert (await new_caller.command(ADD).call(request(ADD, name="north"))).events


@pytest.mark.parametrize(
    "new", [commit("a", "dredged", depth=1), commit("a", "opened", name="north", length=1, depth=12)], ids=["action", "field"]
)
async def test_an_event_that_a_log_does_not_know_is_not_logged_in_part(
    old_server: Harbour, new_caller: Clients, new: Commit
) -> None:
    with pytest.raises(BadRequest) as refused:
        await new_caller.event_stores("port").append(new)
    assert refused.value.fields
    assert (await old_server.heads())["port"] == 1
    assert await new_caller.event_stores("port").append(commit("b", "opened", name="north", length=1))


async def test_a_procedure_that_is_not_there_yet_is_told(new_caller: Clients) -> None:
    with pytest.raises(NotFound):
        await new_caller.fact("port.berth.depth").read(request("port.berth.depth"))


# ---------------------------------------------------------------- a newer callee


@pytest.fixture
async def new_server() -> AsyncIterator[Harbour]:
    async with served_harbour(newer()) as harbour:
        yield harbour
        await harbour.unharmed()


@pytest.fixture
def old_reader(new_server: Harbour) -> Clients:
    return new_server.transport.operator_who_knows(older())


async def test_a_reader_goes_on_without_the_fields_that_it_does_not_know(new_server: Harbour, old_reader: Clients) -> None:
    await new_server.transport.operator().event_stores("port").append(commit("a", "opened", name="n", length=1, depth=12))
    port = old_reader.event_stores("port")
    [event] = await port.root("berth", BERTH)
    assert event.payload == {"name": "n", "length": 1}
    assert (await port.aggregate("berth", BERTH)).value.state == {"name": "n", "length": 1}
    [logged] = (await port.read(0)).commits
    assert logged.commit.events[0].payload == {"name": "n", "length": 1}


async def test_a_reader_waits_at_an_event_that_it_does_not_know_and_steps_over_nothing(
    new_server: Harbour, old_reader: Clients
) -> None:
    writer = new_server.transport.operator().event_stores("port")
    await writer.append(commit("a", "opened", name="north", length=1))
    await writer.append(commit("b", "dredged", depth=12))
    await writer.append(commit("c", "rung"))
    port = old_reader.event_stores("port")
    for reading in (port.read(0), port.root("berth", BERTH)):
        with pytest.raises(Unavailable) as waits:
            await reading
        assert "blossm.yaml" in waits.value.help
        assert waits.value.facts
    with pytest.raises(Unavailable):
        async with aclosing(port.stream(0)) as pages:
            _ = [page async for page in pages]
    assert [logged.commit.events[0].action for logged in (await port.read(0, limit=1)).commits] == ["opened"]
    assert [logged.commit.events[0].action for logged in (await port.read(2)).commits] == ["rung"]


async def test_an_older_caller_is_answered_as_before(old_reader: Clients) -> None:
    answer = await old_reader.command(ADD).call(request(ADD, name="north", length=3))
    assert [event.action for event in answer.events] == ["opened"]
    with pytest.raises(BadRequest):
        await old_reader.command(ADD).call(request(ADD, name="", length=3))
