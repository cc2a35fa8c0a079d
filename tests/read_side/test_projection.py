"""A projection maps each event onto its view once and in order, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.read_side.world import PLACE, MakeWorld, World, root

from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.adapters.sqlite.views import SqliteViewStore
from blossm.core.errors import Unavailable
from blossm.core.read_set import NO_READS, ReadSet
from blossm.core.request import FactAnswer, Request
from blossm.core.view import Batch, Checkpoint
from blossm.handlers.modules import HandlerError
from blossm.model.fields import Field
from blossm.model.network import FactSpec, Handler, Reads

REGISTERED, PAINTED, SOLD = "shop.bicycle.registered", "shop.bicycle.painted", "shop.bicycle.sold"


async def test_events_become_rows(world: World) -> None:
    await world.log((REGISTERED, 1, {"color": "red"}))
    await world.log((PAINTED, 1, {"color": "green"}), (REGISTERED, 2, {"color": "blue"}))
    await world.projection.catch_up()
    assert await world.bodies() == {1: {"color": "green", "painted": 1}, 2: {"color": "blue", "painted": 0}}


async def test_a_projection_that_starts_anew_goes_on_where_it_was(world: World) -> None:
    await world.log((REGISTERED, 1, {"color": "red"}))
    await world.projection.catch_up()
    await world.log((PAINTED, 1, {"color": "green"}))
    await world.start()
    await world.projection.catch_up()
    assert await world.bodies() == {1: {"color": "green", "painted": 1}}


async def test_catching_up_twice_changes_nothing(world: World) -> None:
    await world.log((PAINTED, 1, {"color": "green"}))
    await world.projection.catch_up()
    await world.projection.catch_up()
    assert (await world.bodies())[1]["painted"] == 1


@pytest.mark.ways("in process", "over gRPC", because="the projections live on from step to step")
async def test_two_projections_at_once_handle_each_event_once(world: World) -> None:
    twins = [world.another_projection() for _ in range(3)]
    for _ in range(5):
        for number in range(4):
            await world.log((PAINTED, number, {"color": "green"}))
        await asyncio.gather(*(twin.catch_up() for twin in twins))
    assert [row["painted"] for row in (await world.bodies()).values()] == [5] * 4


async def test_a_slow_twin_changes_nothing(world: World) -> None:
    await world.log((PAINTED, 1, {"color": "green"}))
    slow: list[Batch] = []
    apply = world.rows.apply

    async def overtaken(generation: int, batch: Batch) -> bool:
        slow.append(batch)
        return await apply(generation, batch)

    world.rows.apply = overtaken  # type: ignore[method-assign]
    await world.projection.catch_up()
    await world.log((PAINTED, 1, {"color": "red"}))
    await world.projection.catch_up()
    assert not await world.view.apply(slow[0])
    assert (await world.bodies())[1] == {"color": "red", "painted": 2}


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_crash_while_a_batch_is_applied_loses_and_doubles_nothing(world: World, when: str) -> None:
    apply = world.rows.apply

    async def crashing(generation: int, batch: Batch) -> bool:
        if when == "after":
            await apply(generation, batch)
        raise Unavailable("the answer was lost")

    await world.log((PAINTED, 1, {"color": "green"}))
    world.rows.apply = crashing  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        await world.projection.catch_up()
    world.rows.apply = apply  # type: ignore[method-assign]
    await world.start()
    await world.projection.catch_up()
    assert (await world.bodies())[1]["painted"] == 1


@pytest.mark.parametrize("asked", ["checkpoints", "definition"])
async def test_a_view_that_is_not_there_while_a_projection_looks_where_it_is_is_asked_again(world: World, asked: str) -> None:
    async def absent(generation: int) -> None:
        raise Unavailable("it is being replaced")

    await world.log((PAINTED, 1, {"color": "green"}))
    there = getattr(world.rows, asked)
    setattr(world.rows, asked, absent)
    with pytest.raises(Unavailable):
        await world.projection.catch_up()
    setattr(world.rows, asked, there)
    await world.projection.catch_up()
    assert (await world.bodies())[1]["painted"] == 1


async def test_a_cancelled_run_loses_nothing(world: World) -> None:
    for number in range(30):
        await world.log((PAINTED, number % 3, {"color": "green"}))
    for turns in range(1, 12):
        running = asyncio.create_task(world.projection.run())
        for _ in range(turns):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait([running])
    await world.projection.catch_up()
    assert [row["painted"] for row in (await world.bodies()).values()] == [10] * 3


async def test_a_wake_up_makes_a_running_projection_look(world: World) -> None:
    running = asyncio.create_task(world.projection.run())
    await asyncio.sleep(0)
    logged = await world.log((REGISTERED, 1, {"color": "red"}))
    position = {"shop": logged.events[-1].position}
    row = await asyncio.wait_for(world.view.get(logged.events[0].root, min_position=position), 5)
    running.cancel()
    assert row.body["color"] == "red"


async def test_what_is_transient_is_tried_again(made: MakeWorld) -> None:
    world = await made(
        handlers="""
            from blossm import Unavailable, view
            tries = []

            def painted(event):
                tries.append(event)
                if len(tries) < 3:
                    raise Unavailable("not now")
                return view.increment(event.root, "painted")
            """,
        listens={"shop.bicycle": ("painted",)},
    )
    await world.log((PAINTED, 1, {"color": "green"}))
    running = asyncio.create_task(world.projection.run())
    while not await world.bodies():
        await asyncio.sleep(0.001)  # the thread that asks the function
        if world.clock.sleeping:
            status = world.projection.status()
            assert (status["state"], status["error"]["message"]) == ("behind", "not now")
            world.clock.advance(10)
    running.cancel()
    assert (await world.bodies())[1]["painted"] == 1


async def test_commits_of_other_domains_are_passed_over_and_the_checkpoint_with_them(world: World) -> None:
    await world.log(("shop.wheel.mounted", 9, {"bicycle": "x"}))
    await world.log((REGISTERED, 1, {"color": "red"}), ("shop.wheel.mounted", 8, {"bicycle": "x"}))
    await world.log(("shop.wheel.mounted", 9, {"bicycle": "x"}))
    await world.projection.catch_up()
    assert await world.view.checkpoints() == {"shop": Checkpoint(4, "commit 3")}
    assert list(await world.bodies()) == [1]


async def test_the_state_is_that_as_of_the_event(made: MakeWorld) -> None:
    world = await made(
        handlers="""
            from blossm import view

            def painted(state, event):
                state["color"] = state["color"].upper()
                return view.add(event.root, "notes", f"{state.get('note')} {state['color']}")
            """,
        listens={"shop.bicycle": ("painted",)},
    )
    for color, note in (("red", "a"), ("green", "b"), ("blue", "c")):
        await world.log(("shop.bicycle.noted", 1, {"note": note}), (PAINTED, 1, {"color": color}))
    await world.projection.catch_up()
    expected = ["a RED", "b GREEN", "c BLUE"]
    assert (await world.bodies())[1]["notes"] == expected
    await world.start()  # what was folded along is gone
    await world.log((PAINTED, 1, {"color": "gray"}))
    await world.projection.catch_up()
    assert (await world.bodies())[1]["notes"] == [*expected, "c GRAY"]


async def test_handlers_may_be_async(made: MakeWorld) -> None:
    world = await made(
        handlers="""
            import asyncio
            from blossm import view

            async def painted(event):
                await asyncio.sleep(0)
                return view.set(event.root, event.payload)
            """,
        listens={"shop.bicycle": ("painted",)},
    )
    await world.log((PAINTED, 1, {"color": "green"}))
    await world.projection.catch_up()
    assert (await world.bodies())[1]["color"] == "green"


async def test_what_a_function_does_to_its_event_and_state_changes_no_later_state(made: MakeWorld) -> None:
    world = await made(
        handlers="""
            from blossm import view

            def noted(state, event):
                event.payload["note"] += "!"
                state["color"] = "gone"
                return view.put(event.root, {})

            def painted(state, event):
                return view.add(event.root, "notes", state["note"], state["color"])
            """,
        listens={"shop.bicycle": ("noted", "painted")},
    )
    await world.log(("shop.bicycle.noted", 1, {"note": "a"}), (PAINTED, 1, {"color": "blue"}))
    await world.projection.catch_up()
    assert (await world.bodies())[1]["notes"] == ["a", "blue"]


async def test_a_function_may_read_the_facts_that_the_projection_names(made: MakeWorld) -> None:
    world = await made(
        handlers="""
            from blossm import view

            async def painted(event, fact):
                price = await fact("shop.bicycle.price", {"color": event.payload["color"]}, root=event.root)
                return view.set(event.root, {"rank": price})
            """,
        listens={"shop.bicycle": ("painted",)},
    )
    price = Price()
    world.spec = replace(world.spec, reads=Reads(facts=("shop.bicycle.price",)))
    world.network = replace(world.network, projections={world.spec.address: world.spec}, facts={PRICE.address: PRICE})
    world.facts["shop.bicycle.price"] = price
    await world.start()
    await world.log((PAINTED, 1, {"color": "red"}), context="north")
    await world.projection.catch_up()
    assert (await world.bodies())[1]["rank"] == 3
    asked = price.asked[0]
    assert (asked.root, asked.payload, asked.context, asked.tx.id) == (root(1), {"color": "red"}, {"garage": "north"}, "tx 1")


PRICE = FactSpec(
    name="price",
    address="shop.bicycle.price",
    at=PLACE,
    service="shop",
    domain="bicycle",
    handler=Handler("facts.py", "price"),
    query={"color": Field(type="string")},
    response=Field(type="integer"),
    root="required",
)


class Price:
    """A fact: the number of letters of a color."""

    def __init__(self) -> None:
        self.asked: list[Request] = []

    async def read(self, request: Request, *, reads: ReadSet = NO_READS) -> FactAnswer:
        self.asked.append(request)
        return FactAnswer(response=len(request.payload["color"]))

    def stream(self, request: Request) -> AsyncIterator[Any]:
        raise NotImplementedError


async def test_a_function_for_the_domain_goes_before_one_for_the_action(made: MakeWorld) -> None:
    world = await made(
        handlers="""
            from blossm import view

            def bicycle_painted(event):
                return view.set(event.root, {"color": "of the domain"})

            def painted(event):
                return view.set(event.root, {"color": "of the action"})
            """,
        listens={"shop.bicycle": ("painted",)},
    )
    await world.log((PAINTED, 1, {"color": "green"}))
    await world.projection.catch_up()
    assert (await world.bodies())[1]["color"] == "of the domain"


async def test_a_missing_function_is_told_at_the_start(made: MakeWorld) -> None:
    with pytest.raises(HandlerError, match="painted"):
        await made(handlers="", listens={"shop.bicycle": ("painted",)})


async def test_status_tells_position_head_and_lag(world: World) -> None:
    await world.log((REGISTERED, 1, {"color": "red"}))
    assert world.projection.status()["state"] == "behind"
    await world.projection.catch_up()
    status = world.projection.status()
    assert (status["state"], status["lag"], status["error"]) == ("live", 0, None)
    assert status["services"] == {"shop": {"position": 1, "head": 1, "lag": 0}}


async def test_a_cancelled_run_on_files_and_threads_loses_nothing(made: MakeWorld, tmp_path: Path) -> None:
    world = await made(
        handlers="""
            from blossm import view

            def painted(state, event):
                return [view.set(event.root, state), view.increment(event.root, "painted")]
            """,
        listens={"shop.bicycle": ("painted",)},
    )
    world.logs["shop"] = SqliteLogStore.open(tmp_path / "shop.db", service="shop", network=world.network.name)
    world.rows = SqliteViewStore.open(tmp_path / "bicycles.db", world.view_spec)
    await world.start()
    for number in range(60):
        await world.log((PAINTED, number % 3, {"color": f"{number}"}))
    for moment in range(10):
        running = asyncio.create_task(world.projection.run())
        await asyncio.wait([running], timeout=moment / 1000)  # somewhere in the middle
        running.cancel()
        await asyncio.wait([running])
    await world.projection.catch_up()
    assert [(row["color"], row["painted"]) for row in (await world.bodies()).values()] == [("57", 20), ("58", 20), ("59", 20)]
    await world.rows.close()
    await world.logs["shop"].close()
