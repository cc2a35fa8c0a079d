"""MongoDB as one process reaches it: one client, and turns in front of it.

Every write is durable on a majority before it is acknowledged, and every read sees only what is. The driver's own pool
starves some of those who wait (64 tasks on 8 connections: p99 of 1.5 s, and 35 ms with turns), so requests take turns,
first come first served.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.monitoring import CommandListener
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

from blossm.adapters.mongodb.errors import told

Document = dict[str, Any]
Client = AsyncMongoClient[Document]
Collection = AsyncCollection[Document]

POOL = 16  # connections
WRITES_WAIT = 5_000  # ms for the majority: after them the outcome is unknown
DURABLE = WriteConcern("majority", j=True, wtimeout=WRITES_WAIT)
MAJORITY = ReadConcern("majority")

_WAITS = {"serverSelectionTimeoutMS": 5_000, "connectTimeoutMS": 5_000, "socketTimeoutMS": 15_000}


class Mongo:
    """One deployment of MongoDB. The driver connects when it is first asked."""

    def __init__(self, client: Client, *, where: str, pool: int) -> None:
        self.client = client
        self.where = where
        self._turns = asyncio.Semaphore(pool)

    @classmethod
    def at(
        cls, uri: str, *, user: str = "", password: str = "", pool: int = POOL, listeners: Sequence[CommandListener] = ()
    ) -> Mongo:
        """The deployment at this address; what the address says of pools and waits counts more than what stands here.

        Raises Unavailable when the address can't be read. Errors never tell the password.
        """
        where = "MongoDB"
        options: dict[str, Any] = {**_WAITS, "maxPoolSize": pool, "appname": "blossm"}
        given = {"username": user, "password": password}
        options |= {name: value for name, value in given.items() if value}
        with told(where):
            client: Client = AsyncMongoClient(uri, event_listeners=list(listeners), **options)
        return cls(client, where=where, pool=pool)

    def database(self, name: str) -> Database:
        return Database(self, name)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """One request at a time to a connection."""
        async with self._turns:
            yield

    async def close(self) -> None:
        await self.client.close()


class Database:
    """One database of a deployment, durable and majority throughout."""

    def __init__(self, mongo: Mongo, name: str) -> None:
        self._mongo = mongo
        self.name = name
        self.where = f"the database {name} of {mongo.where}"
        self._database: AsyncDatabase[Document] = mongo.client.get_database(
            name, write_concern=DURABLE, read_concern=MAJORITY, read_preference=ReadPreference.PRIMARY
        )

    def collection(self, name: str) -> Collection:
        return self._database[name]

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A turn in which the driver's errors become `Unavailable`."""
        async with self._mongo.turn():
            with told(self.where):
                yield

    @asynccontextmanager
    async def bare_turn(self) -> AsyncIterator[None]:
        """A turn whose errors of the driver say more than that it failed."""
        async with self._mongo.turn():
            yield
