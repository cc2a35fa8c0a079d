"""View stores over the wire: rows, questions, batches and generations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.rpc.switchboard import NETWORK, PROJECTION, SECRET, TOKEN, VIEW, Switchboard, switchboard

from blossm.adapters.clock import SystemClock
from blossm.adapters.memory.views import MemoryViewStore
from blossm.core.errors import BadRequest, Internal, NotFound, PermissionDenied
from blossm.core.view import Batch, Change, Checkpoint, Comparison, EventChanges, Page, Query, Row
from blossm.handlers.modules import Modules
from blossm.model.network import Handler, Ref
from blossm.ports import Generations, ViewStoreClient
from blossm.procedures.view_store import ViewStoreProcedure
from blossm.rpc.calling.line import A, Line, open_channel
from blossm.rpc.keys import key_for, operator_key
from blossm.rpc.v1 import envelope_pb2
from blossm.rpc.v1 import view_store_pb2 as pb

SERVICE = "/blossm.rpc.v1.ViewStoreService"
GARAGE = "7d1c1c1e-6f2e-4c53-9a43-0a6d0f5b000a"


def view_store(*, format: str = "", at: Path = Path()) -> ViewStoreProcedure:
    """The view in memory; with `format`, the text of its format.py."""
    spec = NETWORK.view_stores[VIEW.address]
    if format:
        (at / "format.py").write_text(format)
        spec = replace(spec, format=Handler("format.py", "format"))
    store = MemoryViewStore(spec)
    return ViewStoreProcedure(spec=spec, network=NETWORK, store=store, modules=Modules(at), clock=SystemClock())


def batch(*changes: Change, at: int = 1, before: int = 0) -> Batch:
    return Batch(
        service="shop",
        before=Checkpoint(before, f"c{before}" if before else ""),
        after=Checkpoint(at, f"c{at}"),
        events=(EventChanges(service="shop", position=at, context=GARAGE, changes=changes),),
        definition="d",
    )


def put(id: str, **fields: Any) -> Change:
    return Change(op="put", id=id, fields=fields)


@asynccontextmanager
async def viewed(view: ViewStoreProcedure | None = None) -> AsyncIterator[ViewStoreClient]:
    """A view over the wire, as its projection reaches it."""
    async with switchboard(view_stores={VIEW: view or view_store()}) as board, board.clients(PROJECTION) as clients:
        yield clients.view_store(VIEW.address)


async def test_what_a_projection_makes_is_found_again() -> None:
    async with viewed() as view:
        assert await view.apply(batch(put("a", color="red", coats=2), put("b", color="blue")))
        assert await view.get("a") == Row(id="a", body={"color": "red", "coats": 2}, context=GARAGE)
        page = await view.query(Query(where=(Comparison("color", "eq", "blue"),), count=True))
    assert page == Page(content=(Row(id="b", body={"color": "blue"}, context=GARAGE),), count=1)


async def test_a_batch_counts_once() -> None:
    async with viewed() as view:
        one = batch(put("a", color="red"))
        assert await view.apply(one)
        assert not await view.apply(one)
        assert await view.apply(batch(Change(op="increment", id="a", fields={"coats": 1}), at=2, before=1))
        assert (await view.get("a")).body == {"color": "red", "coats": 1}
        assert await view.checkpoints() == {"shop": Checkpoint(2, "c2")}
        assert await view.definition() == "d"


async def test_changes_by_what_rows_hold_travel() -> None:
    async with viewed() as view:
        await view.apply(batch(put("a", color="red"), put("b", color="red"), put("c", color="blue")))
        await view.apply(batch(Change(op="set", where={"color": "red"}, fields={"coats": 9}), at=2, before=1))
        await view.apply(batch(Change(op="unset", id="a", fields={"coats": None}), Change(op="remove", id="c"), at=3, before=2))
        rows = (await view.query(Query())).content
    assert [(row.id, row.body) for row in rows] == [("a", {"color": "red"}), ("b", {"color": "red", "coats": 9})]


async def test_generations_travel() -> None:
    async with viewed() as view:
        assert await view.generations() == Generations(current=1)
        building = await view.begin()
        assert await view.generations() == Generations(current=1, building=building)
        await view.apply(batch(put("a", color="red")), generation=building)
        assert await view.checkpoints(building) == {"shop": Checkpoint(1, "c1")}
        assert await view.checkpoints() == {}
        assert await view.definition() == ""
        with pytest.raises(NotFound):
            await view.get("a")
        assert await view.get("a", generation=building)
        assert await view.query(Query(), generation=building) != await view.query(Query())
        assert not await view.switch(current=7, to=building)
        assert await view.switch(current=1, to=building)
        assert await view.generations() == Generations(current=building, previous=1)
        await view.abandon(1)
        assert await view.generations() == Generations(current=building)


async def test_pages_follow_each_other() -> None:
    async with viewed() as view:
        await view.apply(batch(*(put(f"{number:02}", color="red") for number in range(25))))
        found: list[str] = []
        cursor = ""
        while True:
            page = await view.query(Query(limit=10, cursor=cursor))
            found += [row.id for row in page.content]
            if not (cursor := page.next):
                break
    assert found == [f"{number:02}" for number in range(25)]


async def test_a_row_of_another_context_is_not_there() -> None:
    other = "7d1c1c1e-6f2e-4c53-9a43-0a6d0f5b000b"
    async with viewed() as view:
        await view.apply(batch(put("a", color="red")))
        assert (await view.get("a", context=GARAGE)).id == "a"
        for context in (other, ""):  # empty is a context too: that of rows without any
            with pytest.raises(NotFound) as raised:
                await view.get("a", context=context)
            assert raised.value.facts == {"view": "garage.bicycles", "id": "a"}
            assert (await view.query(Query(context=context))).content == ()


async def test_a_question_with_several_values_travels() -> None:
    async with viewed() as view:
        await view.apply(batch(put("a", color="red"), put("b", color="blue"), put("c", color="green")))
        page = await view.query(Query(where=(Comparison("color", "in", ("red", "green")),)))
    assert [row.id for row in page.content] == ["a", "c"]


@pytest.mark.parametrize(
    "query",
    [
        Query(limit=0),
        Query(limit=-1),
        Query(limit=10**30),
        Query(where=(Comparison("coats", "eq", 1),)),
        Query(where=(Comparison("color", "eq", 7),)),
        Query(where=(Comparison("weight", "eq", 7),)),
        Query(where=(Comparison("color", "eq", float("nan")),)),
        Query(where=(Comparison("color", "eq", date(2026, 1, 31)),)),
        Query(where=(Comparison("color", "in", ("red", {1})),)),
        Query(sort=(("color", "desc"),)),
        Query(text="red"),
        Query(cursor="nonsense"),
    ],
    ids=str,
)
async def test_what_the_view_can_not_answer_is_told_as_in_process(query: Query) -> None:
    here = view_store()
    with pytest.raises(BadRequest) as in_process:
        await here.query(query)
    async with viewed(here) as view:
        with pytest.raises(BadRequest) as over_the_wire:
            await view.query(query)
    assert over_the_wire.value.as_dict() == in_process.value.as_dict()


@pytest.mark.parametrize(
    "change",
    [
        put("a", color=7),
        put("a", color="red", weight=1),
        put("a", color={1}),
        put("a", color="red", coats=float("nan")),
        put("a", color="\ud800"),
        Change(op="set", id="a", where={"color": "red"}, fields={"color": "red"}),
        Change(op="set", where={"coats": 1}, fields={"color": "red"}),
        Change(op="set", where={"color": {1}}, fields={"color": "red"}),
        Change(op="increment", id="a", fields={"color": 1}),
    ],
    ids=str,
)
async def test_changes_that_do_not_fit_are_told_as_in_process(change: Change) -> None:
    here = view_store()
    with pytest.raises(BadRequest) as in_process:
        await here.apply(batch(change))
    async with viewed(here) as view:
        with pytest.raises(BadRequest) as over_the_wire:
            await view.apply(batch(change))
        assert over_the_wire.value.as_dict() == in_process.value.as_dict()
        assert await view.checkpoints() == {}


async def test_a_view_that_shows_something_else_than_its_fields_is_shown(tmp_path: Path) -> None:
    format = "def format(row):\n    return {'label': row['color'].upper(), 'n': 1.0}\n"
    async with viewed(view_store(format=format, at=tmp_path)) as view:
        await view.apply(batch(put("a", color="red")))
        assert repr((await view.get("a")).body) == "{'label': 'RED', 'n': 1.0}"


async def test_a_row_that_is_shown_as_no_json_is_broken(tmp_path: Path) -> None:
    async with viewed(view_store(format="def format(row):\n    return {'label': {1}}\n", at=tmp_path)) as view:
        await view.apply(batch(put("a", color="red")))
        with pytest.raises(Internal):
            await view.get("a")


async def test_who_has_no_edge_is_refused() -> None:
    gateway = Ref("view-gateway", "v.city.example")
    async with (
        switchboard(view_stores={VIEW: view_store()}) as board,
        board.clients(PROJECTION, key=key_for(gateway, SECRET)) as clients,
    ):
        view = clients.view_store(VIEW.address)
        for call in (view.generations, view.begin, view.checkpoints, view.definition):
            with pytest.raises(PermissionDenied, match="view-gateway"):
                await call()


async def foreign(board: Switchboard, method: str, request: Any, answer: type[A]) -> A:
    """What a client in another language does: a call of its own making."""
    line = Line(channel := open_channel(board.address), operator_key(TOKEN))
    try:
        return await line.ask(f"{SERVICE}/{method}", request, answer, timeout=5, again=False)
    finally:
        await channel.close()


async def test_words_that_no_query_has_are_named() -> None:
    where = [
        pb.Comparison(field="color", op="like", value=envelope_pb2.Json(text='"r"')),
        pb.Comparison(field="color", op="in", value=envelope_pb2.Json(text='"r"')),
        pb.Comparison(field="color", op="eq", value=envelope_pb2.Json(text="{")),
        pb.Comparison(field="color"),
    ]
    async with switchboard(view_stores={VIEW: view_store()}) as board:
        with pytest.raises(BadRequest) as raised:
            await foreign(board, "Query", pb.QueryRequest(view=VIEW.address, where=where), pb.QueryResponse)
    assert [field.path for field in raised.value.fields] == [
        "where[0].op",
        "where[1].value",
        "where[2].value",
        "where[3].value",
        "where[3].op",
    ]
    assert "eq, gt, gte, lt, lte, in, prefix" in raised.value.fields[0].problem


async def test_words_that_no_change_has_are_named() -> None:
    changes = [
        pb.Change(op="drop", id="a"),
        pb.Change(op="put", id="a", fields=envelope_pb2.Json(text="[]")),
        pb.Change(op="set", where=envelope_pb2.Json(text="no"), fields=envelope_pb2.Json(text="{}")),
    ]
    sent = pb.Batch(service="shop", after=pb.Checkpoint(position=1), events=[pb.EventChanges(service="shop", changes=changes)])
    async with switchboard(view_stores={VIEW: view_store()}) as board:
        with pytest.raises(BadRequest) as raised:
            await foreign(board, "Apply", pb.ApplyRequest(view=VIEW.address, batch=sent), pb.ApplyResponse)
    assert [field.path for field in raised.value.fields] == [
        "events[0].changes[0].op",
        "events[0].changes[1].fields",
        "events[0].changes[2].where",
    ]


async def test_more_than_anybody_means_is_refused_at_a_glance() -> None:
    half = pb.EventChanges(changes=[pb.Change()] * 125_001)
    changes = pb.ApplyRequest(view=VIEW.address, batch=pb.Batch(events=[half, half]))
    words = pb.QueryRequest(view=VIEW.address, where=[pb.Comparison()] * 250_001)
    async with switchboard(view_stores={VIEW: view_store()}) as board:
        for method, sent, answer in (("Apply", changes, pb.ApplyResponse), ("Query", words, pb.QueryResponse)):
            with pytest.raises(BadRequest, match="may be 250000 at most") as raised:
                await foreign(board, method, sent, answer)
            assert len(raised.value.fields) == 1


async def test_a_foreign_client_that_gives_no_limit_gets_fifty_rows() -> None:
    async with switchboard(view_stores={VIEW: view_store()}) as board, board.clients(PROJECTION) as clients:
        await clients.view_store(VIEW.address).apply(batch(*(put(f"{number:02}", color="red") for number in range(60))))
        answer = await foreign(board, "Query", pb.QueryRequest(view=VIEW.address), pb.QueryResponse)
        assert len(answer.content) == 50
        assert answer.content[0].body.type_url.endswith("/views.garage.Bicycles")
        with pytest.raises(NotFound):
            await foreign(board, "Query", pb.QueryRequest(view="garage.cars"), pb.QueryResponse)
