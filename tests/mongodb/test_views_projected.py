"""Projections and replays that write to MongoDB, end to end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.mongodb.fixtures import Databases
from tests.mongodb.views import view_store
from tests.read_side.world import HANDLERS, World
from tests.transports import WIRES

from blossm.core.view import Query
from blossm.model.indexes import view_plan

COUNTED = HANDLERS.replace('"painted")', '"painted", 10)')


@pytest.fixture
async def world(tmp_path: Path, mongodbs: Databases) -> AsyncIterator[World]:
    world = await World.open(tmp_path / "version_0", way=WIRES[0])
    world.rows = view_store(await mongodbs.having(view_plan(world.view_spec)), world.view_spec)
    await world.start()
    yield world
    await world.close()


async def live(world: World) -> None:
    for number in range(4):
        registered = ("shop.bicycle.registered", number, {"color": "red"})
        await world.log(registered, ("shop.bicycle.painted", number, {"color": "blue"}))
    await world.log(("shop.bicycle.sold", 1, {}), ("shop.bicycle.noted", 2, {"note": "scratched"}))


async def test_a_projection_makes_the_rows_of_its_events(world: World) -> None:
    await live(world)
    await world.projection.catch_up()
    bodies = await world.bodies()
    assert {number: body["painted"] for number, body in bodies.items()} == {0: 1, 2: 1, 3: 1}
    assert bodies[2]["notes"] == ["scratched"]


async def test_a_replay_switches_to_what_the_new_functions_make_and_can_be_taken_back(world: World) -> None:
    await live(world)
    await world.projection.catch_up()
    await world.define(COUNTED)
    done = await world.replay(lambda step: None)
    assert done.phase == "switched"
    assert {body["painted"] for body in (await world.bodies()).values()} == {10}
    await world.rollback()
    assert {body["painted"] for body in (await world.bodies()).values()} == {1}


async def test_a_write_is_read_back_by_its_position(world: World) -> None:
    await live(world)
    await world.projection.catch_up()
    appended = await world.log(("shop.bicycle.painted", 0, {"color": "green"}))
    await world.projection.catch_up()
    page = await world.view.query(Query(limit=1, min_position={"shop": appended.events[-1].position}))
    assert [row.body["color"] for row in page.content] == ["green"]
