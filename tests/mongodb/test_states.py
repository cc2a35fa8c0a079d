"""Saved states in MongoDB are never the truth: lost, damaged or made by another fold, they are made anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.mongodb.fixtures import Databases
from tests.mongodb.states import PLAN

from blossm.adapters.mongodb import sweeping
from blossm.adapters.mongodb.client import Collection, Database
from blossm.adapters.mongodb.states import MongoStateStore
from blossm.core.errors import Unavailable
from blossm.core.event import Aggregate

INDEXES = ("color", "owner.email")


@pytest.fixture
async def database(mongodbs: Databases) -> Database:
    return await mongodbs.having(PLAN)


@pytest.fixture
async def store(database: Database) -> AsyncIterator[MongoStateStore]:
    store = await MongoStateStore.open(database)
    await store.ready("bicycle", fold="one", indexes=INDEXES)
    yield store
    await store.close()


def bicycle(root: str, number: int, **state: Any) -> Aggregate:
    return Aggregate(root, state, number, number * 10)


def documents(database: Database) -> Collection:
    return database.collection("states.bicycle")


async def edit(database: Database, edited: dict[str, Any], change: dict[str, Any]) -> None:
    done = await documents(database).update_one(edited, {"$set": change})
    assert done.modified_count == 1


async def rows(database: Database) -> int:
    return len(await documents(database).find({"_id": {"$ne": "bicycle"}}).to_list())


async def test_any_json_comes_back_as_it_was(store: MongoStateStore) -> None:
    state = {"a.b": 1, "$set": {"$gt": ""}, "": 2**63 - 1, "_id": -(2**63), "1.0": 1.0, "é\n": [None, True, "\x00"], "x": 5e-324}
    await store.save("bicycle", [Aggregate("a", state, 1, 1)])
    found = await store.get("bicycle", "a")
    assert found is not None
    assert repr(found.state) == repr(state)


@pytest.mark.parametrize("change", [{"state": '{"color":"blue"}'}, {"number": 7}, {"position": "x"}, {"sum": 1}, {"state": 1}])
async def test_a_damaged_state_is_never_given_and_the_domain_starts_anew(
    store: MongoStateStore, database: Database, change: dict[str, Any]
) -> None:
    await store.save("bicycle", [bicycle("a", 1, color="red")], covered=10)
    await edit(database, {"number": 1}, change)
    with pytest.raises(Unavailable, match="damaged"):
        await store.get("bicycle", "a")
    with pytest.raises(Unavailable):
        await store.find("bicycle", {"color": "red"})
    assert await store.ready("bicycle", fold="one", indexes=INDEXES) == 0
    assert await store.get("bicycle", "a") is None


async def test_a_state_under_a_key_that_is_not_its_own_starts_the_domain_anew(store: MongoStateStore, database: Database) -> None:
    await store.save("bicycle", [bicycle("a", 1, color="red")], covered=10)
    await edit(database, {"number": 1}, {"keys.color": '"blue"'})
    with pytest.raises(Unavailable, match="do not fit"):
        await store.find("bicycle", {"color": "blue"})
    assert await store.ready("bicycle", fold="one", indexes=INDEXES) == 0


async def test_a_damaged_record_starts_the_domain_anew(store: MongoStateStore, database: Database) -> None:
    await store.save("bicycle", [bicycle("a", 1, color="red")], covered=10)
    await edit(database, {"_id": "bicycle"}, {"covered": "far"})
    assert await store.ready("bicycle", fold="one", indexes=INDEXES) == 0
    assert await store.find("bicycle", {"color": "red"}) == []


async def test_an_emptied_collection_is_told_and_starts_anew(store: MongoStateStore, database: Database) -> None:
    await store.save("bicycle", [bicycle("a", 1, color="red")], covered=10)
    await documents(database).delete_many({})
    with pytest.raises(Unavailable):
        await store.get("bicycle", "a")
    with pytest.raises(Unavailable):
        await store.find("bicycle", {"color": "red"})
    with pytest.raises(Unavailable):
        await store.save("bicycle", [], covered=20)
    assert await store.ready("bicycle", fold="one", indexes=INDEXES) == 0


async def test_a_state_that_no_document_holds_is_not_saved(store: MongoStateStore) -> None:
    with pytest.raises(Unavailable, match="larger"):
        await store.save("bicycle", [bicycle("a", 1, color="x" * 17_000_000)])


async def test_what_a_process_of_a_former_fold_still_writes_is_nobodys_answer(
    store: MongoStateStore, database: Database, mongodbs: Databases
) -> None:
    newer = await MongoStateStore.open(mongodbs.again(database))
    await newer.ready("bicycle", fold="two", indexes=INDEXES)
    await newer.save("bicycle", [bicycle("b", 1, color="red")], covered=10)
    with pytest.raises(Unavailable):
        await store.save("bicycle", [bicycle("a", 9, color="red"), bicycle("b", 9, color="red")], covered=90)
    assert await newer.find("bicycle", {"color": "red"}) == [bicycle("b", 1, color="red")]
    assert await newer.get("bicycle", "a") is None
    for asked in (store.get("bicycle", "a"), store.find("bicycle", {"color": "red"})):
        with pytest.raises(Unavailable):
            await asked
    assert await newer.ready("bicycle", fold="two", indexes=INDEXES) == 10


async def test_states_of_a_fold_that_comes_back_are_made_anew(store: MongoStateStore) -> None:
    await store.save("bicycle", [bicycle("a", 5, color="red")], covered=50)
    await store.ready("bicycle", fold="two", indexes=INDEXES)
    assert await store.ready("bicycle", fold="one", indexes=INDEXES) == 0
    assert await store.get("bicycle", "a") is None


async def test_what_former_folds_have_left_goes_a_little_with_every_save(
    store: MongoStateStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.save("bicycle", [bicycle(root, 1, color="red") for root in "abcde"], covered=10)
    await store.ready("bicycle", fold="two", indexes=INDEXES)
    monkeypatch.setattr(sweeping, "AT_ONCE", 2)
    left = []
    for number in range(1, 6):
        await store.save("bicycle", [bicycle("z", number, color="red")])
        left.append(await rows(database))
    assert left == [4, 2, 1, 1, 1]
    assert await store.find("bicycle", {"color": "red"}) == [bicycle("z", 5, color="red")]


async def test_of_states_that_are_saved_at_once_the_newest_stays(
    store: MongoStateStore, database: Database, mongodbs: Databases
) -> None:
    other = await MongoStateStore.open(mongodbs.again(database))
    await other.ready("bicycle", fold="one", indexes=INDEXES)
    numbers = list(range(1, 13))
    await asyncio.gather(
        *((store, other)[number % 2].save("bicycle", [bicycle("a", number, color=str(number))]) for number in numbers)
    )
    assert await store.get("bicycle", "a") == bicycle("a", 12, color="12")


async def test_two_that_start_a_domain_at_once_make_one_of_it(database: Database, mongodbs: Databases) -> None:
    stores = [await MongoStateStore.open(mongodbs.again(database)) for _ in range(3)]
    await asyncio.gather(*(store.ready("bicycle", fold="one", indexes=INDEXES) for store in stores))
    await stores[0].save("bicycle", [bicycle("a", 1, color="red")])
    for store in stores:
        assert await store.find("bicycle", {"color": "red"}) == [bicycle("a", 1, color="red")]


async def test_questions_read_an_index(store: MongoStateStore, mongodbs: Databases) -> None:
    await store.find("bicycle", {"owner.email": "ada", "color": "red"})
    asked = [sent.command for sent in mongodbs.monitor.named("find") if "hint" in sent.command]
    assert [dict(command["hint"]) for command in asked] == [{"keys.owner/email": 1, "_id": 1}]
