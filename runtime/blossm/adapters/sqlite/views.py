"""A view store in SQLite: one file per view store, rows as JSON, changes and checkpoint in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import apsw
import orjson

from blossm.adapters.sqlite.database import Database
from blossm.adapters.sqlite.views_query import counting, page
from blossm.adapters.sqlite.views_rows import SqliteRows
from blossm.adapters.sqlite.views_schema import FORMAT, declare
from blossm.core.view import Batch, Checkpoint, Page, Query, Row
from blossm.core.view_batch import apply_changes
from blossm.core.view_cursor import decode_cursor, page_of
from blossm.core.view_query import Plan, plan
from blossm.core.view_row import Rules
from blossm.model.network import ViewStoreSpec
from blossm.ports import Generations

T = TypeVar("T")

_SWEPT_AT_ONCE = 2_000


class SqliteViewStore:
    """Implements `ports.ViewStore`. What an index answers in order is read where it is asked."""

    def __init__(self, database: Database, spec: ViewStoreSpec) -> None:
        self._database = database
        self._spec = spec
        self._rules = Rules.of(spec)

    @classmethod
    def open(cls, path: Path, spec: ViewStoreSpec) -> SqliteViewStore:
        """The rows in this file, made where there is none. Raises Unavailable when it can't be used."""
        path.parent.mkdir(parents=True, exist_ok=True)
        # The rows can be made again from the log, and the checkpoint is in the same transaction: after a power loss the
        # view is an earlier one, whole, and goes on from there. So no commit waits for the disk.
        database = Database(path, FORMAT, synchronous="NORMAL")
        database.settle(lambda connection: _whole(connection, lambda connection: declare(connection, spec)))
        return cls(database, spec)

    async def generations(self) -> Generations:
        return self._database.read(_generations)

    async def begin(self) -> int:
        def begin(connection: apsw.Connection) -> int:
            connection.execute("INSERT OR IGNORE INTO generations(role) VALUES ('building')")
            return _generations(connection).building or 0

        await self._sweep()  # what a crash left
        return await self._write(begin)

    async def switch(self, *, current: int, to: int) -> bool:
        def switch(connection: apsw.Connection) -> bool:
            now = _generations(connection)
            if now.current != current or to not in (now.building, now.previous):
                return False
            connection.execute("UPDATE generations SET role = NULL WHERE role = 'previous' OR number = ?", (to,))
            connection.execute("UPDATE generations SET role = 'previous' WHERE role = 'current'")
            connection.execute("UPDATE generations SET role = 'current' WHERE number = ?", (to,))
            return True

        switched = await self._write(switch)
        await self._sweep()
        return switched

    async def abandon(self, generation: int) -> None:
        def abandon(connection: apsw.Connection) -> None:
            connection.execute("UPDATE generations SET role = NULL WHERE number = ? AND role <> 'current'", (generation,))

        await self._write(abandon)
        await self._sweep()

    async def checkpoints(self, generation: int) -> dict[str, Checkpoint]:
        return self._database.read(lambda connection: _checkpoints(connection, generation))

    async def definition(self, generation: int) -> str:
        found = self._database.read(lambda connection: connection.execute(_DEFINITION, (generation,)).get)
        return found or ""

    async def apply(self, generation: int, batch: Batch) -> bool:
        def apply(connection: apsw.Connection) -> bool:
            if not _moved(connection, generation, batch):
                return False
            apply_changes(batch, SqliteRows(connection, generation, self._spec), self._rules)
            return True

        return await self._write(apply)

    async def get(self, generation: int, id: str, *, context: str | None = None) -> Row | None:
        found = self._database.read(lambda connection: connection.execute(_GET, (generation, id)).fetchone())
        if found is None or (self._spec.context and context is not None and found[0] != (context or None)):
            return None
        return Row(id=id, context=found[0], body=orjson.loads(found[1]))

    async def query(self, generation: int, query: Query) -> Page:
        answer = plan(self._spec, query)
        after = decode_cursor(self._spec, query, answer.order)
        if self._spec.context and query.context == "":
            return Page(content=(), count=0 if query.count else None)

        def read(connection: apsw.Connection) -> Page:
            return self._page(connection, generation, query, answer, after)

        return self._database.read(read) if answer.sorted and not query.count else await self._database.scan(read)

    async def close(self) -> None:
        """Lets a batch that is being written be written."""
        await self._database.close()

    def _page(
        self, connection: apsw.Connection, generation: int, query: Query, answer: Plan, after: tuple[Any, ...] | None
    ) -> Page:
        rows: list[Row] = []
        connection.execute("BEGIN")  # all statements see the same rows
        for sql, values in page(self._spec, query, answer, generation, after):
            found = connection.execute(sql, (*values, query.limit + 1 - len(rows)))
            rows += [Row(id=id, context=context, body=orjson.loads(body)) for id, context, body in found]
            if len(rows) > query.limit:
                break
        count = connection.execute(*counting(self._spec, query, answer, generation)).get if query.count else None
        return page_of(self._spec, query, answer.order, rows, count=count)

    async def _write(self, write: Callable[[apsw.Connection], T]) -> T:
        """All or nothing. A caller that is cancelled does not stop it."""
        return await self._database.write(lambda connection: _whole(connection, write))

    async def _sweep(self) -> None:
        """Remove what belongs to no generation any more, a little at a time so that others can write in between."""
        while await self._write(_swept):
            pass


