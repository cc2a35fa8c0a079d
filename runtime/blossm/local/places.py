"""Where the stores of a local network are: files of its state folder, or databases on the server that the folder remembers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from blossm.local.databases import Databases
from blossm.local.state import FolderError, OnServer, StateFolder
from blossm.model.indexes import IndexPlan, index_plan
from blossm.model.network import Network
from blossm.serve.storage import client_of
from blossm.serve.where import Server, Where

if TYPE_CHECKING:
    from blossm.adapters.mongodb.client import Database, Mongo


class Places(Protocol):
    """Where each store is. `shown` says it as a whole, for people; `databases` are their names, where it is a server."""

    @property
    def shown(self) -> str: ...

    @property
    def databases(self) -> tuple[str, ...]: ...

    def log(self, service: str) -> Where:
        """Raises FolderError where a log is gone."""

    def states(self, service: str) -> Where: ...

    def view(self, address: str) -> Where: ...


class InFolder:
    """Everything in SQLite files."""

    databases = ()

    def __init__(self, folder: StateFolder) -> None:
        self._folder = folder

    @property
    def shown(self) -> str:
        return str(self._folder.path)

    def log(self, service: str) -> Where:
        return str(self._folder.log(service))

    def states(self, service: str) -> Where:
        return str(self._folder.states(service))

    def view(self, address: str) -> Where:
        return str(self._folder.view(address))


async def places_of(network: Network, folder: StateFolder, *, log: Server | None = None, fresh: bool = False) -> Places:
    """Where this network's stores are, ready to be opened.

    `log`: the server that was named. The folder remembers it, so it need not be named again. On a server, collections and
    indexes are made where they are missing; `fresh` forgets the databases first. Raises FolderError when the
    logs are somewhere else than named, or are gone; Unavailable; IndexesDiffer.
    """
    server = folder.server_of(log)
    if server is None:
        return InFolder(folder)
    databases = Databases(network, server)
    mongo = client_of(server)
    try:
        if fresh:
            await _forget(databases, mongo)
        await _make_ready(network, databases, mongo, folder)
    finally:
        await mongo.close()
    return databases


async def _make_ready(network: Network, databases: Databases, mongo: Mongo, folder: StateFolder) -> None:
    """Apply every plan, and remember the logs. It is a developer's server: nobody else does it."""
    found = {ref: mongo.database(where.database) for ref, where in databases.all().items()}
    plans = {ref: index_plan(network, ref) for ref in found}
    logs = {database.name: plans[ref] for ref, database in found.items() if ref.kind == "event-store"}
    remembered = folder.server.logs if folder.server else ()
    await asyncio.gather(*(_refuse_a_gap(mongo.database(name), logs[name]) for name in remembered if name in logs))
    await asyncio.gather(*(_apply(database, plans[ref]) for ref, database in found.items()))
    folder.remember(OnServer(databases.shown, tuple(sorted({*remembered, *logs}))))


async def _refuse_a_gap(database: Database, plan: IndexPlan) -> None:
    from blossm.adapters.mongodb.indexes import missing

    if f"the collection {plan.collections[0].name}" in await missing(database, plan):
        raise FolderError(
            f"{database.where} is gone, with all that was logged",
            help="put it back from a copy, or name the server that has it; `blossm dev --fresh` begins anew",
        )


async def _apply(database: Database, plan: IndexPlan) -> None:
    from blossm.adapters.mongodb.indexes import apply

    async for _ in apply(database, plan):
        pass


async def _forget(databases: Databases, mongo: Mongo) -> None:
    from blossm.adapters.mongodb.forgetting import forget

    await asyncio.gather(*(forget(mongo.database(where.database)) for where in databases.all().values()))
