"""A service's log in one collection of MongoDB: a document per commit, whose `_id` is the position of its first event.

Any number of processes may append: an insert is a compare-and-swap on the head, since an `_id` is given once. No server
has to know more than finds, ordered inserts and a unique index; no transaction is used. Every document names its service,
so that two services which meet in one database notice it before either has built on what the other logged.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

import bson
from bson.raw_bson import RawBSONDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import PyMongoError

from blossm.adapters.mongodb import log_documents
from blossm.adapters.mongodb.client import Database, Document
from blossm.adapters.mongodb.errors import outcome
from blossm.adapters.mongodb.indexes import require
from blossm.adapters.mongodb.log_documents import damaged
from blossm.adapters.mongodb.plain import PLAIN
from blossm.core.commit import LoggedCommit, RootKey
from blossm.core.errors import Unavailable
from blossm.core.event import LoggedEvent
from blossm.model.indexes import log_plan
from blossm.ports import ReadPage

Filter = Mapping[str, Any]
Order = Literal[1, -1]

PAGE_BYTES = 4 * 1024 * 1024  # a page ends when it is over this
ROOTS = 100  # looked up at once: MongoDB walks up to 200 ranges of an index side by side
_EDGES = 64  # ends of commits that are remembered
_BY_ROOT = [("events.r", 1), ("_id", 1)]
_BY_DOMAIN = [("events.d", 1), ("_id", 1)]
_SIZE = {"service": 1, "events.n": 1}  # of a commit: what says where it ends, and whose it is


class MongoLogStore:
    """Implements `ports.LogStore`."""

    def __init__(self, database: Database, *, service: str, network: str) -> None:
        self._database = database
        self._service = service
        self._network = network
        self._log = database.collection("log").with_options(codec_options=PLAIN)
        raw = PLAIN.with_options(document_class=RawBSONDocument)
        self._raw: AsyncCollection[Any] = database.collection("log").with_options(codec_options=raw)
        self._edges: deque[int] = deque([1], maxlen=_EDGES)  # positions after durable commits: they stay that for ever

    @classmethod
    async def open(cls, database: Database, *, service: str, network: str) -> MongoLogStore:
        """The log in this database. Closing it leaves the client open.

        Raises Unavailable where the collection or an index of it is missing, or the log is another service's.
        """
        await require(database, log_plan(()), of=f"event-store/{service}")
        store = cls(database, service=service, network=network)
        await store.head()
        return store

    async def head(self) -> int:
        last = await self._one({}, order=-1, fields=_SIZE)
        return 1 if last is None else self._edge(log_documents.end(last))

    async def insert_at(self, position: int, commits: Sequence[LoggedCommit]) -> Literal["inserted", "taken", "unknown"]:
        if position not in self._edges and not await self._may_begin(position):
            return "taken"
        documents = [log_documents.document(logged, service=self._service) for logged in commits]
        async with self._database.bare_turn() as session:
            before = self._database.inserts_sent("log")
            try:
                await self._log.insert_many(documents, ordered=True, session=session)
            except PyMongoError as error:
                tries = self._database.inserts_sent("log") - before
                return outcome(error, self._database.where, tries=tries)
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
                return "unknown"  # the driver's own: it had to give the connection up
        self._edge(commits[-1].end)
        return "inserted"

    async def latest(self, roots: Collection[RootKey]) -> dict[RootKey, int]:
        keys = list(roots)
        found: dict[RootKey, int] = {}
        for start in range(0, len(keys), ROOTS):
            found |= await self._latest(set(keys[start : start + ROOTS]))
        return found

    async def latest_in(self, domains: Collection[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for domain in domains:
            last = await self._one({"events.d": domain}, order=-1, fields={"events.d": 1, "events.r": 1}, hint=_BY_DOMAIN)
            if last is not None:
                found[domain] = max(position for _, position in log_documents.places(last, domain))
        return found

    async def by_key(self, keys: Collection[str]) -> dict[str, LoggedCommit]:
        if not keys:
            return {}
        async with self._found({"key": {"$in": [*keys]}}) as documents:
            commits = [self._commit(document) async for document in documents]
        return {logged.commit.key: logged for logged in commits}

    async def read(self, after: int, limit: int, *, domains: Collection[str] | None = None) -> ReadPage:
        if limit < 1:
            return ReadPage((), after)
        if domains is not None:
            return await self._read_of(domains, after, limit)
        begun, expected = await self._begun(after)
        commits, _ = await self._page({"_id": {"$gt": after}}, begun, limit)
        _follow(commits[len(begun) :], expected)
        return ReadPage(tuple(commits), commits[-1].end - 1 if commits else after)

    async def root(
        self, domain: str, root: str, *, after: int = 0, until: int | None = None, until_time: str | None = None
    ) -> list[LoggedEvent]:
        if after > 0 and until is None and until_time is None:
            return await self._newest(domain, root, after)
        where: dict[str, Any] = {"events.r": root}
        if until_time is not None:
            where["at"] = {"$lte": until_time}
        if after > 0 or until is not None:  # some event of the commit, not necessarily of this root: that is seen below
            where["events.n"] = {"$gt": after} if until is None else {"$gt": after, "$lte": until}
        last = 2**63 if until is None else until
        events: list[LoggedEvent] = []
        async with self._found(where, order=1, hint=_BY_ROOT) as documents:
            async for document in documents:
                events += [event for event in self._events(document, domain, root) if after < event.number <= last]
                if events and events[-1].number == last:
                    break
        return events

    async def roots(self, domain: str, *, after: int = 0, limit: int = 1000) -> list[tuple[str, int]]:
        begun = await self._straddling(after)  # it may have events after `after`
        where = {"events.d": domain, "_id": {"$gt": after} if begun is None else {"$gte": begun["_id"]}}
        last: dict[str, int] = {}
        async with self._found(where, order=1, fields={"events.d": 1, "events.r": 1}, hint=_BY_DOMAIN) as documents:
            async for document in documents:
                last.update(log_documents.places(document, domain))  # here, since not every server numbers what it unwinds
        found = [(root, position) for root, position in last.items() if position > after]
        return sorted(found, key=lambda found: found[1])[: max(limit, 0)]

    async def close(self) -> None:
        return

    # ------------------------------------------------------------ inserting

    async def _may_begin(self, position: int) -> bool:
        """Whether a commit may begin there: another ends just before it. That one may have been followed since."""
        previous = await self._one({"_id": {"$lt": position}}, order=-1, fields=_SIZE)
        end = 1 if previous is None else self._edge(log_documents.end(previous))
        return end == position

    def _edge(self, position: int) -> int:
        """Remember where a durable commit ends."""
        if position not in self._edges:
            self._edges.append(position)
        return position

    def _ends(self, after: int) -> bool:
        """Whether a commit is known to end at `after`, or the log to begin behind it."""
        return after < 1 or after + 1 in self._edges

    # ------------------------------------------------------------ finding

    @asynccontextmanager
    async def _found(
        self,
        where: Filter,
        *,
        order: Order | None = None,
        limit: int = 0,
        fields: Filter | None = None,
        hint: list[tuple[str, int]] | None = None,
    ) -> AsyncIterator[AsyncIterator[Document]]:
        """Documents by `_id`, each of them of this service. All of a turn's are read, or let go of, in the turn."""
        async with self._database.turn() as session:
            cursor = self._log.find(where, fields, session=session, limit=limit)
            if order is not None:
                cursor = cursor.sort("_id", order)
            async with cursor if hint is None else cursor.hint(hint):
                yield cursor

    async def _one(
        self, where: Filter, *, order: Order, fields: Filter, hint: list[tuple[str, int]] | None = None
    ) -> Document | None:
        async with self._found(where, order=order, limit=1, fields=fields, hint=hint) as documents:
            async for document in documents:
                self._own(document)
                return document
        return None

    async def _latest(self, wanted: set[RootKey]) -> dict[RootKey, int]:
        """From the last commits of these roots back, until all of them are found or there are none left."""
        found: dict[RootKey, int] = {}
        before: dict[str, Any] = {}
        while wanted:
            where = {"events.r": {"$in": list({root for _, root in wanted})}, **before}
            limit, seen, last = len(wanted), 0, 0
            fields = {"events.d": 1, "events.r": 1, "events.n": 1}
            async with self._found(where, order=-1, limit=limit, fields=fields, hint=_BY_ROOT) as documents:
                async for document in documents:
                    seen, last = seen + 1, document["_id"]
                    for key, number in log_documents.last_numbers(document):
                        if key in wanted:
                            found[key] = number
                            wanted.remove(key)
            if seen < limit:
                break
            before = {"_id": {"$lt": last}}
        return found

    async def _newest(self, domain: str, root: str, after: int) -> list[LoggedEvent]:
        """The events with numbers over `after`, found from the last one back: what came before may be a lot."""
        commits: list[list[LoggedEvent]] = []
        async with self._found({"events.r": root}, order=-1, hint=_BY_ROOT) as documents:
            async for document in documents:
                events = self._events(document, domain, root)
                commits.append([event for event in events if event.number > after])
                if events and events[0].number <= after + 1:
                    break
        return [event for events in reversed(commits) for event in events]

    # ------------------------------------------------------------ pages

    async def _read_of(self, domains: Collection[str], after: int, limit: int) -> ReadPage:
        head = await self.head()  # before the page: what comes in between is not scanned
        if after >= head - 1:
            return ReadPage((), after)
        begun, _ = await self._begun(after, domains)
        where = {"events.d": {"$in": [*domains]}, "_id": {"$gt": after, "$lt": head}}
        commits, more = await self._page(where, begun, limit, hint=_BY_DOMAIN)
        return ReadPage(tuple(commits), commits[-1].end - 1 if more else head - 1)

    async def _begun(self, after: int, domains: Collection[str] | None = None) -> tuple[list[LoggedCommit], int]:
        """The commit that begins at or before `after` and ends after it, if there is one, and where the next one begins."""
        size = await self._straddling(after)
        if size is None:
            return [], max(after, 0) + 1 if self._ends(after) else 1
        end = log_documents.end(size)
        if end <= after + 1 or not (domains is None or log_documents.concerns(size, domains)):
            return [], end
        async with self._found({"_id": size["_id"]}) as documents:
            return [self._commit(document) async for document in documents], end

    async def _straddling(self, after: int) -> Document | None:
        """The last commit that begins at or before `after`; none where `after` is known to be the end of it."""
        if self._ends(after):
            return None
        size = await self._one({"_id": {"$lte": after}}, order=-1, fields={**_SIZE, "events.d": 1})
        if size is not None:
            self._edge(log_documents.end(size))
        return size

    async def _page(
        self, where: Filter, begun: list[LoggedCommit], limit: int, *, hint: list[tuple[str, int]] | None = None
    ) -> tuple[list[LoggedCommit], bool]:
        """The next commits, within the bounds of a page, and whether there may be more."""
        commits, size = [*begun], 0
        room = limit - len(begun)
        if room < 1:
            return commits, True
        async with self._database.turn() as session:
            cursor = self._raw.find(where, session=session, limit=room, batch_size=room).sort("_id", 1)
            async with cursor if hint is None else cursor.hint(hint):
                async for raw in cursor:
                    if size > PAGE_BYTES:
                        return commits, True
                    size += len(raw.raw)
                    commits.append(self._commit(bson.decode(raw.raw, PLAIN)))
                    self._edge(commits[-1].end)
        return commits, len(commits) == limit

    # ------------------------------------------------------------ reading documents

    def _commit(self, document: Document) -> LoggedCommit:
        self._own(document)
        return log_documents.logged_commit(document)

    def _events(self, document: Document, domain: str, root: str) -> list[LoggedEvent]:
        return log_documents.events_of_root(document, domain, root, service=self._service, network=self._network)

    def _own(self, document: Document) -> None:
        """Raises Unavailable when this is another service's log."""
        owner = document.get("service", self._service)
        if owner != self._service:
            raise Unavailable(
                f"{self._database.where} has the log of {owner}, not of {self._service}",
                facts={"database": self._database.name, "service": owner},
                help="nothing was changed: a log belongs to one service",
            )


def _follow(commits: Sequence[LoggedCommit], position: int) -> None:
    """Raises Internal unless the commits follow each other from `position` on."""
    for logged in commits:
        if logged.position != position:
            raise damaged(position, f"the next commit is at {logged.position}")
        position = logged.end