_CHECKPOINTS = "SELECT service, position, commit_id FROM checkpoints WHERE generation = ?"
_DEFINITION = "SELECT definition FROM generations WHERE number = ? AND role IS NOT NULL"
_GET = "SELECT context, body FROM rows WHERE generation = ? AND id = ?"
_SWEEP = (
    f"DELETE FROM rows WHERE key IN (SELECT key FROM rows WHERE generation = ? LIMIT {_SWEPT_AT_ONCE})",
    f"""DELETE FROM words WHERE (generation, context, word, id) IN (
        SELECT generation, context, word, id FROM words WHERE generation = ? LIMIT {_SWEPT_AT_ONCE})""",
    "DELETE FROM checkpoints WHERE generation = ?",
)


def _whole(connection: apsw.Connection, write: Callable[[apsw.Connection], T]) -> T:
    """What it writes is one transaction; the database takes back what does not come to its end."""
    connection.execute("BEGIN IMMEDIATE")
    written = write(connection)
    connection.execute("COMMIT")
    return written


def _generations(connection: apsw.Connection) -> Generations:
    return Generations(**dict(connection.execute("SELECT role, number FROM generations WHERE role IS NOT NULL")))


def _checkpoints(connection: apsw.Connection, generation: int) -> dict[str, Checkpoint]:
    found = connection.execute(_CHECKPOINTS, (generation,))
    return {service: Checkpoint(position, commit_id) for service, position, commit_id in found}


def _moved(connection: apsw.Connection, generation: int, batch: Batch) -> bool:
    """Whether the generation's checkpoint was where the batch begins; then it is where the batch ends."""
    made_by = connection.execute(_DEFINITION, (generation,)).get
    if made_by is None or _checkpoints(connection, generation).get(batch.service, Checkpoint()) != batch.before:
        return False
    checkpoint = (generation, batch.service, batch.after.position, batch.after.commit_id)
    connection.execute("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)", checkpoint)
    if batch.definition and not made_by:
        connection.execute("UPDATE generations SET definition = ? WHERE number = ?", (batch.definition, generation))
    return True


def _swept(connection: apsw.Connection) -> bool:
    """Remove some of a generation that is no more; False when there is none."""
    gone = connection.execute("SELECT number FROM generations WHERE role IS NULL LIMIT 1").fetchone()
    if gone is None:
        return False
    for statement in _SWEEP:
        connection.execute(statement, gone)
        if connection.changes():
            return True
    connection.execute("DELETE FROM generations WHERE number = ?", gone)
    return True
