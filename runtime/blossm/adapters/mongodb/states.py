"""The states of a service's roots in MongoDB: a collection for each domain, which may be emptied at any time.

    <domain>           the domain's record: the fold and the indexes, the name of the making, how far it covers the domain
    <making>:<root>    a state: its JSON as text, a sum over it, and the texts of its indexed values in `keys`

Each time that a domain starts anew its states get a new making, which nobody has used before. So another process that
still writes states of a former fold, or of a log that is no more, writes what nobody reads; it is swept a little at a
time, by whoever saves.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from pymongo import ReplaceOne
from pymongo.errors import BulkWriteError

from blossm.adapters.mongodb.client import Collection, Database, Document
from blossm.adapters.mongodb.plain import PLAIN
from blossm.adapters.mongodb.swapping import swapped
from blossm.adapters.mongodb.sweeping import beginning, swept
from blossm.core.errors import Unavailable
from blossm.core.event import Aggregate
from blossm.core.indexes import index_key, index_keys, matches
from blossm.model.indexes import state_key, states_of

TRIES = 20  # to start a domain anew while others do too
LARGEST = 2**24 - 2**16  # bytes of a state: a document has up to 16 MiB

_DUPLICATE = 11000

_encode = msgspec.json.Encoder().encode
_state = msgspec.json.Decoder(dict[str, Any]).decode


class _Domain(msgspec.Struct, frozen=True):
    """A domain's record."""

    name: str = msgspec.field(name="_id")
    fold: str
    indexes: tuple[str, ...]
    making: str
    covered: int = 0


class _State(msgspec.Struct, frozen=True):
    id: str = msgspec.field(name="_id")
    number: int
    position: int
    state: str
    sum: int
    keys: dict[str, str] = {}


