"""The rows of one generation, inside the transaction that applies a batch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import apsw
import msgspec
import orjson

from blossm.adapters.sqlite.views_query import finding
from blossm.core.view import Comparison, Query
from blossm.core.view_batch import Write
from blossm.core.view_query import plan
from blossm.core.view_row import Part, StoredRow
from blossm.core.view_text import words_of
from blossm.model.network import ViewStoreSpec

_PARTS = msgspec.json.Decoder(dict[str, Part])
_LOAD = """
SELECT id, body, parts FROM rows WHERE generation = ? AND id IN (SELECT value FROM json_each(?))
"""
_SAVE = """
INSERT INTO rows(generation, id, context, body, parts) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (generation, id) DO UPDATE SET context = excluded.context, body = excluded.body, parts = excluded.parts
"""


class SqliteRows:
    """Implements `core.view_batch.Rows`."""

    def __init__(self, connection: apsw.Connection, generation: int, spec: ViewStoreSpec) -> None:
        self._connection = connection
        self._generation = generation
        self._spec = spec

    def load(self, ids: Collection[str]) -> dict[str, StoredRow]:
        asked = orjson.dumps(list(ids)).decode()
        found = self._connection.execute(_LOAD, (self._generation, asked))
        return {id: _stored(id, body, parts) for id, body, parts in found}

    def find(self, where: Mapping[str, Any]) -> list[StoredRow]:
        query = Query(where=tuple(Comparison(name, "eq", value) for name, value in where.items()))
        statement, values = finding(self._spec, query, plan(self._spec, query), self._generation)
        found = [_stored(id, body, parts) for id, body, parts in self._connection.execute(statement, values)]
        return sorted(found, key=lambda row: row.id)

    def save(self, writes: Sequence[Write]) -> None:
        gone = [(self._generation, write.id) for write in writes if write.after is None]
        if gone:
            self._connection.executemany("DELETE FROM rows WHERE generation = ? AND id = ?", gone)
        self._connection.executemany(_SAVE, [self._bindings(write.after) for write in writes if write.after])
        if self._spec.text:
            self._save_words(writes)

    def _bindings(self, row: StoredRow) -> tuple[int, str, str, str, str]:
        parts = msgspec.json.encode(row.parts).decode()
        return self._generation, row.id, row.context, orjson.dumps(row.body).decode(), parts

    def _save_words(self, writes: Iterable[Write]) -> None:
        gone: list[tuple[int, str, str, str]] = []
        new: list[tuple[int, str, str, str]] = []
        for write in writes:
            before, after = self._words(write.before), self._words(write.after)
            gone += before - after
            new += after - before
        self._connection.executemany("DELETE FROM words WHERE generation = ? AND context = ? AND word = ? AND id = ?", gone)
        self._connection.executemany("INSERT INTO words VALUES (?, ?, ?, ?)", new)

    def _words(self, row: StoredRow | None) -> set[tuple[int, str, str, str]]:
        if row is None:
            return set()
        return {(self._generation, row.context, word, row.id) for word in words_of(row.body, self._spec.text)}


def _stored(id: str, body: str, parts: str) -> StoredRow:
    return StoredRow(id=id, body=orjson.loads(body), parts=_PARTS.decode(parts))
