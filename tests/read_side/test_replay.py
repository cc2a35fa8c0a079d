"""A replay makes the view anew beside the one that is served, and what it makes is what living through the events made."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.read_side.world import HANDLERS, World, root
from tests.transports import Way

from blossm.core.errors import Conflict, Internal, PreconditionFailed, Unavailable
from blossm.core.view import Batch
from blossm.replay import Progress

REGISTERED, PAINTED, SOLD = "shop.bicycle.registered", "shop.bicycle.painted", "shop.bicycle.sold"
NOTED, RANKED = "shop.bicycle.noted", "staff.mechanic.ranked"

COUNTING_TWICE = HANDLERS.replace('view.increment(event.root, "painted")', 'view.increment(event.root, "painted", 2)')
BOTH = HANDLERS + """
    def ranked(state, event):
        return view.set(event.payload["bicycle"], {"rank": event.payload["rank"]})
"""


async def replayed(world: World, **options: Any) -> Progress:
    return [step async for step in world.replaying(**options)][-1]


@pytest.fixture
async def lived(world: World) -> World:
    """Some events, and a projection that has lived through them."""
    for number in range(3):
        await world.log((REGISTERED, number, {"color": "red"}))
        await world.log((PAINTED, number, {"color": "green"}))
    await world.projection.catch_up()
    return world


async def test_a_replay_gives_what_living_gave(lived: World) -> None:
    before = await lived.bodies()
    last = await replayed(lived)
    assert (last.phase, last.position, last.head, last.events) == ("switched", 6, 6, 6)
    assert last.verified is not None
    assert (last.verified.rows, last.verified.rows_before, last.verified.differ) == (3, 3, ())
    assert await lived.bodies() == before


async def test_a_replay_brings_the_most_recent_mapping(lived: World) -> None:
    await lived.define(COUNTING_TWICE)
    await lived.projection.catch_up()
    assert lived.projection.status()["definition_changed"]
    last = await replayed(lived)
    await lived.projection.catch_up()
    assert [row["painted"] for row in (await lived.bodies()).values()] == [2, 2, 2]
    assert last.verified is not None
    assert len(last.verified.differ) == 3
    assert not lived.projection.status()["definition_changed"]


async def test_nothing_is_visible_before_the_switch_and_the_live_view_goes_on(lived: World) -> None:
    await lived.define(COUNTING_TWICE)
    async for step in lived.replaying():
        if step.phase == "replaying":
            await lived.log((PAINTED, 0, {"color": "blue"})) if step.position == 6 else None
            await lived.projection.catch_up()
            assert all(row["painted"] in (1, 3) for row in (await lived.bodies()).values())
    await lived.projection.catch_up()
    assert [row["painted"] for row in (await lived.bodies()).values()] == [4, 2, 2]


async def test_an_event_between_catching_up_and_the_switch_is_not_lost(lived: World) -> None:
    async for step in lived.replaying():
        if step.phase == "verifying":
            await lived.log((PAINTED, 0, {"color": "blue"}))
    assert (await lived.bodies())[0] == {"color": "blue", "painted": 2}


async def test_the_live_projection_notices_the_switch(lived: World) -> None:
    running = asyncio.create_task(lived.projection.run())
    await asyncio.sleep(0)
    last = await replayed(lived)
    logged = await lived.log((PAINTED, 0, {"color": "blue"}))
    await asyncio.wait_for(lived.view.get(logged.events[0].root, min_position={"shop": logged.events[0].position}), 5)
    running.cancel()
    assert lived.projection.status()["generation"] == last.generation
    assert (await lived.bodies())[0] == {"color": "blue", "painted": 2}


async def test_a_replay_that_ended_early_goes_on_where_it_was(lived: World) -> None:
    apply, applied = lived.rows.apply, []

    async def dying(generation: int, batch: Batch) -> bool:
        applied.append(batch)
        if len(applied) == 1:
            await apply(generation, batch)
        raise Unavailable("the process is gone")

    lived.rows.apply = dying  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        await replayed(lived)
    lived.rows.apply = apply  # type: ignore[method-assign]
    building = (await lived.rows.generations()).building
    await lived.start()
    last = await replayed(lived)
    assert (last.generation, last.events) == (building, 0)
    assert [row["painted"] for row in (await lived.bodies()).values()] == [1, 1, 1]


async def test_a_replay_of_another_definition_starts_anew(lived: World) -> None:
    async for step in lived.replaying():
        if step.phase == "replaying":
            break
    building = (await lived.rows.generations()).building
    await lived.define(COUNTING_TWICE)
    last = await replayed(lived)
    assert building is not None
    assert last.generation > building
    assert [row["painted"] for row in (await lived.bodies()).values()] == [2, 2, 2]


async def test_only_one_replay_of_a_projection_runs_at_a_time(lived: World) -> None:
    first = lived.replaying()
    while (await anext(first)).phase != "replaying":
        pass
    await lived.log((PAINTED, 0, {"color": "blue"}))
    async for step in lived.replaying():
        if step.position == 7:
            break
    with pytest.raises(Conflict, match="another replay"):
        async for _ in first:
            pass


async def test_an_aborted_replay_leaves_the_live_view_and_ends_the_one_that_runs(lived: World) -> None:
    before = await lived.bodies()
    running = lived.replaying()
    while (await anext(running)).phase != "replaying":
        pass
    await lived.log((PAINTED, 0, {"color": "green"}))
    assert await lived.abort()
    assert not await lived.abort()
    with pytest.raises(Conflict, match="aborted"):
        async for _ in running:
            pass
    assert await lived.bodies() == before


async def test_a_dry_run_switches_nothing(lived: World) -> None:
    await lived.define(COUNTING_TWICE)
    last = await replayed(lived, dry_run=True)
    assert last.phase == "checked"
    assert last.verified is not None
    assert len(last.verified.differ) == 3
    generations = await lived.rows.generations()
    assert (generations.current, generations.building) == (1, None)


async def test_a_rollback_serves_the_former_rows_and_goes_on_with_them(lived: World) -> None:
    with pytest.raises(PreconditionFailed):
        await lived.rollback()
    await lived.define(COUNTING_TWICE)
    await replayed(lived)
    await lived.log((NOTED, 0, {"note": "later"}))
    assert await lived.rollback() == 1
    await lived.projection.catch_up()
    assert (await lived.bodies())[0] == {"color": "green", "painted": 1, "notes": ["later"]}


async def test_a_failure_names_event_handler_and_line_and_leaves_the_live_view(lived: World) -> None:
    before = await lived.bodies()
    await lived.define(HANDLERS.replace("[view.set(event.root, event.payload)", '[view.set(event.root, event.payload["x"])'))
    with pytest.raises(Internal) as failed:
        await replayed(lived)
    facts = failed.value.facts
    assert (facts["action"], facts["handler"], facts["file"], facts["line"]) == ("painted", "painted", "bicycles.py", 8)
    assert await lived.bodies() == before


async def test_waiting_for_the_first_matching_event_is_a_phase(world: World) -> None:
    await world.log(("shop.wheel.mounted", 1, {"bicycle": "x"}))
    phases = [step.phase async for step in world.replaying()]
    assert "waiting" in phases
    assert "replaying" not in phases
    await world.log((REGISTERED, 1, {"color": "red"}))
    assert "replaying" in [step.phase async for step in world.replaying()]


async def test_replay_tells_its_progress_to_a_function(lived: World) -> None:
    told: list[Progress] = []
    last = await lived.replay(told.append)
    assert told[-1] == last
    assert told[0].phase == "preparing"


NUMBERS = st.integers(1, 3)
COLORS = st.sampled_from(["red", "green"])
EVENTS: st.SearchStrategy[tuple[str, int, dict[str, Any]]] = st.one_of(
    st.tuples(st.just(REGISTERED), NUMBERS, st.fixed_dictionaries({"color": COLORS})),
    st.tuples(st.just(PAINTED), NUMBERS, st.fixed_dictionaries({"color": COLORS})),
    st.tuples(st.just(SOLD), NUMBERS, st.just({})),
    st.tuples(st.just(NOTED), NUMBERS, st.fixed_dictionaries({"note": COLORS})),
    st.tuples(st.just(RANKED), NUMBERS, st.fixed_dictionaries({"bicycle": NUMBERS.map(root), "rank": NUMBERS})),
)


@settings(max_examples=25, deadline=None)
@given(events=st.lists(st.tuples(EVENTS, st.booleans()), max_size=25))
async def test_a_replay_equals_living_whatever_happened(way: Way, events: list[tuple[Any, bool]]) -> None:
    with TemporaryDirectory() as folder:
        listens = {"shop.bicycle": ("registered", "painted", "sold", "noted"), "staff.mechanic": ("ranked",)}
        world = await World.open(Path(folder) / "version_0", way=way, handlers=BOTH, listens=listens)
        for event, looks in events:
            await world.log(event)
            if looks:
                await world.projection.catch_up()
        await world.projection.catch_up()
        lived = await world.bodies()
        assert (await replayed(world)).phase == "switched"
        assert await world.bodies() == lived
        await world.close()


