"""The rows of a view in MongoDB: a document each, of which the removed ones keep only what they have seen."""

from __future__ import annotations

from collections.abc import Collection as Some
from collections.abc import Iterable, Mapping
from typing import Any

import bson
import msgspec
from pymongo import InsertOne, ReplaceOne
from pymongo.errors import BulkWriteError

from blossm.adapters.mongodb.client import Database, Document
from blossm.adapters.mongodb.plain import PLAIN, plain, stored
from blossm.adapters.mongodb.states import duplicates
from blossm.adapters.mongodb.views_damage import understood
from blossm.adapters.mongodb.views_query import Find, having, row_id
from blossm.core.view import Row
from blossm.core.view_guarded import NOTHING, SeenRow
from blossm.core.view_row import Part, StoredRow
from blossm.core.view_text import words_of
from blossm.model.network import ViewStoreSpec

LARGEST = 2**24  # bytes of a document

_LOADED_AT_ONCE = 1_000

Writes = Mapping[str, tuple[SeenRow, SeenRow]]


class MongoRows:
    """The rows of all generations of a view."""

    def __init__(self, database: Database, spec: ViewStoreSpec) -> None:
        self._database = database
        self._rows = database.collection("rows").with_options(PLAIN)
        self._spec = spec

    async def get(self, generation: int, id: str) -> Row | None:
        async with self._database.turn() as session:
            document = await self._rows.find_one({"_id": row_id(generation, id)}, session=session)
        return self._row(document) if document and "generation" in document else None

    async def load(self, generation: int, ids: Some[str]) -> dict[str, SeenRow]:
        """What is kept of each of these ids, removed rows too."""
        found: dict[str, SeenRow] = dict.fromkeys(ids, NOTHING)
        asked = [row_id(generation, id) for id in ids]
        for few in (asked[at : at + _LOADED_AT_ONCE] for at in range(0, len(asked), _LOADED_AT_ONCE)):
            async with self._database.turn() as session:
                found |= self._seen(await self._rows.find({"_id": {"$in": few}}, session=session).to_list())
        return found

    async def having(self, generation: int, where: Mapping[str, Any]) -> dict[str, SeenRow]:
        """The rows that have these values in indexed fields."""
        find = having(self._spec, where, generation)
        async with self._database.turn() as session:
            return self._seen(await self._rows.find(find.filter, session=session).hint(find.by).to_list())

    async def page(self, find: Find, limit: int) -> list[Row]:
        async with self._database.turn() as session:
            cursor = self._rows.find(find.filter, _SHOWN, session=session).sort(find.sort).hint(find.by)
            return [self._row(document) for document in await cursor.limit(limit).batch_size(limit).to_list()]

    async def count(self, find: Find) -> int:
        async with self._database.turn() as session:
            return await self._rows.count_documents(find.filter, hint=find.by, session=session)

    async def save(self, generation: int, writes: Writes) -> bool:
        """Write each row, if it is still as it was loaded; False when one was not, and then some may be written."""
        if not writes:
            return True
        operations = list(self._operations(generation, writes))
        async with self._database.turn() as session:
            try:
                done = await self._rows.bulk_write(operations, ordered=False, session=session)
            except BulkWriteError as error:
                duplicates(error)
                return False
        return done.inserted_count + done.matched_count == len(operations)

    def too_large(self, generation: int, writes: Writes) -> str:
        """The first row that no document holds; empty where there is none."""
        documents = ((id, self._document(generation, id, after)) for id, (_, after) in writes.items())
        return next((id for id, document in documents if len(bson.encode(document)) > LARGEST), "")

    def _operations(self, generation: int, writes: Writes) -> Iterable[InsertOne[Document] | ReplaceOne[Document]]:
        for id, (before, after) in writes.items():
            document = self._document(generation, id, after)
            if before is NOTHING:
                yield InsertOne(document)
            else:
                yield ReplaceOne({"_id": document["_id"], "revision": before.revision}, document)

    def _document(self, generation: int, id: str, kept: SeenRow) -> Document:
        document: Document = {"_id": row_id(generation, id), "revision": kept.revision, "seen": kept.seen}
        if kept.row is None:
            return document
        document |= {
            "generation": generation,
            "context": kept.row.context,
            "body": stored(kept.row.body),
            "parts": {name: {"context": part.context, "fields": sorted(part.fields)} for name, part in kept.row.parts.items()},
        }
        if self._spec.text:
            document["words"] = sorted(words_of(kept.row.body, self._spec.text))
        return document

    def _row(self, document: Document) -> Row:
        shown = understood(document, _Shown, where=self._database.where)
        return Row(id=_id(document), context=shown.context, body=plain(shown.body))

    def _seen(self, documents: Iterable[Document]) -> dict[str, SeenRow]:
        found = {}
        for document in documents:
            kept = understood(document, _Kept if "generation" in document else _Removed, where=self._database.where)
            row = None
            if isinstance(kept, _Kept):
                row = StoredRow(id=_id(document), body=plain(kept.body), parts=kept.stored_parts())
            found[_id(document)] = SeenRow(row=row, seen=kept.seen, revision=kept.revision)
        return found


_SHOWN = {"context": 1, "body": 1}


class _Shown(msgspec.Struct):
    """A row's document, as far as it is shown."""

    context: str
    body: dict[str, Any]


class _Removed(msgspec.Struct):
    """What a removed row leaves."""

    seen: dict[str, int]
    revision: int


class _Part(msgspec.Struct):
    context: str
    fields: frozenset[str]


class _Kept(_Removed):
    """A row's document."""

    body: dict[str, Any]
    parts: dict[str, _Part]

    def stored_parts(self) -> dict[str, Part]:
        return {name: Part(part.context, part.fields) for name, part in self.parts.items()}


def _id(document: Document) -> str:
    return str(document["_id"]).partition(":")[2]
