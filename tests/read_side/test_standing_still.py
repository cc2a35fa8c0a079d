"""A projection that can't go on stands still and says so; it never skips an event, and goes on when it can."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from tests.read_side.world import MakeWorld, World

from blossm.core.errors import Internal

PAINTED = "shop.bicycle.painted"
POISON = """
    from blossm import view

    def painted(event):
        if event.payload["color"] == "purple":
            raise ValueError("no purple")
        return view.increment(event.root, "painted")
"""


@pytest.fixture
async def poisoned(made: MakeWorld) -> World:
    world = await made(handlers=POISON, listens={"shop.bicycle": ("painted",)})
    for number, color in ((1, "red"), (1, "green"), (2, "purple"), (1, "blue")):
        await world.log((PAINTED, number, {"color": color}))
    return world


async def test_a_projection_stands_still_at_an_event_that_it_can_not_handle(poisoned: World) -> None:
    with pytest.raises(Internal, match="no purple"):
        await poisoned.projection.catch_up()
    status = poisoned.projection.status()
    error = status["error"]
    assert (status["state"], status["services"]["shop"]["position"]) == ("stopped", 2)
    assert (error["position"], error["handler"], error["file"], error["line"]) == (3, "painted", "bicycles.py", 6)
    assert await poisoned.bodies() == {1: {"painted": 2}}


async def test_a_projection_that_stands_still_does_not_ask_again_and_again(poisoned: World) -> None:
    for _ in range(3):
        with pytest.raises(Internal):
            await poisoned.projection.catch_up()
    await poisoned.log((PAINTED, 1, {"color": "red"}))
    with pytest.raises(Internal):
        await poisoned.projection.catch_up()
    assert poisoned.projection.status()["lag"] == 3


async def test_it_goes_on_once_a_new_definition_handles_the_event(poisoned: World) -> None:
    with pytest.raises(Internal):
        await poisoned.projection.catch_up()
    await poisoned.define(POISON.replace('"purple"', '"pink"'))
    await poisoned.projection.catch_up()
    assert await poisoned.bodies() == {1: {"painted": 3}, 2: {"painted": 1}}
    status = poisoned.projection.status()
    assert (status["state"], status["definition_changed"]) == ("live", True)


@pytest.mark.parametrize(
    ("returned", "problem"),
    [
        ('view.set(event.root, {"colour": "red"})', "colour"),
        ('view.set(event.root, {"color": 5})', "color"),
        ('view.increment(event.root, "color")', "color"),
        ('view.set("", {"color": "red"})', "id"),
        ('view.set(5, {"color": "red"})', "id"),
        ('view.set("\\ud800", {"color": "red"})', "id"),
        ('view.set(event.root, {"color": "red"}, context=5)', "context"),
        ('view.set(event.root, {"color": "red"}, context="\\ud800")', "context"),
        ('view.where({5: "x"}).set({"color": "red"})', "where"),
        ('view.where({"notes": "x"}).set({"color": "red"})', "notes"),
        ('view.where({"painted": 1}).set({"color": "red"})', "index"),
        ('"red"', "str"),
        ('[view.remove(event.root), 5]', "int"),
        ('view.Change(op="paint", id=event.root)', "paint"),
    ],
)
async def test_a_change_that_does_not_fit_names_event_handler_and_field(made: MakeWorld, returned: str, problem: str) -> None:
    world = await made(
        handlers=f"""
            from blossm import view

            def painted(event):
                return {returned}
            """,
        listens={"shop.bicycle": ("painted",)},
    )
    await world.log((PAINTED, 1, {"color": "green"}))
    with pytest.raises(Internal) as stopped:
        await world.projection.catch_up()
    assert (stopped.value.facts["position"], stopped.value.facts["handler"]) == (1, "painted")
    assert problem in stopped.value.message
    assert orjson.dumps(world.projection.status())


async def test_a_function_that_waits_and_then_exits_takes_nobody_along(made: MakeWorld) -> None:
    world = await made(handlers="async def painted(event):\n    exit()", listens={"shop.bicycle": ("painted",)})
    await world.log((PAINTED, 1, {"color": "green"}))
    with pytest.raises(Internal, match=r"bicycles.py:2: painted .* SystemExit"):
        await world.projection.catch_up()


async def test_a_hole_in_the_log_stops_it(made: MakeWorld) -> None:
    world = await made(
        handlers="""
            from blossm import view
            def registered(event): ...
            def painted(event): ...
            def sold(event): ...
            def noted(event): ...
            def mounted(event): ...
            """,
        listens={"shop.bicycle": ("registered", "painted", "sold", "noted"), "shop.wheel": ("mounted",)},
    )
    await world.log((PAINTED, 1, {"color": "green"}))
    await world.log((PAINTED, 1, {"color": "red"}))
    await world.log((PAINTED, 1, {"color": "blue"}))
    log: Any = world.logs["shop"]
    del log._commits[1], log._starts[1]
    with pytest.raises(Internal, match="hole"):
        await world.projection.catch_up()


async def its_log_is_lost(world: World) -> None:
    """The view has seen position 1 of a log that is empty now."""
    await world.log((PAINTED, 1, {"color": "green"}))
    await world.projection.catch_up()
    log: Any = world.logs["shop"]
    log.__init__(service="shop", network=world.network.name)
    await world.start()


async def test_another_log_than_the_one_it_has_seen_stops_it(world: World) -> None:
    await its_log_is_lost(world)
    await world.log((PAINTED, 1, {"color": "blue"}))
    with pytest.raises(Internal, match="restored"):
        await world.projection.catch_up()


async def test_a_log_that_ends_before_the_checkpoint_is_waited_for_then_stops_it(world: World) -> None:
    await its_log_is_lost(world)
    running = asyncio.create_task(world.projection.run())
    async with asyncio.timeout(10):
        while world.projection.status()["state"] != "stopped":
            await asyncio.sleep(0)
            world.clock.advance(1)
    running.cancel()
