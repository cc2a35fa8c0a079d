"""What the way to a view store promises to who projects and who queries, as a suite.

Subclass `ViewStoreClientContract` and say in `client` how `view`, a real view store in memory, is reached.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from blossm.adapters.memory.clock import FakeClock
from blossm.adapters.memory.views import MemoryViewStore
from blossm.core.errors import BadRequest, DeadlineExceeded, NotFound
from blossm.core.view import Change, Checkpoint, Comparison, Page, Query, Row
from blossm.handlers.modules import Modules
from blossm.model.network import Handler, Network, ProjectionSpec, ServiceSpec
from blossm.ports import Generations, ViewStoreClient
from blossm.procedures.view_store import PATIENCE, ViewStoreProcedure
from blossm.testing.contracts.shop import STORES
from blossm.testing.contracts.view_store import batch, bicycles, ids, put, where

VIEW = bicycles(context="garage", address="garage.bicycles")
NETWORK = Network(
    name="city.example",
    environment="production",
    environments={"production": ""},
    services={name: ServiceSpec(name=name, at=VIEW.at) for name in ("shop", "staff")},
    event_stores={STORES["bicycle"].address: STORES["bicycle"]},
    view_stores={VIEW.address: VIEW},
    projections={
        VIEW.address: ProjectionSpec(
            name=VIEW.name,
            address=VIEW.address,
            at=VIEW.at,
            handler=Handler("views/garage/bicycles.py"),
            events={STORES["bicycle"].address: ("painted",)},
        )
    },
)
BODY: dict[str, Any] = {"color": "röd", "painted": 0, "sold": False, "weight": 2.0, "owner": {"name": ""}, "tags": []}


class ViewStoreClientContract:
    """The suite. `client` reaches `view`, the view store VIEW of NETWORK, by `clock`."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def view(self, clock: FakeClock, tmp_path: Path) -> ViewStoreProcedure:
        return ViewStoreProcedure(
            spec=VIEW, network=NETWORK, store=MemoryViewStore(VIEW), modules=Modules(tmp_path), clock=clock
        )

    @pytest.fixture
    def client(self, view: ViewStoreProcedure, clock: FakeClock) -> ViewStoreClient:
        raise NotImplementedError

    # ------------------------------------------------------------ rows

    async def test_a_row_comes_back_as_it_was_put(self, client: ViewStoreClient) -> None:
        assert await client.apply(batch(put("a", context="north", **BODY)))
        row = Row(id="a", body=BODY, context="north")
        assert repr(await client.get("a")) == repr(await client.get("a", context="north")) == repr(row)
        assert repr((await client.query(Query())).content) == repr((row,))

    async def test_a_row_of_another_context_is_not_there(self, client: ViewStoreClient) -> None:
        await client.apply(batch(put("a", color="red", context="north")))
        for id, context in (("a", "south"), ("a", ""), ("b", None)):
            with pytest.raises(NotFound):
                await client.get(id, context=context)

    async def test_a_query_says_all_that_it_may(self, client: ViewStoreClient) -> None:
        """Every part of it arrives: what it selects, the order, the bounds, and where the next page goes on."""
        colors = ("red", "red", "rosa", "blue")
        rows = [put(f"{n}", color=color, painted=n, weight=float(n), context="north") for n, color in enumerate(colors)]
        await client.apply(batch(*rows, put("x", color="red", context="south")))
        assert ids(await client.query(where("color", "red"))) == ["0", "1", "x"]
        assert ids(await client.query(where("color", ["red", "blue"], "in"))) == ["0", "1", "3", "x"]
        assert ids(await client.query(where("color", "r", "prefix"))) == ["0", "1", "x", "2"]
        between = (Comparison("weight", "gte", 1), Comparison("weight", "lt", 3.0))
        assert ids(await client.query(Query(where=between))) == ["1", "2"]
        assert ids(await client.query(Query(text="blue"))) == ["3"]
        page = await client.query(Query(sort=(("painted", "desc"),), limit=2, count=True, context="north"))
        assert (ids(page), page.count) == (["3", "2"], 4)
        last = await client.query(Query(sort=(("painted", "desc"),), limit=2, cursor=page.next, context="north"))
        assert (ids(last), last.count, last.next) == (["1", "0"], None, "")
        assert await client.query(Query(context="")) == Page(content=())

    async def test_what_the_view_can_not_answer_is_refused_by_name(self, client: ViewStoreClient) -> None:
        with pytest.raises(BadRequest) as refused:
            await client.query(where("colour", "red"))
        assert "colour" in [field.path for field in refused.value.fields]
        for query in (Query(limit=0), Query(limit=501), where("color", 5), Query(cursor="nonsense")):
            with pytest.raises(BadRequest):
                await client.query(query)

    async def test_what_no_message_can_carry_is_refused_by_name(self, client: ViewStoreClient) -> None:
        for off in (put("\ud800", color="red"), put(5, color="red"), put("a", color="\ud800")):  # type: ignore[arg-type]
            with pytest.raises(BadRequest) as refused:
                await client.apply(batch(put("a", color="red"), off))
            assert refused.value.facts["position"] == 1
            assert [field.path for field in refused.value.fields] in (["id"], ["body.color"])
        with pytest.raises(BadRequest):
            await client.query(where("color", "\ud800"))
        assert await client.checkpoints() == {}

    # ------------------------------------------------------------ changes

    async def test_each_kind_of_change_is_made(self, client: ViewStoreClient) -> None:
        await client.apply(
            batch(
                put("a", color="red", weight=1.0),
                put("b", color="red"),
                put("c", color="red"),
                Change(op="set", where={"color": "red"}, fields={"sold": True}),
                Change(op="unset", id="a", fields={"weight": None}),
                Change(op="add", id="a", fields={"tags": ["x", "y"]}),
                Change(op="discard", id="a", fields={"tags": ["x"]}),
                Change(op="increment", id="a", fields={"painted": 2}),
                Change(op="remove", id="b"),
            )
        )
        assert (await client.get("a")).body == {"color": "red", "painted": 2, "sold": True, "tags": ["y"]}
        assert ids(await client.query(Query())) == ["a", "c"]

    async def test_a_batch_that_comes_twice_changes_nothing(self, client: ViewStoreClient) -> None:
        counted = batch(Change(op="increment", id="a", fields={"painted": 1}), put("b", color="red"))
        assert await client.apply(counted)
        assert not await client.apply(counted)
        assert (await client.get("a")).body == {"painted": 1}

    async def test_a_change_that_does_not_fit_is_named_and_leaves_nothing(self, client: ViewStoreClient) -> None:
        with pytest.raises(BadRequest) as refused:
            await client.apply(batch(put("a", color="red"), put("b", color=5, colour="red")))
        assert {field.path for field in refused.value.fields} == {"body.color", "body.colour"}
        assert refused.value.facts == {"service": "shop", "position": 1, "id": "b"}
        assert await client.checkpoints() == {}

    async def test_checkpoint_and_definition_move_with_the_changes(self, client: ViewStoreClient) -> None:
        assert (await client.checkpoints(), await client.definition()) == ({}, "")
        await client.apply(batch(put("a", color="red"), definition="one"))
        await client.apply(batch(service="staff", definition="one"))
        assert await client.checkpoints() == {"shop": Checkpoint(1, "commit 1"), "staff": Checkpoint(1, "commit 1")}
        assert await client.definition() == "one"

    # ------------------------------------------------------------ generations

    async def test_generations_are_made_beside_and_switched(self, client: ViewStoreClient) -> None:
        assert await client.generations() == Generations(current=1)
        await client.apply(batch(put("a", color="red")))
        building = await client.begin()
        assert building == await client.begin()
        await client.apply(batch(put("a", color="blue")), generation=building)
        assert ((await client.get("a")).body["color"], (await client.get("a", generation=building)).body["color"]) == (
            "red",
            "blue",
        )
        assert ids(await client.query(where("color", "blue"), generation=building)) == ["a"]
        assert await client.checkpoints(building) == {"shop": Checkpoint(1, "commit 1")}
        assert not await client.switch(current=building, to=1)
        assert await client.switch(current=1, to=building)
        assert await client.generations() == Generations(current=building, previous=1)
        assert (await client.get("a")).body["color"] == "blue"
        await client.abandon(1)
        assert await client.generations() == Generations(current=building)

    # ------------------------------------------------------------ waiting

    async def test_a_reader_waits_until_the_view_has_seen_its_write(self, client: ViewStoreClient) -> None:
        reading = asyncio.ensure_future(client.get("a", min_position={"shop": 1}))
        assert (await client.query(where("color", "red"))).content == ()
        assert not reading.done()
        await client.apply(batch(put("a", color="red")))
        async with asyncio.timeout(10):
            assert (await reading).body["color"] == "red"
            assert ids(await client.query(Query(min_position={"shop": 1, "elsewhere": 9}))) == ["a"]

    async def test_a_reader_does_not_wait_for_ever(self, client: ViewStoreClient, clock: FakeClock) -> None:
        await client.apply(batch(put("a", color="red")))
        asking = asyncio.ensure_future(client.query(Query(min_position={"shop": 7})))
        await waits(clock)
        clock.advance(PATIENCE)
        with pytest.raises(DeadlineExceeded) as late:
            await asking
        assert late.value.facts == {"asked": {"shop": 7}, "seen": {"shop": 1}}

    async def test_a_reader_who_goes_away_waits_no_more(self, client: ViewStoreClient, clock: FakeClock) -> None:
        asking = asyncio.ensure_future(client.get("a", min_position={"shop": 7}))
        await waits(clock)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        async with asyncio.timeout(10):
            while clock.sleeping:  # noqa: ASYNC110 - the clock has no event for it
                await asyncio.sleep(0)


async def waits(clock: FakeClock) -> None:
    """Let others run until somebody waits for time to pass."""
    async with asyncio.timeout(10):
        while not clock.sleeping:  # noqa: ASYNC110 - the clock has no event for it
            await asyncio.sleep(0)
