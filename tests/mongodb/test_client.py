from __future__ import annotations

import asyncio
import gc
import warnings

import pytest
from tests.mongodb.fixtures import Databases

from blossm.adapters.mongodb import client
from blossm.adapters.mongodb.client import Database, Mongo
from blossm.core.errors import Unavailable
from blossm.model.indexes import log_plan

NOWHERE = "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=50"


async def test_a_database_is_reached(mongodb: Database) -> None:
    async with mongodb.turn() as session:
        assert await mongodb.collection("log").find_one({}, session=session) is None


async def test_a_server_that_is_not_there_is_told_with_what_to_do() -> None:
    mongo = Mongo.at(NOWHERE)
    with pytest.raises(Unavailable, match=r"MongoDB at 127\.0\.0\.1:9 can't be reached") as told:
        async with mongo.database("shop").turn() as session:
            await mongo.database("shop").collection("log").find_one({}, session=session)
    assert told.value.help
    await mongo.close()


async def test_who_does_not_get_to_its_turn_is_told_and_keeps_nobody_else_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TURNS_WAIT", 0.01)
    mongo = Mongo.at(NOWHERE, pool=1)
    shop = mongo.database("shop")
    async with shop.turn():
        with pytest.raises(Unavailable, match="all connections were in use"):
            async with shop.turn():
                pass
    async with shop.turn():
        pass
    await mongo.close()


@pytest.mark.parametrize(
    "address", ["mongodb:/nowhere", "mongodb://u:se/cret@h", "mongodb://u:se@cret@h:x", "mongodb://u:secret@[::1"]
)
def test_an_address_that_can_not_be_read_is_told_without_its_password(address: str) -> None:
    with pytest.raises(Unavailable, match="can't be read") as told:
        Mongo.at(address)
    assert "cret" not in f"{told.value}{told.value.help}{told.value.facts}"
    assert told.value.__cause__ is None


async def test_what_an_address_says_counts_more_than_what_a_client_does_by_itself() -> None:
    mongo = Mongo.at(NOWHERE)
    assert mongo.client.options.server_selection_timeout == 0.05
    assert mongo.client.options.pool_options.connect_timeout == 5
    await mongo.close()


async def test_a_client_that_is_closed_while_the_driver_connects_leaves_nothing_open() -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for passes in range(6):
            mongo = Mongo.at(NOWHERE)
            trying = asyncio.create_task(mongo.client.aconnect())
            for _ in range(passes):
                await asyncio.sleep(0)
            await mongo.close()
            trying.cancel()
            await asyncio.gather(trying, return_exceptions=True)
            del mongo, trying
        gc.collect()
    assert not [str(warning.message) for warning in told]


async def test_a_read_sees_what_the_client_saw_before(emulated: Databases) -> None:
    database = await emulated.having(log_plan(()))
    async with database.turn() as session:
        await database.collection("log").insert_one({"_id": 1, "key": "1"}, session=session)
    written = session.operation_time
    async with database.turn() as session:
        await database.collection("log").find_one({}, session=session)
    (found,) = emulated.monitor.named("find")
    assert found.command["readConcern"] == {"level": "majority", "afterClusterTime": written}
