"""The plan of a log and of a view, made on a server and looked for there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.local.harbour import harbour
from tests.mongodb.fixtures import Databases
from tests.mongodb.monitor import Monitor
from tests.mongodb.server import emulator, new_database

from blossm.adapters.mongodb.client import Database, Mongo
from blossm.adapters.mongodb.indexes import IndexesDiffer, Step, apply, beyond, missing, require
from blossm.core.errors import BlossmError, Unavailable
from blossm.model.indexes import Index, IndexPlan, log_plan, view_plan

LOG = log_plan(())
KEY = "key (unique)"


async def done(database: Database, plan: IndexPlan) -> list[Step]:
    return [step async for step in apply(database, plan)]


async def test_a_plan_that_was_applied_lacks_nothing_and_applying_it_again_makes_nothing(mongodb: Database) -> None:
    plan = log_plan(harbour().stores_of("port").values())
    assert await missing(mongodb, plan) == [f"the collection {collection.name}" for collection in plan.collections]
    made = [step for step in await done(mongodb, plan) if step.phase == "made"]
    assert [(step.collection, len(step.indexes), step.new) for step in made] == [
        (collection.name, len(collection.indexes), True) for collection in plan.collections
    ]
    assert await missing(mongodb, plan) == []
    assert {step.phase for step in await done(mongodb, plan)} == {"there"}


async def test_the_plan_of_a_view_is_made_with_the_collections_that_have_no_index(mongodb: Database) -> None:
    plan = view_plan(next(iter(harbour().view_stores.values())))
    await done(mongodb, plan)
    assert await missing(mongodb, plan) == []


async def test_two_who_apply_a_plan_at_once_do_no_harm(mongodb: Database, mongodb_uri: str) -> None:
    other = Mongo.at(mongodb_uri)
    await asyncio.gather(done(mongodb, LOG), done(other.database(mongodb.name), LOG), done(mongodb, LOG))
    await other.close()
    assert await missing(mongodb, LOG) == []


async def test_only_what_is_missing_is_made(mongodb: Database) -> None:
    await done(mongodb, LOG)
    async with mongodb.turn():
        await mongodb.collection("log").drop_index("key_1")
    assert await missing(mongodb, LOG) == [f"the index {KEY} of log"]
    assert [step.indexes for step in await done(mongodb, LOG) if step.phase == "made"] == [(KEY,)]


async def test_an_index_that_the_plan_does_not_have_is_told_and_left(mongodb: Database) -> None:
    more = IndexPlan((replace(LOG.collections[0], indexes=(*LOG.collections[0].indexes, Index((("at", 1),)))),))
    await done(mongodb, more)
    await done(mongodb, LOG)
    assert await beyond(mongodb, LOG) == ["at_1 of log"]
    assert await missing(mongodb, more) == []


async def test_an_index_under_another_name_is_the_same_index(mongodb: Database) -> None:
    async with mongodb.turn():
        await mongodb.collection("log").create_index([("key", 1)], unique=True, name="by_key")
    assert f"the index {KEY} of log" not in await missing(mongodb, LOG)
    await done(mongodb, LOG)
    assert await missing(mongodb, LOG) == []


@pytest.mark.parametrize(
    "other",
    [
        {"keys": [("key", 1)]},
        {"keys": [("key", 1)], "unique": True, "sparse": True},
        {"keys": [("key", -1)], "unique": True, "name": "key_1"},
    ],
    ids=["not_unique", "sparse", "of_other_fields"],
)
async def test_an_index_in_the_way_is_told_with_what_to_do_and_nothing_is_made(
    mongodb: Database, other: dict[str, object]
) -> None:
    async with mongodb.turn():
        await mongodb.collection("log").create_index(**other)  # type: ignore[arg-type]
    with pytest.raises(IndexesDiffer, match="key_1 is there") as refused:
        await done(mongodb, LOG)
    assert "dropIndex('key_1')" in refused.value.help
    assert f"the index {KEY} of log" in await missing(mongodb, LOG)
    assert "the index events.r, _id of log" in await missing(mongodb, LOG)


async def test_documents_that_no_unique_index_can_have_are_told(mongodb: Database) -> None:
    async with mongodb.turn():
        await mongodb.collection("log").insert_many([{"_id": 1, "key": "same"}, {"_id": 2, "key": "same"}])
    with pytest.raises(IndexesDiffer, match="two documents of log with one value"):
        await done(mongodb, LOG)


async def test_serving_is_refused_where_something_is_missing(mongodb: Database) -> None:
    with pytest.raises(Unavailable, match="lacks the collection log") as refused:
        await require(mongodb, LOG, of="event-store/port")
    assert "blossm indexes apply event-store/port" in refused.value.help
    await done(mongodb, LOG)
    await require(mongodb, LOG, of="event-store/port")


async def test_who_makes_indexes_creates_and_lists_and_nothing_else(mongodbs: Databases) -> None:
    database, heard = mongodbs.empty(), Monitor()
    mongo = Mongo.at(mongodbs.uri, listeners=[heard])
    for _ in range(2):
        await done(mongo.database(database.name), LOG)
        await beyond(mongo.database(database.name), LOG)
    await mongo.close()
    assert {sent.name for sent in heard.sent} - {"hello", "endSessions"} == {"listIndexes", "create", "createIndexes"}
    assert {sent.database for sent in heard.sent} - {"admin"} == {database.name}


@pytest.fixture(scope="module")
def failing() -> Iterator[str]:
    """A server that can be told to fail."""
    with emulator("--enable-test-commands") as uri:
        yield uri


@pytest.mark.parametrize(
    ("command", "code", "kind", "told"),
    [
        ("createIndexes", 13, Unavailable, "CREATE_INDEX"),
        ("listIndexes", 13, Unavailable, "LIST_INDEXES"),
        ("create", 48, None, ""),  # another one made it a moment ago
        ("createIndexes", 85, IndexesDiffer, "apply again"),
        ("createIndexes", 86, IndexesDiffer, "apply again"),
    ],
)
async def test_what_the_server_refuses_is_told_with_what_to_do(
    failing: str, command: str, code: int, kind: type[BlossmError] | None, told: str
) -> None:
    mongo = Mongo.at(failing)
    database = mongo.database(new_database())
    once = {"mode": {"times": 1}, "data": {"failCommands": [command], "errorCode": code}}
    await mongo.client.admin.command({"configureFailPoint": "failCommand", **once})
    try:
        if kind is None:
            await done(database, LOG)
        else:
            with pytest.raises(kind) as refused:
                await done(database, LOG)
            assert told in refused.value.help
        await done(database, LOG)
        assert await missing(database, LOG) == []
    finally:
        await mongo.close()
