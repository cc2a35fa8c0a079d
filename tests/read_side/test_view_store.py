"""A view store answers what a declared index answers, as its format shapes it, and waits for what a reader has written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

import pytest
from structlog.testing import capture_logs
from tests.read_side.world import World, root
from tests.transports import Stepping, Steps, Way

from blossm.adapters.memory.clock import FakeClock
from blossm.adapters.memory.views import MemoryViewStore
from blossm.core.errors import BadRequest, DeadlineExceeded, Internal, NotFound
from blossm.core.view import Checkpoint, Comparison, Query
from blossm.handlers.modules import Modules
from blossm.model.network import Handler, Network
from blossm.ports import ViewStoreClient
from blossm.procedures.standing import Procedures
from blossm.procedures.view_store import PATIENCE, ViewStoreProcedure
from blossm.testing.contracts.view_store import batch, bicycles, put

Make = Callable[..., Awaitable[ViewStoreClient]]


@pytest.fixture
async def make(tmp_path: Path, way: Way) -> AsyncIterator[Make]:
    running = AsyncExitStack()
    client: ViewStoreClient

    async def make(*, format: str = "", **declared: Any) -> ViewStoreClient:
        if format:
            (tmp_path / "format.py").write_text(format)
            declared["format"] = Handler("format.py", "bicycles")
        spec, clock = bicycles(**declared), FakeClock()
        network = Network(name="city.example", environment="development", environments={}, view_stores={spec.address: spec})
        rows = MemoryViewStore(spec)

        async def start() -> None:
            nonlocal client
            await running.aclose()
            view = ViewStoreProcedure(spec=spec, network=network, store=rows, modules=Modules(tmp_path), clock=clock)
            transport = way.transport(network, clock=clock)
            running.push_async_callback(transport.close)
            await transport.serve(Procedures(view_stores={spec.address: view}))
            client = transport.operator().view_store(spec.address)

        await start()
        return cast(ViewStoreClient, Stepping(Steps(start if way.restarted else None), lambda: client))

    yield make
    await running.aclose()


def asked(field: str, value: Any, op: Any = "eq", **rest: Any) -> Query:
    return Query(where=(Comparison(field, op, value),), **rest)


# ---------------------------------------------------------------- questions


async def test_values_are_brought_to_the_fields_type(make: Make) -> None:
    view = await make()
    await view.apply(batch(put("a", color="red", weight=2.0)))
    assert [row.id for row in (await view.query(asked("weight", 2))).content] == ["a"]


@pytest.mark.parametrize(
    ("query", "off"),
    [
        (asked("colour", "red"), "colour"),
        (asked("color", 5), "color"),
        (asked("painted", "2"), "painted"),
        (asked("sold", 1), "sold"),
        (asked("tags", ["x"]), "tags"),
        (asked("owner", {"name": "ada"}), "owner"),
        (asked("painted", "2", "prefix"), "painted"),
        (asked("color", "", "prefix"), "color"),
        (asked("color", {"$gt": ""}), "color"),
        (asked("painted", 1), "painted"),
        (asked("color", ["red"] * 101, "in"), "color"),
        (Query(limit=0), "limit"),
        (Query(limit=501), "limit"),
        (Query(sort=(("color", "asc"),)), "sort"),
        (Query(where=(Comparison("color", "eq", "red"), Comparison("color", "eq", "blue"))), "color"),
        (Query(where=(Comparison("weight", "gt", 1.0), Comparison("color", "gt", "a"))), "weight, color"),
    ],
)
async def test_what_the_view_can_not_answer_is_refused_by_name(make: Make, query: Query, off: str) -> None:
    view = await make(indexes=(("color",), ("sold", "painted"), ("weight",)), sorts=())
    with pytest.raises(BadRequest) as refused:
        await view.query(query)
    assert off in [field.path for field in refused.value.fields] or off in refused.value.message


@pytest.mark.parametrize(
    ("query", "help"),
    [
        (asked("painted", 1), "[painted]"),
        (Query(where=(Comparison("color", "eq", "red"), Comparison("weight", "gt", 1.0))), "[color, weight]"),
        (Query(sort=(("color", "asc"), ("weight", "desc"))), "{color: asc}, {weight: desc}"),
        (Query(text="red"), "text"),
    ],
)
async def test_a_refusal_names_what_to_declare(make: Make, query: Query, help: str) -> None:
    view = await make(indexes=(("color",), ("weight",)), sorts=(), text=())
    with pytest.raises(BadRequest) as refused:
        await view.query(query)
    assert help in refused.value.help


async def test_an_index_answers_equalities_in_any_order_and_then_one_range(make: Make) -> None:
    view = await make()
    for where in (
        (Comparison("painted", "gte", 1), Comparison("sold", "eq", True)),
        (Comparison("sold", "eq", True), Comparison("painted", "gte", 1), Comparison("painted", "lt", 3)),
        (Comparison("painted", "eq", 1), Comparison("sold", "in", [True, False])),
    ):
        assert (await view.query(Query(where=where))).content == ()


# ---------------------------------------------------------------- changes


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "body.color"),
        ({"color": "red", "painted": "1"}, "body.painted"),
        ({"color": "red", "owner": {}}, "body.owner.name"),
        ({"color": "red", "tags": ["x", 1]}, "body.tags[1]"),
        ({"color": "red", "colour": "red"}, "body.colour"),
    ],
)
async def test_a_put_is_a_whole_row(make: Make, body: dict[str, Any], path: str) -> None:
    with pytest.raises(BadRequest) as refused:
        await (await make()).apply(batch(put("a", **body)))
    assert path in [field.path for field in refused.value.fields]
    assert refused.value.facts == {"service": "shop", "position": 1, "id": "a"}


# ---------------------------------------------------------------- rows


async def test_format_shapes_rows_on_their_way_out(make: Make) -> None:
    view = await make(format="def bicycles(body):\n    return {'shade': body['color'].upper()}\n")
    await view.apply(batch(put("a", color="red")))
    assert (await view.get("a")).body == {"shade": "RED"}
    assert [row.body for row in (await view.query(Query())).content] == [{"shade": "RED"}]


async def test_a_format_that_changes_what_it_is_given_changes_no_row(make: Make) -> None:
    view = await make(format="def bicycles(body):\n    body['tags'].append('shown')\n    return body\n")
    await view.apply(batch(put("a", color="red", tags=[])))
    assert [(await view.get("a")).body["tags"] for _ in range(2)] == [["shown"], ["shown"]]


async def test_a_format_that_breaks_says_only_an_id(make: Make) -> None:
    view = await make(format="def bicycles(body):\n    return body['secret']\n")
    await view.apply(batch(put("a", color="red")))
    with pytest.raises(Internal) as broken:
        await view.get("a")
    assert "secret" not in str(broken.value.as_dict())
    assert broken.value.facts["id"]


async def test_a_format_that_returns_no_body_is_told_in_the_log(make: Make) -> None:
    view = await make(format="def bicycles(body):\n    body['shade'] = 'dark'\n")
    await view.apply(batch(put("a", color="red")))
    with capture_logs() as logs, pytest.raises(Internal):
        await view.get("a")
    assert logs[0]["problem"] == "returned NoneType, not the row's body (a dict)"


async def test_a_row_of_another_context_is_not_there(make: Make) -> None:
    view = await make(context="garage", address="garage.bicycles")
    await view.apply(batch(put("a", color="red", context="north"), put("b", color="red")))
    assert (await view.get("a", context="north")).id == "a"
    for id, context in (("a", "south"), ("a", ""), ("b", ""), ("b", "north"), ("c", None)):
        with pytest.raises(NotFound):
            await view.get(id, context=context)


# ---------------------------------------------------------------- read your own write


async def test_a_reader_waits_until_the_view_has_seen_its_write(world: World) -> None:
    await world.log(("shop.bicycle.registered", 1, {"color": "red"}))
    reading = asyncio.create_task(world.view.get(root(1), min_position={"shop": 1}))
    asking = asyncio.create_task(world.view.query(asked("color", "red", min_position={"shop": 1})))
    await asyncio.sleep(0)
    assert not reading.done()
    await world.projection.catch_up()
    assert (await reading).body["color"] == "red"
    assert len((await asking).content) == 1


async def test_a_reader_waits_for_a_write_that_the_projection_only_passes_over(world: World) -> None:
    await world.log(("shop.wheel.mounted", 1, {"bicycle": "x"}))
    asking = asyncio.create_task(world.view.query(Query(min_position={"shop": 1})))
    await world.projection.catch_up()
    assert (await asking).content == ()


async def test_a_reader_does_not_wait_for_ever(world: World) -> None:
    asking = asyncio.create_task(world.view.query(Query(min_position={"shop": 7})))
    await _until(world.clock)
    world.clock.advance(PATIENCE)
    with pytest.raises(DeadlineExceeded) as late:
        await asking
    assert late.value.facts == {"asked": {"shop": 7}, "seen": {"shop": 0}}


async def test_positions_of_services_that_the_view_does_not_come_from_are_no_matter(world: World) -> None:
    assert (await world.view.query(Query(min_position={"staff": 99, "elsewhere": 1}))).content == ()


async def test_a_reader_sees_what_another_process_wrote(world: World) -> None:
    asking = asyncio.create_task(world.view.query(Query(min_position={"shop": 1})))
    await _until(world.clock)
    await world.rows.apply(1, batch(put(root(1), color="red")))  # past this procedure
    world.clock.advance(1)
    assert len((await asking).content) == 1


async def test_an_answer_is_not_older_than_what_was_asked_for_though_another_generation_is_served_by_then(world: World) -> None:
    await world.log(("shop.bicycle.registered", 1, {"color": "red"}))
    await world.projection.catch_up()
    checkpoints = world.rows.checkpoints

    async def switched_meanwhile(generation: int) -> dict[str, Checkpoint]:
        seen = await checkpoints(generation)
        await world.rows.switch(current=generation, to=await world.rows.begin())
        return seen

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.rows, "checkpoints", switched_meanwhile)
        assert (await world.view.get(root(1), min_position={"shop": 1})).body["color"] == "red"


async def _until(clock: FakeClock) -> None:
    """Let others run until somebody waits for time to pass."""
    while not clock.sleeping:  # noqa: ASYNC110 - the clock has no event for it
        await asyncio.sleep(0)


