"""A service's log in one collection of MongoDB: a document per commit, whose `_id` is the position of its first event.

Any number of processes may append: an insert is a compare-and-swap on the head, since an `_id` is given once. No server
has to know more than finds, ordered inserts and a unique index; no transaction is used. Every document names its service,
so that two services which meet in one database notice it before either has built on what the other logged.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from typing import Any, Literal

from pymongo.errors import PyMongoError

from blossm.adapters.mongodb import log_documents
from blossm.adapters.mongodb.client import Database, Document
from blossm.adapters.mongodb.errors import given_up, outcome
from blossm.adapters.mongodb.indexes import require
from blossm.adapters.mongodb.log_documents import damaged
from blossm.adapters.mongodb.log_finds import BY_DOMAIN, BY_ROOT, NUMBERS, PLACES, SIZE, Filter, Finds
from blossm.core.commit import LoggedCommit, RootKey
from blossm.core.event import LoggedEvent
from blossm.model.indexes import log_plan
from blossm.ports import ReadPage

PAGE_BYTES = 4 * 1024 * 1024  # a page ends when it is over this
ROOTS = 100  # looked up at once: MongoDB walks up to 200 ranges of an index side by side
AT_ONCE = 5_000  # commits that are looked through for roots
_EDGES = 64  # ends of commits that are remembered


class MongoLogStore:
    """Implements `ports.LogStore`."""

    def __init__(self, database: Database, *, service: str, network: str) -> None:
        self._database = database
        self._service = service
        self._log = database.collection("log")
        self._finds = Finds(database, service=service, network=network)
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
        last = await self._finds.one({}, order=-1, fields=SIZE)
        return 1 if last is None else self._edge(log_documents.end(last))

    async def insert_at(self, position: int, commits: Sequence[LoggedCommit]) -> Literal["inserted", "taken", "unknown"]:
        if position not in self._edges and not await self._may_begin(position):
            return "taken"
        documents = [log_documents.document(logged, service=self._service) for logged in commits]
        async with self._database.turn() as session:
            before = self._database.inserts_sent("log")
            try:
                with given_up():
                    await self._log.insert_many(documents, ordered=True, session=session)
            except PyMongoError as error:
                tries = self._database.inserts_sent("log") - before
                return outcome(error, self._database.where, tries=tries)
        self._edge(commits[-1].end)
        return "inserted"

    async def latest(self, roots: Collection[RootKey]) -> dict[RootKey, int]:
        return await self._latest([*roots])

    async def latest_in(self, domains: Collection[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for domain in domains:
            last = await self._finds.one({"events.d": domain}, order=-1, fields=PLACES, hint=BY_DOMAIN)
            if last is not None:
                found[domain] = max(position for _, position in log_documents.places(last, domain))
        return found

    async def by_key(self, keys: Collection[str]) -> dict[str, LoggedCommit]:
        if not keys:
            return {}
        async with self._finds.found({"key": {"$in": [*keys]}}) as found:
            commits = [self._finds.commit(raw) async for raw in found]
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
            events = await self._newest(domain, root, after)
        else:
            events = await self._oldest(domain, root, after, until, until_time)
        for number, event in enumerate(events, start=max(after, 0) + 1):
            if event.number != number:
                raise damaged(
                    event.position, f"the {domain} {root} has its event {event.number} there, and nowhere its event {number}"
                )
        return events

    async def roots(self, domain: str, *, after: int = 0, limit: int = 1000) -> list[tuple[str, int]]:
        begun = await self._straddling(after)  # it may have events after `after`
        ids = {"$gt": after} if begun is None else {"$gte": begun["_id"]}
        found: list[tuple[str, int]] = []
        while len(found) < limit:
            last: dict[str, int] = {}
            looked, end = 0, 0
            where = {"events.d": domain, "_id": ids}
            async with self._finds.found(where, order=1, limit=AT_ONCE, fields=PLACES, hint=BY_DOMAIN) as commits:
                async for raw in commits:
                    document = self._finds.document(raw)
                    looked, end = looked + 1, document["_id"]
                    last.update(log_documents.places(document, domain))  # here: not every server numbers what it unwinds
            whole = looked < AT_ONCE
            later = {} if whole else await self._latest([(domain, root) for root in last], after=end)
            of_these = [(root, at) for root, at in last.items() if at > after and (domain, root) not in later]
            found += sorted(of_these, key=lambda root: root[1])
            if whole:
                break
            ids = {"$gt": end}
        return found[: max(limit, 0)]

    async def close(self) -> None:
        return

    # ------------------------------------------------------------ inserting

    async def _may_begin(self, position: int) -> bool:
        """Whether a commit may begin there: another ends just before it. That one may have been followed since."""
        previous = await self._finds.one({"_id": {"$lt": position}}, order=-1, fields=SIZE)
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

    # ------------------------------------------------------------ roots

    async def _latest(self, keys: Sequence[RootKey], *, after: int = 0) -> dict[RootKey, int]:
        """The latest numbers of those roots that have an event in a commit behind the position `after`."""
        found: dict[RootKey, int] = {}
        for start in range(0, len(keys), ROOTS):
            found |= await self._latest_of_few({*keys[start : start + ROOTS]}, after)
        return found

    async def _latest_of_few(self, wanted: set[RootKey], after: int) -> dict[RootKey, int]:
        """From the last commits of these roots back, until all of them are found or there are none left.

        A root that another domain, or another of them, has many events of is looked for in larger and larger steps.
        """
        found: dict[RootKey, int] = {}
        ids, limit, seen = {"$gt": after}, len(wanted), 0
        while wanted:
            where = {"events.r": {"$in": [*{root for _, root in wanted}]}, "_id": ids}
            async with self._finds.found(where, order=-1, limit=limit, fields=NUMBERS, hint=BY_ROOT) as commits:
                async for raw in commits:
                    document = self._finds.document(raw)
                    seen, ids = seen + 1, {"$gt": after, "$lt": document["_id"]}
                    numbers = {key: number for key, number in log_documents.last_numbers(document) if key in wanted}
                    found |= numbers
                    wanted -= numbers.keys()
            if seen < limit:
                break
            limit, seen = min(limit * 4, AT_ONCE), 0
        return found

    async def _newest(self, domain: str, root: str, after: int) -> list[LoggedEvent]:
        """The events with numbers over `after`, found from the last one back: what came before may be a lot."""
        commits: list[list[LoggedEvent]] = []
        async with self._finds.found({"events.r": root}, order=-1, hint=BY_ROOT) as found:
            async for raw in found:
                events = self._finds.events(raw, domain, root)
                commits.append([event for event in events if event.number > after])
                if events and events[0].number <= after + 1:
                    break
        return [event for events in reversed(commits) for event in events]

    async def _oldest(self, domain: str, root: str, after: int, until: int | None, until_time: str | None) -> list[LoggedEvent]:
        """The events with numbers over `after`, up to a number or a time, found from the first one on."""
        where: dict[str, Any] = {"events.r": root}
        if until_time is not None:
            where["at"] = {"$lte": until_time}
        if after > 0 or until is not None:  # some event of the commit, not necessarily of this root: that is seen below
            where["events.n"] = {"$gt": after} if until is None else {"$gt": after, "$lte": until}
        last = 2**63 if until is None else until
        events: list[LoggedEvent] = []
        async with self._finds.found(where, order=1, hint=BY_ROOT) as found:
            async for raw in found:
                events += [event for event in self._finds.events(raw, domain, root) if after < event.number <= last]
                if events and events[-1].number == last:
                    break
        return events

    # ------------------------------------------------------------ pages

    async def _read_of(self, domains: Collection[str], after: int, limit: int) -> ReadPage:
        head = await self.head()  # before the page: what comes in between is not scanned
        if after >= head - 1:
            return ReadPage((), after)
        begun, _ = await self._begun(after, domains)
        where = {"events.d": {"$in": [*domains]}, "_id": {"$gt": after, "$lt": head}}
        commits, more = await self._page(where, begun, limit, hint=BY_DOMAIN)
        return ReadPage(tuple(commits), commits[-1].end - 1 if more else head - 1)

    async def _begun(self, after: int, domains: Collection[str] | None = None) -> tuple[list[LoggedCommit], int]:
        """The commit that begins at or before `after` and ends after it, if there is one, and where the next one begins."""
        size = await self._straddling(after)
        if size is None:
            return [], max(after, 0) + 1 if self._ends(after) else 1
        end = log_documents.end(size)
        if end <= after + 1 or not (domains is None or log_documents.concerns(size, domains)):
            return [], end
        async with self._finds.found({"_id": size["_id"]}) as found:
            return [self._finds.commit(raw) async for raw in found], end

    async def _straddling(self, after: int) -> Document | None:
        """The last commit that begins at or before `after`; none where `after` is known to be the end of it."""
        if self._ends(after):
            return None
        size = await self._finds.one({"_id": {"$lte": after}}, order=-1, fields={**SIZE, "events.d": 1})
        if size is not None:
            self._edge(log_documents.end(size))
        return size

    async def _page(
        self, where: Filter, begun: list[LoggedCommit], limit: int, *, hint: list[tuple[str, int]] | None = None
    ) -> tuple[list[LoggedCommit], bool]:
        """The next commits, within the bounds of a page, and whether there may be more."""
        commits, size, more = [*begun], 0, limit <= len(begun)
        if not more:
            async with self._finds.found(where, order=1, limit=limit - len(begun), hint=hint) as found:
                async for raw in found:
                    if more := size > PAGE_BYTES:
                        break
                    size += len(raw.raw)
                    commits.append(self._finds.commit(raw))
        if commits:
            self._edge(commits[-1].end)
        return commits, more or len(commits) == limit


def _follow(commits: Sequence[LoggedCommit], position: int) -> None:
    """Raises Internal unless the commits follow each other from `position` on."""
    for logged in commits:
        if logged.position != position:
            raise damaged(position, f"the next commit is at {logged.position}")
        position = logged.end
