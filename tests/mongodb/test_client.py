from __future__ import annotations

import pytest

from blossm.adapters.mongodb.client import Database, Mongo
from blossm.core.errors import Unavailable


async def test_a_database_is_reached(mongodb: Database) -> None:
    async with mongodb.turn():
        assert await mongodb.collection("log").find_one({}) is None


async def test_a_server_that_is_not_there_is_told_with_what_to_do() -> None:
    mongo = Mongo.at("mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=50")
    with pytest.raises(Unavailable, match="can't be reached") as told:
        async with mongo.database("shop").turn():
            await mongo.database("shop").collection("log").find_one({})
    assert told.value.help
    await mongo.close()


def test_an_address_that_is_none_is_told() -> None:
    with pytest.raises(Unavailable, match="can't be read"):
        Mongo.at("mongodb:/nowhere")
