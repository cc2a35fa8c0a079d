"""What a log on MongoDB promises beside the contract: see tests/contracts/test_log_store.py."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest
from bson.int64 import Int64
from tests.mongodb.fixtures import Databases

from blossm.adapters.mongodb import log
from blossm.adapters.mongodb.client import Database
from blossm.adapters.mongodb.log import MongoLogStore
from blossm.core.errors import Internal, Unavailable
from blossm.model.indexes import Collection, IndexPlan, log_plan
from blossm.testing.contracts.log_store import BLUE, RED, commit, painted, placed

PLAN = log_plan(())
ROOTS = [str(uuid.UUID(int=n, version=4)) for n in range(100, 120)]


@pytest.fixture
async def database(mongodbs: Databases) -> Database:
    return await mongodbs.having(PLAN)


@pytest.fixture
async def store(database: Database) -> MongoLogStore:
    return await MongoLogStore.open(database, service="shop", network="city.example")


async def change(mongodbs: Databases, database: Database, position: int, **fields: object) -> None:
    """As nobody may who serves."""
    commits = mongodbs.owner.database(database.name).collection("log")
    await commits.update_one({"_id": position}, {"$set": fields})


# ---------------------------------------------------------------- opening


async def test_a_log_without_its_collection_or_an_index_is_refused_with_what_makes_it(mongodbs: Databases) -> None:
    for plan in (IndexPlan(()), IndexPlan((Collection("log", PLAN.collections[0].indexes[:2]),))):
        with pytest.raises(Unavailable, match=r"lacks the (collection log|index key \(unique\) of log)$") as told:
            await MongoLogStore.open(await mongodbs.having(plan), service="shop", network="city.example")
        assert told.value.help == "`blossm indexes apply event-store/shop` makes what is missing"
    mongodbs.monitor.forbidden.clear()  # the first of them has no collection to look at


async def test_the_log_of_another_service_is_refused(store: MongoLogStore, database: Database) -> None:
    await store.insert_at(1, placed(commit()))
    with pytest.raises(Unavailable, match="has the log of shop, not of garage"):
        await MongoLogStore.open(database, service="garage", network="city.example")


async def test_two_services_that_begin_in_one_database_notice_it(store: MongoLogStore, database: Database) -> None:
    garage = await MongoLogStore.open(database, service="garage", network="city.example")
    assert await store.insert_at(1, placed(commit())) == "inserted"
    assert await garage.insert_at(1, placed(commit())) == "taken"
    with pytest.raises(Unavailable, match="has the log of shop, not of garage"):
        await garage.read(0, 10)
    with pytest.raises(Unavailable, match="has the log of shop, not of garage"):
        await garage.insert_at(2, placed(commit(), at=2))
    for asked in (garage.root("bicycle", RED), garage.roots("bicycle"), garage.latest([("bicycle", RED)])):
        with pytest.raises(Unavailable, match="has the log of shop, not of garage"):
            await asked


# ---------------------------------------------------------------- inserting


async def test_a_batch_is_one_insert_durable_on_a_majority(store: MongoLogStore, mongodbs: Databases) -> None:
    await store.insert_at(1, placed(*(commit(painted(root)) for root in ROOTS)))
    (sent,) = mongodbs.monitor.named("insert")
    assert len(sent.command["documents"]) == len(ROOTS)
    assert sent.command["ordered"] is True
    assert sent.command["writeConcern"] == {"w": "majority", "j": True, "wtimeout": 5000}


async def test_positions_are_whole_numbers_of_64_bits(store: MongoLogStore, mongodbs: Databases, database: Database) -> None:
    await store.insert_at(1, placed(commit()))
    document = await mongodbs.owner.database(database.name).collection("log").find_one({})
    assert document is not None
    assert type(document["_id"]) is Int64


async def test_of_two_who_insert_at_once_one_is_first_and_the_other_sees_it(database: Database, mongodbs: Databases) -> None:
    stores = [
        await MongoLogStore.open(each, service="shop", network="city.example") for each in (database, mongodbs.again(database))
    ]
    mine = [placed(commit(painted(BLUE), painted(RED))), placed(commit(), commit())]
    outcomes = await asyncio.gather(*(store.insert_at(1, each) for store, each in zip(stores, mine, strict=True)))
    assert sorted(outcomes) == ["inserted", "taken"]
    loser = stores[outcomes.index("taken")]
    assert list((await loser.read(0, 10)).commits) == mine[outcomes.index("inserted")]


async def test_nothing_goes_in_beyond_the_head_of_a_log_that_others_write(store: MongoLogStore, database: Database) -> None:
    await store.insert_at(1, placed(commit(painted(), painted())))
    other = await MongoLogStore.open(database, service="shop", network="city.example")
    assert [await other.insert_at(at, placed(commit(), at=at)) for at in (2, 4, 1000)] == ["taken"] * 3
    assert await other.insert_at(3, placed(commit(), at=3)) == "inserted"


# ---------------------------------------------------------------- damage


async def test_a_missing_commit_is_damage_and_nobody_steps_over_it(
    store: MongoLogStore, database: Database, mongodbs: Databases
) -> None:
    await store.insert_at(1, placed(commit(), commit(painted(), painted()), commit()))
    await mongodbs.owner.database(database.name).collection("log").delete_one({"_id": 2})
    with pytest.raises(Internal, match="damaged at position 2: the next commit is at 4"):
        await store.read(0, 10)
    fresh = await MongoLogStore.open(database, service="shop", network="city.example")
    for after in (1, 2):
        with pytest.raises(Internal, match="damaged at position 2"):
            await fresh.read(after, 10)


async def test_a_root_without_one_of_its_events_is_damage(store: MongoLogStore, database: Database, mongodbs: Databases) -> None:
    await store.insert_at(1, placed(*(commit(painted(RED), painted(BLUE)) for _ in range(4))))
    await mongodbs.owner.database(database.name).collection("log").delete_one({"_id": 3})
    cuts: list[dict[str, Any]] = [{}, {"after": 1}, {"until": 3}, {"after": 1, "until": 3}]
    for cut in cuts:
        with pytest.raises(Internal, match=r"damaged at position 5: .* has its event 3 there, and nowhere its event 2"):
            await store.root("bicycle", RED, **cut)
    assert [event.number for event in await store.root("bicycle", RED, after=2)] == [3, 4]


async def test_a_missing_beginning_is_damage(store: MongoLogStore, database: Database, mongodbs: Databases) -> None:
    await store.insert_at(1, placed(commit(painted(), painted()), commit(), commit()))
    await mongodbs.owner.database(database.name).collection("log").delete_one({"_id": 1})
    fresh = await MongoLogStore.open(database, service="shop", network="city.example")
    for after in (0, 1, 2):
        with pytest.raises(Internal, match="damaged at position 1: the next commit is at 3"):
            await fresh.read(after, 10)


async def test_a_commit_that_lost_an_event_is_damage(store: MongoLogStore, database: Database, mongodbs: Databases) -> None:
    await store.insert_at(1, placed(commit(painted(), painted(BLUE)), commit()))
    document = await mongodbs.owner.database(database.name).collection("log").find_one({"_id": 1})
    assert document is not None
    await change(mongodbs, database, 1, events=document["events"][:1])
    with pytest.raises(Internal, match="damaged at position 2: the next commit is at 3"):
        await store.read(0, 10)


async def test_what_is_no_commit_is_damage(store: MongoLogStore, database: Database, mongodbs: Databases) -> None:
    await store.insert_at(1, placed(commit(), commit()))
    await change(mongodbs, database, 2, events=[{"d": "bicycle", "r": RED}])
    for reading in (store.read(0, 10), store.root("bicycle", RED)):
        with pytest.raises(Internal, match="damaged at position 2: what stands there is no commit"):
            await reading


# ---------------------------------------------------------------- few requests


async def test_new_roots_are_looked_up_in_one_request(store: MongoLogStore, mongodbs: Databases) -> None:
    await store.insert_at(1, placed(commit()))
    before = len(mongodbs.monitor.named("find"))
    assert await store.latest([("bicycle", root) for root in ROOTS]) == {}
    assert len(mongodbs.monitor.named("find")) == before + 1


async def test_the_latest_number_of_a_root_is_found_behind_many_commits_of_others(store: MongoLogStore) -> None:
    quiet = [commit(painted(root), painted(root, domain="wheel")) for root in ROOTS[:3]]
    busy = [commit(painted(ROOTS[3], n=n), painted(ROOTS[0], domain="wheel")) for n in range(30)]
    await store.insert_at(1, placed(*quiet, *busy))
    found = await store.latest([(domain, root) for domain in ("bicycle", "wheel") for root in ROOTS[:5]])
    assert found == {
        **{("bicycle", root): 1 for root in ROOTS[:3]},
        ("bicycle", ROOTS[3]): 30,
        ("wheel", ROOTS[0]): 31,
        **{("wheel", root): 1 for root in ROOTS[1:3]},
    }


async def test_a_root_that_another_domain_has_many_events_of_is_looked_up_in_a_few_requests(
    store: MongoLogStore, mongodbs: Databases
) -> None:
    busy = [commit(painted(RED, domain="wheel")) for _ in range(40)]
    await store.insert_at(1, placed(commit(painted(BLUE)), commit(painted(RED)), *busy))
    before = len(mongodbs.monitor.named("find"))
    assert await store.latest([("bicycle", RED)]) == {("bicycle", RED): 1}
    assert len(mongodbs.monitor.named("find")) == before + 4


async def test_readers_of_old_pages_cost_those_who_append_nothing(store: MongoLogStore, mongodbs: Databases) -> None:
    await store.insert_at(1, placed(*(commit() for _ in range(70))))
    await store.read(0, 69)
    before = len(mongodbs.monitor.named("find"))
    assert await store.insert_at(71, placed(commit(), at=71)) == "inserted"
    assert len(mongodbs.monitor.named("find")) == before


async def test_a_page_that_goes_on_where_one_ended_is_one_request(store: MongoLogStore, mongodbs: Databases) -> None:
    await store.insert_at(1, placed(*(commit(painted(root), painted(root)) for root in ROOTS)))
    page = await store.read(0, 5)
    before = len(mongodbs.monitor.named("find"))
    await store.read(page.scanned, 5)
    assert len(mongodbs.monitor.named("find")) == before + 1


async def test_the_roots_since_a_position_are_found_without_what_was_before(store: MongoLogStore, mongodbs: Databases) -> None:
    await store.insert_at(1, placed(*(commit(painted(root), painted(root, domain="wheel")) for root in ROOTS)))
    assert await store.roots("bicycle", after=36) == [(ROOTS[18], 37), (ROOTS[19], 39)]
    assert mongodbs.monitor.named("find")[-1].command["filter"]["_id"] in ({"$gt": 36}, {"$gte": 35})
    assert await store.roots("wheel", after=37) == [(ROOTS[18], 38), (ROOTS[19], 40)]


@pytest.mark.parametrize("at_once", [1, 3, 50])
async def test_roots_are_listed_in_steps_however_long_the_log_is(
    store: MongoLogStore, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    order = [0, 1, 0, 2, 3, 1, 4, 0, 4, 5]
    pairs = [commit(painted(ROOTS[n]), painted(ROOTS[n], domain="wheel"), painted(ROOTS[n])) for n in order]
    await store.insert_at(1, placed(*pairs))
    monkeypatch.setattr(log, "AT_ONCE", at_once)
    last = {ROOTS[n]: at * 3 + 3 for at, n in enumerate(order)}
    expected = sorted(last.items(), key=lambda root: root[1])
    for after in (0, 1, 12, 24, 30):
        later = [(root, at) for root, at in expected if at > after]
        assert await store.roots("bicycle", after=after) == later
        assert await store.roots("bicycle", after=after, limit=2) == later[:2]


async def test_the_first_roots_are_listed_without_the_rest_of_the_log(
    store: MongoLogStore, mongodbs: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.insert_at(1, placed(*(commit(painted(root)) for root in ROOTS)))
    monkeypatch.setattr(log, "AT_ONCE", 4)
    before = len(mongodbs.monitor.named("find"))
    assert await store.roots("bicycle", limit=3) == [(ROOTS[0], 1), (ROOTS[1], 2), (ROOTS[2], 3)]
    assert len(mongodbs.monitor.named("find")) == before + 2  # four commits, and whether their roots come again


# ---------------------------------------------------------------- one root


async def test_the_events_of_a_root_are_its_own_also_where_commits_have_others(store: MongoLogStore) -> None:
    both = [commit(painted(RED, n=n), painted(BLUE, n=n), painted(RED, domain="wheel"), painted(RED, n=-n)) for n in range(1, 8)]
    await store.insert_at(1, placed(*both))

    async def n_of(**cut: Any) -> list[object]:
        return [event.payload["n"] for event in await store.root("bicycle", RED, **cut)]

    whole = [n for pair in ((n, -n) for n in range(1, 8)) for n in pair]
    assert await n_of() == whole
    assert await n_of(after=3) == whole[3:]
    assert await n_of(after=4) == whole[4:]
    assert await n_of(until=5) == whole[:5]
    assert await n_of(after=3, until=5) == whole[3:5]
    assert await n_of(after=14) == []
    assert await n_of(after=99) == []


async def test_the_newest_events_of_a_root_are_found_from_the_last_one_back(store: MongoLogStore, mongodbs: Databases) -> None:
    await store.insert_at(1, placed(*(commit(painted(RED, n=n)) for n in range(1, 31))))
    await store.root("bicycle", RED, after=28)
    assert mongodbs.monitor.named("find")[-1].command["sort"] == {"_id": -1}
