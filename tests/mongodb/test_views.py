"""What is special about a view on MongoDB: its documents, its indexes, and others that write beside it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.mongodb.fixtures import Databases
from tests.mongodb.views import LOGS, apply_all, batch_of, does, shown, view_store

from blossm.adapters.memory.views import MemoryViewStore
from blossm.adapters.mongodb import sweeping, views_rows
from blossm.adapters.mongodb.client import Database
from blossm.adapters.mongodb.views import MongoViewStore
from blossm.adapters.mongodb.views_generations import MongoGenerations
from blossm.adapters.mongodb.views_rows import MongoRows, Writes
from blossm.core.errors import BadRequest, Unavailable
from blossm.core.view import Comparison, Query
from blossm.core.view_contract import MAX_LIMIT
from blossm.model.fields import Field
from blossm.model.indexes import view_plan
from blossm.testing.contracts.view_store import batch, bicycles, put, where

SPEC = bicycles()
ODD = bicycles(schema={**SPEC.schema, "odd": Field(type="json", optional=True)})


@pytest.fixture
async def database(mongodbs: Databases) -> Database:
    return await mongodbs.having(view_plan(SPEC))


@pytest.fixture
def store(database: Database) -> MongoViewStore:
    return view_store(database, SPEC)


@pytest.mark.parametrize(
    "value",
    [
        {"a.b": 1, "$set": {"$gt": ""}, "$": 1, ".": 2, "_id": 3},
        {"100%": 1, "%24set": 2, "%2E": 3, "%": 4, "%25": 5, "%252E": 6},
        {"": {"": []}},
        [2**63 - 1, -(2**63), 2**31, -1, 0, 1.0, 5e-324, 1.7976931348623157e308, True, False, None],
        ["\x00", "\ud7ff", "\ue000", "\U0010ffff", "", {"é": "é"}],
        [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]],
    ],
)
async def test_any_json_in_a_body_comes_back_as_it_was(database: Database, value: Any) -> None:
    store = view_store(database, ODD)
    await store.apply(1, batch(put("a", color="red", odd=value)))
    row = await store.get(1, "a")
    assert row is not None
    assert exactly(row.body["odd"]) == exactly(value)
    await store.apply(1, batch(does("set", "a", color="blue"), before=1))
    (found,) = (await store.query(1, where("color", "blue"))).content
    assert exactly(found.body["odd"]) == exactly(value)


def exactly(value: Any) -> str:
    """The same for two values just when no JSON tells them apart (1 and 1.0 are not the same)."""
    return json.dumps(value, sort_keys=True)


async def test_what_a_query_asks_for_is_never_an_operator(store: MongoViewStore) -> None:
    await store.apply(1, batch(put("a", color="red")))
    for asked in ({"$gt": ""}, {"$ne": None}):
        assert (await store.query(1, where("color", asked))).content == ()


async def test_a_removed_row_is_never_shown_and_comes_back_when_it_is_made_again(
    store: MongoViewStore, database: Database
) -> None:
    await store.apply(1, batch(put("a", color="red"), put("b", color="red")))
    await store.apply(1, batch(does("remove", "a"), before=1))
    for query in (Query(count=True), Query(sort=(("painted", "desc"),), count=True), Query(text="red", count=True)):
        page = await store.query(1, query)
        assert ([row.id for row in page.content], page.count) == (["b"], 1)
    assert await store.get(1, "a") is None
    assert await database.collection("rows").find_one({"_id": "1:a"}) == {"_id": "1:a", "revision": 2, "seen": {"shop": 2}}
    await store.apply(1, batch(does("increment", "a", painted=1), before=2))
    row = await store.get(1, "a")
    assert row is not None
    assert row.body == {"painted": 1}


@pytest.mark.parametrize("sizes", [(6, 6), (6, 2), (1, 4)])
async def test_twins_that_apply_the_same_events_at_once_make_the_rows_of_one(
    database: Database, mongodbs: Databases, sizes: tuple[int, int]
) -> None:
    twins = [view_store(mongodbs.again(database), SPEC) for _ in sizes]

    async def follow(store: MongoViewStore, size: int) -> None:
        for service, log in LOGS.items():
            at = 0
            while at < len(log):
                await store.apply(1, batch_of(service, log, at, size))
                seen = await store.checkpoints(1)
                at = seen[service].position if service in seen else 0

    await asyncio.gather(*(follow(twin, size) for twin, size in zip(twins, sizes, strict=True)))
    undisturbed = MemoryViewStore(SPEC)
    await apply_all(undisturbed, 1, LOGS, size=1)
    assert await shown(twins[0], 1) == await shown(undisturbed, 1)


async def test_services_that_write_to_the_same_row_at_once_lose_nothing(database: Database, mongodbs: Databases) -> None:
    counting = {
        "shop": [[does("increment", "a", painted=1)] for _ in range(6)],
        "staff": [[does("increment", "a", weight=0.5)] for _ in range(6)],
    }
    stores = {service: view_store(mongodbs.again(database), SPEC) for service in counting}
    await asyncio.gather(*(apply_all(stores[service], 1, {service: log}, size=1) for service, log in counting.items()))
    row = await stores["shop"].get(1, "a")
    assert row is not None
    assert row.body == {"painted": 6, "weight": 3.0}


async def test_generations_that_are_begun_at_once_are_one(database: Database, mongodbs: Databases) -> None:
    stores = [view_store(mongodbs.again(database), SPEC) for _ in range(3)]
    assert await asyncio.gather(*(store.begin() for store in stores)) == [2, 2, 2]
    switched = await asyncio.gather(*(store.switch(current=1, to=2) for store in stores))
    assert sorted(switched) == [False, False, True]


async def test_a_dropped_generation_is_swept_and_what_came_too_late_with_the_next_replay(
    store: MongoViewStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "AT_ONCE", 2)
    await store.begin()
    await store.apply(2, batch(*(put(id, color="red") for id in "abcde")))
    await store.apply(1, batch(put("a", color="red")))
    await store.abandon(2)
    rows = database.collection("rows")
    assert [row["_id"] for row in await rows.find({}).to_list()] == ["1:a"]
    await rows.insert_one({"_id": "2:late", "generation": 2})
    assert await store.begin() == 3
    assert [row["_id"] for row in await rows.find({}).to_list()] == ["1:a"]
    assert list(await store.checkpoints(2)) == []


async def test_a_change_that_does_not_fit_writes_nothing_at_all(store: MongoViewStore, mongodbs: Databases) -> None:
    with pytest.raises(BadRequest, match="not a number"):
        await store.apply(1, batch(put("a", color="red"), does("increment", "a", color=1)))
    assert mongodbs.monitor.named("insert", "update", "delete") == []
    assert await store.definition(1) == ""


async def test_a_damaged_document_of_generations_is_told_with_what_to_do(store: MongoViewStore, database: Database) -> None:
    await store.begin()
    await database.collection("generations").update_one({}, {"$set": {"current": "x"}})
    with pytest.raises(Unavailable, match="damaged") as told:
        await store.generations()
    assert told.value.help


@pytest.mark.parametrize(
    ("collection", "change"),
    [
        ("rows", {"$unset": {"body": 1}}),
        ("rows", {"$set": {"parts.shop": ["color"]}}),
        ("rows", {"$set": {"seen": {"shop": "far"}}}),
        ("rows", {"$unset": {"revision": 1}}),
        ("checkpoints", {"$unset": {"commit_id": 1}}),
        ("checkpoints", {"$set": {"position": "x"}}),
    ],
    ids=str,
)
async def test_a_document_that_somebody_has_spoilt_is_told_and_never_projected_upon(
    store: MongoViewStore, database: Database, collection: str, change: dict[str, Any]
) -> None:
    await store.apply(1, batch(put("a", color="red")))
    await database.collection(collection).update_one({}, change)
    with pytest.raises(Unavailable, match=r"damaged at '1:(a|shop)'") as told:
        await store.apply(1, batch(does("increment", "a", painted=1), before=1))
    assert told.value.help


async def test_a_row_that_somebody_has_spoilt_is_not_shown(store: MongoViewStore, database: Database) -> None:
    await store.apply(1, batch(put("a", color="red")))
    await database.collection("rows").update_one({}, {"$set": {"body": "x"}})
    for asked in (store.get(1, "a"), store.query(1, Query())):
        with pytest.raises(Unavailable, match="damaged at '1:a'"):
            await asked


class SmallRows(MongoRows):
    """Rows of a server that takes only small documents: the emulator needs half a minute for a large one."""

    async def save(self, generation: int, writes: Writes) -> bool:
        if self.too_large(generation, writes):
            raise Unavailable("batch op errors occurred")
        return await super().save(generation, writes)


async def test_a_row_that_outgrows_a_document_is_refused_at_the_event_that_makes_it_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views_rows, "LARGEST", 1_000)
    store = MongoViewStore(SPEC, rows=SmallRows(database, SPEC), generations=MongoGenerations(database))
    log = [[does("add", "a", tags=[str(number) * 300])] for number in range(5)]
    with pytest.raises(BadRequest, match="outgrows") as refused:
        await store.apply(1, batch_of("shop", log, 0, 5))
    assert (refused.value.facts["position"], refused.value.facts["id"]) == (3, "a")
    assert await store.apply(1, batch_of("shop", log, 0, 2))


INDEXED = [
    (Query(), {"_id": 1}),
    (where("color", "red"), {"generation": 1, "body.color": 1, "_id": 1}),
    (where("color", ("red", "blue"), "in"), {"generation": 1, "body.color": 1, "_id": 1}),
    (where("color", "r", "prefix"), {"generation": 1, "body.color": 1, "_id": 1}),
    (where("weight", 1.0, "gt"), {"generation": 1, "body.weight": 1, "_id": 1}),
    (Query(sort=(("painted", "asc"),)), {"generation": 1, "body.painted": -1, "_id": -1}),
    (
        Query(where=(Comparison("color", "eq", "red"),), sort=(("painted", "desc"),)),
        {"generation": 1, "body.color": 1, "body.painted": 1, "_id": 1},
    ),
    (Query(text="red bl"), {"generation": 1, "words": 1, "_id": 1}),
]


@pytest.mark.parametrize(("query", "index"), INDEXED)
async def test_every_query_names_an_index_of_the_plan(
    store: MongoViewStore, mongodbs: Databases, query: Query, index: dict[str, int]
) -> None:
    page = await store.query(1, query)
    assert page.content == ()
    (asked,) = [sent for sent in mongodbs.monitor.named("find") if sent.collection == "rows"]
    assert dict(asked.command["hint"]) == index
    plan = [dict(each.keys) for each in view_plan(SPEC).collections[0].indexes]
    assert index in [{"_id": 1}, *plan]


async def test_no_question_over_contexts_or_within_one_names_an_index_that_is_not_there(mongodbs: Databases) -> None:
    """The server refuses one that is not: all of them are asked."""
    spec = bicycles(context="garage", address="garage.bicycles")
    store = view_store(await mongodbs.having(view_plan(spec)), spec)
    await store.apply(1, batch(put("a", color="red", context="north")))
    for query, _ in INDEXED:
        for context in ("north", None):
            asked = {name: getattr(query, name) for name in query.__struct_fields__} | {"context": context, "count": True}
            page = await store.query(1, Query(**asked))
            assert page.count == len(page.content)


@pytest.mark.parametrize("context", ["", "garage"])
async def test_a_where_reads_an_index_in_which_no_other_service_moves_a_row(mongodbs: Databases, context: str) -> None:
    """A find that goes on while others write passes over a row that they move from before it to behind it."""
    spec = bicycles(indexes=(("color", "weight"),), sorts=(), text=(), context=context, address="garage.bicycles")
    store = view_store(await mongodbs.having(view_plan(spec)), spec)
    await store.apply(1, batch(put("a", color="red", context=context and "north")))
    await store.apply(1, batch(does("increment", where={"color": "red"}, painted=1), before=1))
    (asked,) = [sent.command for sent in mongodbs.monitor.named("find") if "body.color" in str(sent.command["filter"])]
    assert dict(asked["hint"]) == {"generation": 1, "body.color": 1}
    row = await store.get(1, "a")
    assert row is not None
    assert row.body["painted"] == 1


async def test_a_page_asks_for_no_more_than_it_shows(store: MongoViewStore, mongodbs: Databases) -> None:
    await store.apply(1, batch(*(put(f"{number:03}", color="red") for number in range(9))))
    page = await store.query(1, Query(limit=3))
    again = await store.query(1, Query(limit=3, cursor=page.next))
    assert [row.id for row in again.content] == ["003", "004", "005"]
    limits = [sent.command["limit"] for sent in mongodbs.monitor.named("find") if "limit" in sent.command]
    assert max(limits[-2:]) == 4 <= MAX_LIMIT
    assert mongodbs.monitor.named("getMore") == []
