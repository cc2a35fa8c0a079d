"""A server that fails, as the driver really sees it: what an insert says became of it is never more than is known."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pymongo.errors import BulkWriteError, OperationFailure, ServerSelectionTimeoutError
from tests.log.conftest import settled
from tests.mongodb.fixtures import Databases

from blossm.adapters.mongodb.client import Database
from blossm.adapters.mongodb.errors import outcome
from blossm.adapters.mongodb.log import MongoLogStore
from blossm.core.errors import Unavailable
from blossm.model.indexes import log_plan
from blossm.testing.contracts.log_store import commit, placed

NOT_PRIMARY = {"not writable primary": 10107, "stepped down": 189, "stepping down": 11602, "shutting down": 91}
REFUSED = {"not allowed": 13, "no space": 8000}
NEITHER = {"interrupted": 11601, "out of time": 50, "nothing anybody knows": 424242}
NOT_DURABLE = {"code": 64, "errmsg": "waiting for replication timed out"}


@pytest.fixture
async def database(emulated: Databases) -> Database:
    return await emulated.having(log_plan(()))


@pytest.fixture
async def store(database: Database) -> MongoLogStore:
    return await MongoLogStore.open(database, service="shop", network="city.example")


async def positions(store: MongoLogStore) -> list[int]:
    return [logged.position for logged in (await store.read(0, 100)).commits]


# ---------------------------------------------------------------- the driver tries again by itself


@pytest.mark.parametrize("code", NOT_PRIMARY.values(), ids=NOT_PRIMARY)
async def test_an_insert_goes_on_after_an_election(store: MongoLogStore, emulated: Databases, code: int) -> None:
    async with emulated.failing("insert", errorCode=code, errorLabels=["RetryableWriteError"]):
        assert await store.insert_at(1, placed(commit(), commit())) == "inserted"
    first, second = emulated.monitor.named("insert")
    assert first.command["txnNumber"] == second.command["txnNumber"]
    assert await positions(store) == [1, 2]


async def test_an_insert_goes_on_after_a_connection_broke(store: MongoLogStore, emulated: Databases) -> None:
    async with emulated.failing("insert", closeConnection=True):
        assert await store.insert_at(1, placed(commit())) == "inserted"
    assert await positions(store) == [1]


async def test_a_read_goes_on_after_an_election_or_a_broken_connection(store: MongoLogStore, emulated: Databases) -> None:
    await store.insert_at(1, placed(commit()))
    async with emulated.failing("find", errorCode=10107):
        assert await store.head() == 2
    async with emulated.failing("find", closeConnection=True):
        assert await positions(store) == [1]


# ---------------------------------------------------------------- nobody knows


@pytest.mark.parametrize("code", [*NOT_PRIMARY.values(), *NEITHER.values()], ids=[*NOT_PRIMARY, *NEITHER])
async def test_an_insert_that_fails_again_is_unknown(store: MongoLogStore, emulated: Databases, code: int) -> None:
    async with emulated.failing("insert", times=2, errorCode=code):
        assert await store.insert_at(1, placed(commit())) == "unknown"


async def test_a_connection_that_breaks_again_is_unknown(store: MongoLogStore, emulated: Databases) -> None:
    async with emulated.failing("insert", times=2, closeConnection=True):
        assert await store.insert_at(1, placed(commit())) == "unknown"
    assert await store.insert_at(1, placed(commit())) == "inserted"


async def test_a_server_that_does_not_answer_in_time_is_unknown_and_may_have_written(
    database: Database, emulated: Databases
) -> None:
    hasty = emulated.again(database, "?socketTimeoutMS=150&retryWrites=false")
    store = await MongoLogStore.open(hasty, service="shop", network="city.example")
    batch = placed(commit())
    async with emulated.failing("insert", blockConnection=True, blockTimeMS=400):
        assert await store.insert_at(1, batch) == "unknown"
    patient = await MongoLogStore.open(database, service="shop", network="city.example")
    assert await patient.insert_at(1, batch) in ("inserted", "taken")
    assert await positions(patient) == [1]


async def test_what_a_majority_did_not_confirm_is_unknown_and_taken_when_it_is_tried_again(
    store: MongoLogStore, emulated: Databases
) -> None:
    batch = placed(commit(), commit())
    async with emulated.failing("insert", writeConcernError=NOT_DURABLE):
        assert await store.insert_at(1, batch) == "unknown"
    assert await store.insert_at(1, batch) == "taken"
    assert await positions(store) == [1, 2]


async def test_a_duplicate_is_taken_also_where_the_majority_did_not_confirm_what_went_before(
    store: MongoLogStore, emulated: Databases
) -> None:
    await store.insert_at(1, placed(commit(key="known")))
    async with emulated.failing("insert", writeConcernError=NOT_DURABLE):
        assert await store.insert_at(2, placed(commit(), commit(key="known"), at=2)) == "taken"
    assert await positions(store) == [1, 2]


async def test_a_refusal_after_a_try_that_nobody_knows_of_is_unknown(
    store: MongoLogStore, database: Database, emulated: Databases
) -> None:
    async with emulated.failing("insert", closeConnection=True):
        assert await store.insert_at(1, placed(commit())) == "inserted"
    tries = database.inserts_sent("log")
    assert tries == 2
    assert outcome(OperationFailure("not authorized", 13), "the log", tries=tries) == "unknown"


async def test_a_driver_that_gives_up_by_itself_leaves_it_unknown(store: MongoLogStore, monkeypatch: pytest.MonkeyPatch) -> None:
    inserted = store._log.insert_many

    async def given_up(*documents: Any, **how: Any) -> None:
        await inserted(*documents, **how)
        raise asyncio.CancelledError

    monkeypatch.setattr(store._log, "insert_many", given_up)
    assert await store.insert_at(1, placed(commit())) == "unknown"
    assert await positions(store) == [1]


async def test_a_read_that_the_driver_gives_up_by_itself_is_told_and_cancels_nobody(database: Database) -> None:
    with pytest.raises(Unavailable, match="broke the connection off"):
        async with database.turn():
            raise asyncio.CancelledError


async def test_who_is_cancelled_while_it_inserts_is_cancelled(store: MongoLogStore, emulated: Databases) -> None:
    async with emulated.failing("insert", blockConnection=True, blockTimeMS=300):
        inserting = asyncio.create_task(store.insert_at(1, placed(commit())))
        await emulated.monitor.heard("insert")
        await settled()  # it waits for the answer now; asyncio itself loses a cancellation a moment before
        inserting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await inserting
    assert await store.insert_at(1, placed(commit())) in ("inserted", "taken")


# ---------------------------------------------------------------- nothing was written


@pytest.mark.parametrize("code", REFUSED.values(), ids=REFUSED)
async def test_an_insert_that_is_refused_at_once_wrote_nothing(store: MongoLogStore, emulated: Databases, code: int) -> None:
    async with emulated.failing("insert", errorCode=code):
        with pytest.raises(Unavailable):
            await store.insert_at(1, placed(commit()))
    assert await positions(store) == []


async def test_a_server_that_is_gone_got_nothing() -> None:
    with pytest.raises(Unavailable, match="can't be reached"):
        outcome(ServerSelectionTimeoutError("no servers"), "the log", tries=0)


async def test_a_client_that_is_closed_sends_nothing(database: Database, emulated: Databases) -> None:
    store = await MongoLogStore.open(database, service="shop", network="city.example")
    await emulated.leave(database)
    with pytest.raises(Unavailable):
        await store.insert_at(1, placed(commit()))


# ---------------------------------------------------------------- what a server says of single documents


def said(*codes_at: tuple[int, int], durable: bool = True) -> BulkWriteError:
    errors: list[dict[str, Any]] = [{"index": index, "code": code, "errmsg": ""} for index, code in codes_at]
    return BulkWriteError({"writeErrors": errors, "writeConcernErrors": [] if durable else [NOT_DURABLE], "nInserted": 0})


@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize("index", [0, 7])
@pytest.mark.parametrize("tries", [1, 2])
def test_a_duplicate_is_taken(tries: int, index: int, durable: bool) -> None:
    assert outcome(said((index, 11000), durable=durable), "the log", tries=tries) == "taken"


def test_a_first_document_that_is_refused_says_that_nothing_was_written() -> None:
    with pytest.raises(Unavailable):
        outcome(said((0, 121)), "the log", tries=1)


def test_a_later_document_that_is_refused_leaves_it_unknown() -> None:
    assert outcome(said((1, 121)), "the log", tries=1) == "unknown"
    assert outcome(said((0, 121)), "the log", tries=2) == "unknown"


def test_what_was_not_durable_in_time_is_unknown() -> None:
    assert outcome(said(durable=False), "the log", tries=1) == "unknown"
