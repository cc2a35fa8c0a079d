"""Opens what procedures keep, wherever that is, and closes it. Drivers are imported when they are needed."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from blossm.core.errors import Unavailable
from blossm.model.indexes import IndexPlan, log_plan, view_plan
from blossm.model.network import Network, ViewStoreSpec
from blossm.ports import LogStore, StateStore, ViewStore
from blossm.serve.where import MEMORY, InMongo, Server, Where

if TYPE_CHECKING:
    from blossm.adapters.mongodb.client import Database, Mongo


class Stores:
    """The stores of one process. `close` closes all that were opened, and at the end the clients of MongoDB: one a deployment.

    A store that can't be opened raises Unavailable or Internal: a file that is damaged, a server that is not there, a
    database that lacks a collection or an index.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._mongos: dict[Server, Mongo] = {}
        self._databases: dict[InMongo, Database] = {}
        self._closing = AsyncExitStack()

    async def log(self, service: str, where: Where = MEMORY) -> LogStore:
        """A service's log."""
        store = await self._log(service, where)
        self._closing.push_async_callback(store.close)
        return store

    async def states(self, service: str, where: Where = MEMORY) -> StateStore:
        """The saved states of a service's roots."""
        store = await self._states(service, where)
        self._closing.push_async_callback(store.close)
        return store

    async def view(self, spec: ViewStoreSpec, where: Where = MEMORY) -> ViewStore:
        """A view's rows."""
        store = await self._view(spec, where)
        self._closing.push_async_callback(store.close)
        return store

    async def close(self) -> None:
        await self._closing.aclose()

    async def _log(self, service: str, where: Where) -> LogStore:
        name = self._network.name
        if isinstance(where, InMongo):
            database = await self._of_service(service, where)
            from blossm.adapters.mongodb.log import MongoLogStore

            return await MongoLogStore.open(database, service=service, network=name)
        if where == MEMORY:
            from blossm.adapters.memory.log import MemoryLogStore

            return MemoryLogStore(service=service, network=name)
        from blossm.adapters.sqlite.log import SqliteLogStore

        return SqliteLogStore.open(Path(where), service=service, network=name)

    async def _states(self, service: str, where: Where) -> StateStore:
        if isinstance(where, InMongo):
            database = await self._of_service(service, where)
            from blossm.adapters.mongodb.states import MongoStateStore

            return await MongoStateStore.open(database)
        if where == MEMORY:
            from blossm.adapters.memory.states import MemoryStateStore

            return MemoryStateStore()
        from blossm.adapters.sqlite.states import SqliteStateStore

        return SqliteStateStore.open(Path(where))

    async def _view(self, spec: ViewStoreSpec, where: Where) -> ViewStore:
        if isinstance(where, InMongo):
            database = await self._ready(where, view_plan(spec), of=f"view-store/{spec.address}")
            from blossm.adapters.mongodb.views import MongoViewStore

            return await MongoViewStore.open(database, spec)
        if where == MEMORY:
            from blossm.adapters.memory.views import MemoryViewStore

            return MemoryViewStore(spec)
        from blossm.adapters.sqlite.views import SqliteViewStore

        return SqliteViewStore.open(Path(where), spec)

    async def _of_service(self, service: str, where: InMongo) -> Database:
        plan = log_plan(self._network.stores_of(service).values())
        return await self._ready(where, plan, of=f"event-store/{service}")

    async def _ready(self, where: InMongo, plan: IndexPlan, *, of: str) -> Database:
        """The database, in which all of its plan is: looked at once."""
        if where not in self._databases:
            mongo = self._mongo(where.server)
            from blossm.adapters.mongodb.indexes import require

            database = mongo.database(where.database)
            await require(database, plan, of=of)
            self._databases[where] = database
        return self._databases[where]

    def _mongo(self, server: Server) -> Mongo:
        if server not in self._mongos:
            mongo = client_of(server)
            self._closing.push_async_callback(mongo.close)
            self._mongos[server] = mongo
        return self._mongos[server]


def client_of(server: Server) -> Mongo:
    """A client of a deployment; close it in the end. Raises Unavailable, also where the driver is not installed.

    The user comes along only with a password: where the address names another way to show who it is, a token says it.
    """
    try:
        from blossm.adapters.mongodb.client import Mongo
    except ModuleNotFoundError as error:
        raise Unavailable(
            f"MongoDB is asked for, and its driver is not installed ({error.name})", help="pip install 'blossm[mongodb]'"
        ) from error
    if not server.password:
        return Mongo.at(server.address)
    return Mongo.at(server.address, user=server.user, password=server.password)
