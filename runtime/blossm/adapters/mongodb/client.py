"""MongoDB as one process reaches it: one client, and turns in front of it.

Every write is durable on a majority before it is acknowledged, and every read sees only what is. What a process has once
seen or written it sees in all later reads, also after a failover: they ask for the time of the last answer (causal
consistency), so a server that lags behind makes them wait.

The driver's own pool starves some of those who wait (64 tasks on 8 connections: p99 of 1.5 s, and 35 ms with turns), so
requests take turns, first come first served.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from bson.timestamp import Timestamp
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
    ServerHeartbeatFailedEvent,
    ServerHeartbeatListener,
    ServerHeartbeatStartedEvent,
    ServerHeartbeatSucceededEvent,
)
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

from blossm.adapters.mongodb.errors import told, unusable
from blossm.core.errors import Unavailable

Document = dict[str, Any]
Client = AsyncMongoClient[Document]
Collection = AsyncCollection[Document]
Session: TypeAlias = AsyncClientSession

POOL = 16  # connections
TURNS_WAIT = 10.0  # seconds for a connection
WRITES_WAIT = 5_000  # ms for the majority: after them the outcome is unknown
DURABLE = WriteConcern("majority", j=True, wtimeout=WRITES_WAIT)
MAJORITY = ReadConcern("majority")

_OPTIONS = {
    "serverSelectionTimeoutMS": 5_000,
    "connectTimeoutMS": 5_000,
    "socketTimeoutMS": 15_000,
    "appname": "blossm",
    # As the driver does by itself on Cloud Run: one connection less per server, and the same behaviour everywhere. A
    # server that steps down is noticed by the next request.
    "serverMonitoringMode": "poll",
}
_HEARTBEAT_ENDS = 1.0  # seconds


class Mongo:
    """One deployment of MongoDB. The driver connects when it is first asked."""

    def __init__(self, client: Client, *, where: str, pool: int, heartbeats: _Heartbeats, inserts: _Inserts) -> None:
        self.client = client
        self.where = where
        self.inserts = inserts.sent
        self._turns = asyncio.Semaphore(pool)
        self._heartbeats = heartbeats
        self._seen: Timestamp | None = None  # the latest time that an answer told

    @classmethod
    def at(
        cls, uri: str, *, user: str = "", password: str = "", pool: int = POOL, listeners: Sequence[CommandListener] = ()
    ) -> Mongo:
        """The deployment at this address; what the address says of waits counts more than what stands here.

        Raises Unavailable when the address can't be read. Errors never tell the password.
        """
        heartbeats, inserts = _Heartbeats(), _Inserts()
        try:
            parts = urlsplit(uri)
            said = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
            options: dict[str, Any] = {name: value for name, value in _OPTIONS.items() if name.lower() not in said}
            options |= {name: value for name, value in (("username", user), ("password", password)) if value}
            heard = [heartbeats, inserts, *listeners]
            client: Client = AsyncMongoClient(uri, maxPoolSize=pool, event_listeners=heard, **options)
        except (PyMongoError, ValueError) as error:
            raise unusable(error) from None  # its words may hold a piece of the password
        where = f"MongoDB at {parts.netloc.rpartition('@')[2]}"
        return cls(client, where=where, pool=pool, heartbeats=heartbeats, inserts=inserts)

    def database(self, name: str) -> Database:
        return Database(self, name)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Session]:
        """One request at a time to a connection, each in a session that sees what was seen before.

        Who is cancelled in it is cancelled, also where the driver has lost that. Raises Unavailable where nothing gets to
        its turn: then nothing was sent.
        """
        await self._wait()
        try:
            async with _cancelled_once(), self.client.start_session(causal_consistency=True) as session:
                if self._seen is not None:
                    session.advance_operation_time(self._seen)
                try:
                    yield session
                finally:
                    time = session.operation_time
                    if time is not None and (self._seen is None or time > self._seen):
                        self._seen = time
        finally:
            self._turns.release()

    async def _wait(self) -> None:
        """Until it is one's turn."""
        try:
            async with asyncio.timeout(TURNS_WAIT):
                await self._turns.acquire()
        except TimeoutError:
            raise Unavailable(
                f"{self.where} did not get to this request in {TURNS_WAIT:.0f} seconds: all connections were in use",
                help="nothing was sent: try again later, and look at what takes so long",
            ) from None

    async def close(self) -> None:
        """Let go of all connections."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_HEARTBEAT_ENDS):
                await self._heartbeats.idle.wait()
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

    def inserts_sent(self, collection: str) -> int:
        """How often an insert into this collection went to a server, by this client."""
        return self._mongo.inserts[self.name, collection]

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Session]:
        """A turn in which the driver's errors become `Unavailable`. What is asked in it takes its session, one by one."""
        with told(self.where):
            async with self._mongo.turn() as session:
                yield session


@asynccontextmanager
async def _cancelled_once() -> AsyncIterator[None]:
    """The driver sends with `asyncio.wait_for`, which in Python 3.11 drops a cancellation that comes as the write ends.

    https://github.com/python/cpython/issues/81839. Of 300 tasks that were cancelled around a find, 98 went on for ever.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        yield
    finally:
        if task and task.cancelling() > before:
            raise asyncio.CancelledError


class _Heartbeats(ServerHeartbeatListener):
    """Says when no check of a server is under way.

    A client that is closed while the driver connects in order to check a server leaves that socket open: the driver
    cancels its task in the middle, and only an error of the network closes the socket there.
    """

    def __init__(self) -> None:
        self.idle = asyncio.Event()
        self.idle.set()
        self._under_way: set[object] = set()

    def started(self, event: ServerHeartbeatStartedEvent) -> None:
        if not event.awaited:  # else the connection is there already
            self._under_way.add(event.connection_id)
            self.idle.clear()

    def succeeded(self, event: ServerHeartbeatSucceededEvent) -> None:
        self._ended(event.connection_id)

    def failed(self, event: ServerHeartbeatFailedEvent) -> None:
        self._ended(event.connection_id)

    def _ended(self, server: object) -> None:
        self._under_way.discard(server)
        if not self._under_way:
            self.idle.set()


class _Inserts(CommandListener):
    """Counts inserts as they are sent: the driver sends some again by itself, and does not tell."""

    def __init__(self) -> None:
        self.sent: Counter[tuple[str, str]] = Counter()  # by database and collection

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name == "insert":
            self.sent[event.database_name, event.command["insert"]] += 1

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...
