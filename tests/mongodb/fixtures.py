"""A database of MongoDB for one test, on every server that there is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from pymongo import AsyncMongoClient
from tests.mongodb.server import EMULATOR, REAL, emulator, new_database, real_server

from blossm.adapters.mongodb.client import Client, Database, Mongo

SERVERS = [EMULATOR, REAL] if real_server() else [EMULATOR]


@pytest.fixture(scope="session")
def _emulator() -> Iterator[str]:
    with emulator() as uri:
        yield uri


@pytest.fixture(scope="session", params=SERVERS)
def mongodb_uri(request: pytest.FixtureRequest) -> str:
    """The address of a server."""
    found: str = request.getfixturevalue("_emulator") if request.param == EMULATOR else real_server()
    return found


@pytest.fixture
async def mongodb(mongodb_uri: str) -> AsyncIterator[Database]:
    """A new empty database, dropped after the test."""
    mongo = Mongo.at(mongodb_uri)
    database = mongo.database(new_database())
    yield database
    await mongo.close()
    owner: Client
    async with AsyncMongoClient(mongodb_uri) as owner:
        await owner.drop_database(database.name)