class MongoStateStore:
    """Implements `ports.StateStore`. After an `Unavailable` the states may be new ones: ready the domains again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._readied: dict[str, _Domain] = {}
        self._unswept: set[str] = set()

    @classmethod
    async def open(cls, database: Database) -> MongoStateStore:
        """The states in this database, whose collections and indexes are there."""
        return cls(database)

    async def ready(self, domain: str, *, fold: str, indexes: Sequence[str]) -> int:
        for _ in range(TRIES):
            found = await self._record(domain)
            if found is None or (found.fold, found.indexes) != (fold, tuple(indexes)):
                making = f"{domain}.{uuid.uuid4().hex[:16]}"
                made = _Domain(name=domain, fold=fold, indexes=tuple(indexes), making=making)
                found = made if await self._replaced(found, made) else None
            if found is not None:
                self._use(found)
                return found.covered
        raise Unavailable(f"the states of {domain} are started anew by others all the time")

    async def get(self, domain: str, root: str) -> Aggregate | None:
        readied = self._of(domain)
        id = f"{readied.making}:{root}"
        async with self._database.turn() as session:
            documents = await self._collection(domain).find({"_id": {"$in": [domain, id]}}, session=session).to_list()
        found = {document["_id"]: document for document in documents}
        _refuse_other(readied, found.get(domain))
        return await self._aggregate(readied, found[id]) if id in found else None

    async def save(self, domain: str, aggregates: Sequence[Aggregate], *, covered: int | None = None) -> None:
        readied = self._of(domain)
        if aggregates:
            await self._write(domain, [_document(readied, aggregate) for aggregate in aggregates])
        await self._cover(readied, covered)
        if domain in self._unswept and not await self._sweep(readied):
            self._unswept.discard(domain)

    async def find(self, domain: str, where: Mapping[str, Any]) -> list[Aggregate]:
        readied = self._of(domain)
        asked = {state_key(path): {"$eq": index_key(value)} for path, value in where.items()}
        by = [*((path, 1) for path in list(asked)[:1]), ("_id", 1)]
        asked["_id"] = beginning(f"{readied.making}:")
        async with self._database.turn() as session:
            documents = await self._collection(domain).find(asked, session=session).sort("_id", 1).hint(by).to_list()
        # Only now: a making is swept after its domain has started anew, so all of it was there if it is still the one.
        _refuse_other(readied, await self._found(domain))
        aggregates = [await self._aggregate(readied, document) for document in documents]
        if not all(matches(aggregate.state, where) for aggregate in aggregates):
            raise await self._thrown_away(readied, "its keys do not fit its states")
        return aggregates

    async def close(self) -> None:
        """Nothing to let go of: the client is the process's own."""

    def _use(self, record: _Domain) -> None:
        former = self._readied.get(record.name)
        if former is None or former.making != record.making:
            self._unswept.add(record.name)
        self._readied[record.name] = record

    def _collection(self, domain: str) -> Collection:
        return self._database.collection(states_of(domain)).with_options(PLAIN)

    def _of(self, domain: str) -> _Domain:
        if domain not in self._readied:
            raise _not_ready(domain)
        return self._readied[domain]

    async def _found(self, domain: str) -> Document | None:
        async with self._database.turn() as session:
            return await self._collection(domain).find_one({"_id": domain}, session=session)

    async def _record(self, domain: str) -> _Domain | None:
        """The domain's record; none where it was damaged, and then it is gone."""
        document = await self._found(domain)
        if document is None:
            return None
        try:
            return msgspec.convert(document, _Domain)
        except msgspec.ValidationError:
            async with self._database.turn() as session:
                await self._collection(domain).delete_one({"_id": domain}, session=session)
            return None

    async def _replaced(self, former: _Domain | None, made: _Domain) -> bool:
        """Whether the record is now the one that was made; not when somebody else made another one before."""
        asked = None if former is None else {"_id": made.name, "making": former.making}
        return await swapped(self._database, self._collection(made.name), msgspec.to_builtins(made), instead_of=asked)

    async def _write(self, domain: str, documents: Sequence[Document]) -> None:
        """Keep these, never over newer ones: insert them, and where something is there already, replace what is older."""
        collection = self._collection(domain)
        async with self._database.turn() as session:
            try:
                await collection.insert_many(documents, ordered=False, session=session)
                return
            except BulkWriteError as error:
                met = [documents[index] for index in duplicates(error)]
        older = [ReplaceOne({"_id": document["_id"], "number": {"$lt": document["number"]}}, document) for document in met]
        async with self._database.turn() as session:
            await collection.bulk_write(older, ordered=False, session=session)

    async def _cover(self, readied: _Domain, covered: int | None) -> None:
        if covered is None:
            _refuse_other(readied, await self._found(readied.name))
            return
        asked = {"_id": readied.name, "making": readied.making}
        async with self._database.turn() as session:
            done = await self._collection(readied.name).update_one(asked, {"$max": {"covered": covered}}, session=session)
        if done.matched_count == 0:
            raise _not_ready(readied.name)

    async def _sweep(self, readied: _Domain) -> bool:
        """Remove some states of former makings; False when there are none."""
        collection = states_of(readied.name)
        all, own = beginning(f"{readied.name}."), beginning(f"{readied.making}:")
        before, after = {"$gte": all["$gte"], "$lt": own["$gte"]}, {"$gte": own["$lt"], "$lt": all["$lt"]}
        return await swept(self._database, collection, before) or await swept(self._database, collection, after)

    async def _aggregate(self, readied: _Domain, document: Document) -> Aggregate:
        root = str(document["_id"]).removeprefix(f"{readied.making}:")
        try:
            kept = msgspec.convert(document, _State)
            if kept.sum == _sum(kept.id, kept.number, kept.position, kept.state):
                return Aggregate(root, _state(kept.state), kept.number, kept.position)
        except msgspec.MsgspecError:
            pass
        raise await self._thrown_away(readied, f"the state of {root} is damaged")

    async def _thrown_away(self, readied: _Domain, why: str) -> Unavailable:
        """Without its record the domain starts anew when it is readied next."""
        self._readied.pop(readied.name, None)
        async with self._database.turn() as session:
            await self._collection(readied.name).delete_one({"_id": readied.name, "making": readied.making}, session=session)
        return Unavailable(f"the states of {readied.name} were thrown away: {why}", facts={"database": self._database.name})


def duplicates(error: BulkWriteError) -> list[int]:
    """Which operations met a document of the same id. Raises the error where it tells of anything else."""
    problems = error.details["writeErrors"]
    if error.details["writeConcernErrors"] or any(problem["code"] != _DUPLICATE for problem in problems):
        raise error
    return [problem["index"] for problem in problems]


def _not_ready(domain: str) -> Unavailable:
    return Unavailable(f"the states of {domain} are not ready")


def _refuse_other(readied: _Domain, record: Document | None) -> None:
    """Raises Unavailable where the states that were readied are lost, or were started anew meanwhile."""
    if record is None or record.get("making") != readied.making:
        raise _not_ready(readied.name)


def _document(readied: _Domain, aggregate: Aggregate) -> Document:
    id, number, position = f"{readied.making}:{aggregate.root}", aggregate.number, aggregate.position
    encoded = _encode(aggregate.state)
    if len(encoded) > LARGEST:
        raise Unavailable(f"the state of {readied.name} {aggregate.root} is larger than a document may be")
    state = encoded.decode()
    keys = {state_key(path).partition(".")[2]: key for path, key in index_keys(aggregate.state, readied.indexes).items()}
    return {
        "_id": id,
        "number": number,
        "position": position,
        "state": state,
        "sum": _sum(id, number, position, state),
        "keys": keys,
    }


def _sum(id: str, number: int, position: int, state: str) -> int:
    return zlib.crc32(f"{id} {number} {position} {state}".encode())
