"""A whole network whose logs, states and views are on MongoDB; only its timers are in the state folder."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from tests.local.city import city, named_anew, names, standing
from tests.local.harbour import harbour

from blossm.adapters.mongodb.client import Client
from blossm.core.errors import Unavailable
from blossm.core.request import Answer
from blossm.core.view import Query
from blossm.local.calls import request_to
from blossm.local.network import LocalNetwork
from blossm.local.operated import InThisProcess
from blossm.local.operations import LocalOperations
from blossm.local.reach import operations
from blossm.local.state import FolderError
from blossm.model.network import Network

GARAGE = {"garage": "7d1c1c1e-6f2e-4c53-9a43-0a6d0f5b0001"}


@pytest.fixture
async def server(mongodb_uri: str) -> AsyncIterator[Client]:
    """A client of the server's owner, who sees all databases."""
    async with AsyncMongoClient[dict[str, Any]](mongodb_uri) as owner:
        yield owner


@pytest.fixture
async def port(server: Client) -> AsyncIterator[Network]:
    """A harbour; its databases are dropped after the test."""
    async for network in _dropped(named_anew(harbour()), server):
        yield network


@pytest.fixture
async def town(server: Client) -> AsyncIterator[Network]:
    """A city; its databases are dropped after the test."""
    async for network in _dropped(city(), server):
        yield network


async def _dropped(network: Network, server: Client) -> AsyncIterator[Network]:
    yield network
    for name in names(network):
        await server.drop_database(name)


async def call(local: LocalNetwork, address: str, payload: dict[str, Any], *, root: str = "", **context: str) -> Answer:
    command = local.network.commands[address]
    request = request_to(command, payload, root=root, context=context, claims={}, clock=local.clock)
    return await local.operator.command(address).call(request)


async def berths(local: LocalNetwork) -> list[dict[str, Any]]:
    """What the view shows, after its projection has seen everything."""
    await local.projections["berths"].catch_up()
    page = await local.operator.view_store("berths").query(Query(sort=(("bells", "desc"),), limit=10))
    return [row.body for row in page.content]


async def test_commands_facts_and_views_go_on_where_they_were_when_the_network_opens_again(
    town: Network, mongodb_uri: str, tmp_path: Path
) -> None:
    async with standing(town, tmp_path, log=mongodb_uri) as local:
        bicycle = await call(local, "shop.bicycle.register", {"frame_color": "red", "wheels": 2}, **GARAGE)
        ada = await call(local, "staff.mechanic.hire", {"name": "Ada", "hourly": 40})
    async with standing(town, tmp_path) as local:
        await call(local, "shop.bicycle.paint", {"frame_color": "green"}, root=bicycle.root)
        await call(local, "shop.bicycle.repair", {"mechanic": ada.root, "work": "true"}, root=bicycle.root)
        logs = local.operator.event_stores("shop")
        green = await logs.query_aggregates("bicycle", {"frame_color": "green"})
        assert [found.root for found in green.value] == [bicycle.root]
        assert (await logs.query_aggregates("bicycle", {"frame_color": "red"})).value == ()
        await local.projections["garage.bicycles"].catch_up()
        row = await local.operator.view_store("garage.bicycles").get(bicycle.root, context=GARAGE["garage"])
        assert row.body["frame_color"] == "green"


async def test_a_view_is_replayed_and_put_back(port: Network, mongodb_uri: str, tmp_path: Path) -> None:
    async with standing(port, tmp_path, log=mongodb_uri) as local:
        for name in ("North", "South"):
            await call(local, "port.berth.add", {"name": name})
        before = await berths(local)
        operated = LocalOperations(InThisProcess(local, live=False), key=tmp_path / "key")
        *_, last = [step async for step in operated.run("replay", {"projection": "berths"})]
        assert last["verified"]["rows"] == 2
        assert await berths(local) == before
        [back] = [step async for step in operated.run("rollback", {"projection": "berths"})]
        assert await berths(local) == before
        assert back["projection"] == "berths"


async def test_a_call_for_later_is_found_in_the_log_after_a_restart_and_made_once(
    port: Network, mongodb_uri: str, tmp_path: Path
) -> None:
    async with standing(port, tmp_path, log=mongodb_uri) as local:
        berth = (await call(local, "port.berth.add", {"name": "North"})).root
        await call(local, "port.berth.steer_later", {"seconds": 0.01}, root=berth)
    async with standing(port, tmp_path) as local:
        local.start()
        async with aclosing(local.operator.event_stores("crew").stream(0, follow=True)) as pages:
            async with asyncio.timeout(20):
                commits = await anext(page.commits async for page in pages if page.commits)
    [event] = commits[0].events(service="crew", network=port.name)
    assert (event.action, event.payload) == ("called", {"berth": berth})
    assert (tmp_path / ".blossm" / "timers.db").exists()
    async with standing(port, tmp_path) as local:
        local.start()
        await call(local, "port.berth.add", {"name": "South"})
        assert await local.operator.event_stores("crew").head() == 2


