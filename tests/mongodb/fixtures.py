"""Databases of MongoDB for one test, on every server that there is.

`mongodb` is a new empty one. `mongodbs.having(plan)` is one with the collections and indexes of a plan, made by another
client; whoever serves it is listened to, and the test fails where it sends what a serving user may not send.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from pymongo.errors import AutoReconnect
from tests.mongodb.monitor import Monitor
from tests.mongodb.server import EMULATOR, REAL, emulator, new_database, real_server

from blossm.adapters.mongodb import indexes
from blossm.adapters.mongodb.client import Database, Mongo
from blossm.model.indexes import IndexPlan

SERVERS = [EMULATOR, REAL] if real_server() else [EMULATOR]


class Databases:
    """The databases of one test. `monitor` hears what is sent to those with a plan."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.monitor = Monitor()
        self.owner = Mongo.at(uri)  # makes and drops
        self._clients: dict[Database, Mongo] = {}
        self._names: list[str] = []

    def empty(self) -> Database:
        """A new one, for the owner: it has no plan, and nobody listens."""
        self._names.append(new_database())
        return self.owner.database(self._names[-1])

    async def having(self, plan: IndexPlan) -> Database:
        """A new one with all of the plan, as somebody sees it who serves."""
        made = self.empty()
        async for _ in indexes.apply(made, plan):
            pass
        self.monitor.expect(made.name, plan)
        return self.again(made)

    def again(self, database: Database, options: str = "") -> Database:
        """The same database through a client of its own, as another process has it. `options`: `?name=value&…`."""
        mongo = Mongo.at(self.uri + ("/" + options if options else ""), listeners=[self.monitor])
        made = mongo.database(database.name)
        self._clients[made] = mongo
        return made

    async def leave(self, database: Database) -> None:
        """Close the client of a database."""
        await self._clients.pop(database).close()

    @asynccontextmanager
    async def failing(self, *commands: str, times: int = 1, after: int = 0, **how: Any) -> AsyncIterator[None]:
        """These commands fail so many times, but for the first ones; `how` as MongoDB's failpoint `failCommand` has it."""
        admin = self.owner.client.admin
        mode = {"times": times, "skip": after} if after else {"times": times}
        await admin.command("configureFailPoint", "failCommand", mode=mode, data={"failCommands": [*commands], **how})
        yield
        await admin.command("configureFailPoint", "failCommand", mode="off")

    async def close(self) -> None:
        for mongo in self._clients.values():
            await mongo.close()
        for name in self._names:
            await self._drop(name)
        await self.owner.close()

    async def _drop(self, name: str) -> None:
        with suppress(AutoReconnect):  # a connection to a server that was killed since
            await self.owner.client.drop_database(name)
            return
        await self.owner.client.drop_database(name)


@pytest.fixture(scope="session")
def _emulator() -> Iterator[str]:
    with emulator("--enable-test-commands") as uri:
        yield uri


@pytest.fixture(scope="session", params=SERVERS)
def mongodb_uri(request: pytest.FixtureRequest) -> str:
    """The address of a server."""
    found: str = request.getfixturevalue("_emulator") if request.param == EMULATOR else real_server()
    return found


@pytest.fixture
async def mongodbs(mongodb_uri: str) -> AsyncIterator[Databases]:
    """Databases that are dropped after the test; then nothing may have been sent that a serving user may not send."""
    async with _watched(mongodb_uri) as databases:
        yield databases


@pytest.fixture
async def emulated(_emulator: str) -> AsyncIterator[Databases]:
    """Those of the emulator only, which can be told to fail."""
    async with _watched(_emulator) as databases:
        yield databases


@asynccontextmanager
async def _watched(uri: str) -> AsyncIterator[Databases]:
    databases = Databases(uri)
    yield databases
    await databases.close()
    assert not databases.monitor.forbidden


@pytest.fixture
def mongodb(mongodbs: Databases) -> Database:
    """A new empty database, dropped after the test."""
    return mongodbs.empty()