async def test_the_folder_remembers_the_server_without_credentials(
    port: Network, mongodb_uri: str, tmp_path: Path
) -> None:
    async with standing(port, tmp_path, log=mongodb_uri) as local:
        await call(local, "port.berth.add", {"name": "North"})
        assert local.storage.shown == mongodb_uri
    record = tmp_path / ".blossm" / "mongodb.json"
    assert json.loads(record.read_text())["address"] == mongodb_uri
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    assert list((tmp_path / ".blossm" / "logs").iterdir()) == []
    async with operations(tmp_path, lambda: port) as reached:
        assert [event["action"] async for event in reached.run("events", {})] == ["opened"]
        [status] = [document async for document in reached.run("status", {})]
        assert status["kept"] == mongodb_uri


async def test_a_new_index_is_made_when_the_network_starts(port: Network, mongodb_uri: str, tmp_path: Path) -> None:
    async with standing(port, tmp_path, log=mongodb_uri):
        pass
    berth = port.event_stores["port.berth"]
    wider = replace(port, event_stores=port.event_stores | {"port.berth": replace(berth, indexes=("ship",))})
    async with standing(wider, tmp_path) as local:
        north = await call(local, "port.berth.add", {"name": "North"})
        await call(local, "port.berth.occupy", {"ship": "Argo"}, root=north.root)
        found = await local.operator.event_stores("port").query_aggregates("berth", {"ship": "Argo"})
        assert [aggregate.root for aggregate in found.value] == [north.root]


async def test_a_log_that_is_gone_is_not_begun_anew_in_silence(
    port: Network, mongodb_uri: str, server: Client, tmp_path: Path
) -> None:
    async with standing(port, tmp_path, log=mongodb_uri) as local:
        await call(local, "port.berth.add", {"name": "North"})
    for name in names(port):
        await server.drop_database(name)
    with pytest.raises(FolderError, match="is gone, with all that was logged") as refused:
        async with standing(port, tmp_path):
            pass
    assert "--fresh" in refused.value.help


async def test_fresh_forgets_the_databases_of_a_server_that_is_named(
    port: Network, mongodb_uri: str, tmp_path: Path
) -> None:
    async with standing(port, tmp_path, log=mongodb_uri) as local:
        await call(local, "port.berth.add", {"name": "North"})
        assert len(await berths(local)) == 1
    async with standing(port, tmp_path, log=mongodb_uri, fresh=True) as local:
        assert await local.operator.event_stores("port").head() == 1
        assert await berths(local) == []


async def test_fresh_alone_begins_anew_in_files_and_leaves_the_databases(
    port: Network, mongodb_uri: str, server: Client, tmp_path: Path
) -> None:
    async with standing(port, tmp_path, log=mongodb_uri) as local:
        await call(local, "port.berth.add", {"name": "North"})
    async with standing(port, tmp_path, fresh=True) as local:
        assert await local.operator.event_stores("port").head() == 1
        assert local.storage.shown == str(tmp_path / ".blossm")
    log = next(name for name in names(port) if name.endswith("-log-port"))
    assert await server[log]["log"].count_documents({}) == 1


async def test_logs_are_not_looked_for_where_they_are_not(port: Network, mongodb_uri: str, tmp_path: Path) -> None:
    for kind in ("files", "server"):
        (tmp_path / kind).mkdir()
    async with standing(port, tmp_path / "files") as local:
        await call(local, "port.berth.add", {"name": "North"})
    with pytest.raises(FolderError, match="are files") as refused:
        async with standing(port, tmp_path / "files", log=mongodb_uri):
            pass
    assert "--fresh" in refused.value.help
    async with standing(port, tmp_path / "server", log=mongodb_uri):
        pass
    with pytest.raises(FolderError, match="and not on mongodb://elsewhere") as refused:
        async with standing(port, tmp_path / "server", log="mongodb://elsewhere"):
            pass
    assert "mongodb.json" in refused.value.help


async def test_a_server_that_is_not_there_is_told_and_nothing_is_remembered(port: Network, tmp_path: Path) -> None:
    nowhere = "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=50"
    with pytest.raises(Unavailable, match="can't be reached"):
        async with standing(port, tmp_path, log=nowhere):
            pass
    assert not (tmp_path / ".blossm" / "mongodb.json").exists()
