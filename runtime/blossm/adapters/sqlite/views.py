"""A view store in SQLite: one file per view store, rows as JSON, changes and checkpoint in one transaction."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import apsw
import orjson

from blossm.adapters.sqlite.views_query import counting, page
from blossm.adapters.sqlite.views_rows import SqliteRows
from blossm.adapters.sqlite.views_schema import prepare, transaction
from blossm.core.errors import Unavailable
from blossm.core.view import Batch, Checkpoint, Page, Query, Row
from blossm.core.view_batch import apply_changes
from blossm.core.view_cursor import decode_cursor, encode_cursor
from blossm.core.view_query import Plan, plan
from blossm.core.view_row import Rules
from blossm.model.network import ViewStoreSpec
from blossm.ports import Generations

T = TypeVar("T")

_BUSY_MS = 5_000
_SWEPT_AT_ONCE = 2_000


class SqliteViewStore:
    """Implements `ports.ViewStore`. One thread writes; what an index answers in order is read where it is asked."""

    def __init__(self, path: Path, spec: ViewStoreSpec, connection: apsw.Connection) -> None:
        self._path = path
        self._spec = spec
        self._rules = Rules.of(spec)
        self._writing = connection
        self._writer = ThreadPoolExecutor(1, thread_name_prefix=f"view {spec.address}")
        self._searchers = ThreadPoolExecutor(2, thread_name_prefix=f"search {spec.address}")
        self._readers = threading.local()
        self._opened: list[apsw.Connection] = []

    @classmethod
    def open(cls, path: Path, spec: ViewStoreSpec) -> SqliteViewStore:
        """Raises Unavailable, with the file among its facts, when it can't be used."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with _told(path):
            connection = apsw.Connection(str(path))
            connection.set_busy_timeout(_BUSY_MS)
            try:
                prepare(connection, spec)
            except BaseException:
                connection.close()
                raise
        return cls(path, spec, connection)

    async def generations(self) -> Generations:
        with _told(self._path):
            return _generations(self._reader())

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
        with _told(self._path):
            found = self._reader().execute(_CHECKPOINTS, (generation,))
            return {service: Checkpoint(position, commit_id) for service, position, commit_id in found}

    async def definition(self, generation: int) -> str:
        with _told(self._path):
            found = self._reader().execute(_DEFINITION, (generation,)).fetchone()
            return str(found[0]) if found else ""

    async def apply(self, generation: int, batch: Batch) -> bool:
        def apply(connection: apsw.Connection) -> bool:
            if not _moved(connection, generation, batch):
                return False
            apply_changes(batch, SqliteRows(connection, generation, self._spec), self._rules)
            return True

        return await self._write(apply)

    async def get(self, generation: int, id: str, *, context: str | None = None) -> Row | None:
        with _told(self._path):
            found = self._reader().execute(_GET, (generation, id)).fetchone()
        if found is None or (self._spec.context and context is not None and found[0] != (context or None)):
            return None
        return Row(id=id, context=found[0], body=orjson.loads(found[1]))

    async def query(self, generation: int, query: Query) -> Page:
        answer = plan(self._spec, query)
        after = decode_cursor(self._spec, query, answer.order)
        if self._spec.context and query.context == "":
            return Page(content=(), count=0 if query.count else None)
        if answer.sorted and not query.count:
            return self._page(generation, query, answer, after)
        return await _finished(self._searchers, lambda: self._page(generation, query, answer, after))

    async def close(self) -> None:
        """Lets a batch that is being written be written."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.shutdown()
        self._searchers.shutdown()
        for connection in (*self._opened, self._writing):
            connection.close()

    def _page(self, generation: int, query: Query, answer: Plan, after: tuple[Any, ...] | None) -> Page:
        rows: list[Row] = []
        with _told(self._path), _snapshot(self._reader()) as connection:
            for sql, values in page(self._spec, query, answer, generation, after):
                found = connection.execute(sql, (*values, query.limit + 1 - len(rows)))
                rows += [Row(id=id, context=context, body=orjson.loads(body)) for id, context, body in found]
                if len(rows) > query.limit:
                    break
            count = None
            if query.count:
                (count,) = next(connection.execute(*counting(self._spec, query, answer, generation)))
        more, content = len(rows) > query.limit, rows[: query.limit]
        following = encode_cursor(self._spec, query, answer.order, content[-1].id, content[-1].body) if more else ""
        return Page(content=tuple(content), next=following, count=count)

    def _reader(self) -> apsw.Connection:
        """This thread's own connection."""
        connection: apsw.Connection | None = getattr(self._readers, "connection", None)
        if connection is None:
            connection = apsw.Connection(str(self._path), flags=apsw.SQLITE_OPEN_READWRITE)
            connection.set_busy_timeout(_BUSY_MS)
            connection.execute("PRAGMA query_only = true")
            self._readers.connection = connection
            self._opened.append(connection)
        return connection

    async def _write(self, write: Callable[[apsw.Connection], T]) -> T:
        """On the writer's thread, all or nothing. A caller that is cancelled does not stop it."""

        def written() -> T:
            with _told(self._path), transaction(self._writing):
                return write(self._writing)

        return await _finished(self._writer, written)

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


def _generations(connection: apsw.Connection) -> Generations:
    return Generations(**dict(connection.execute("SELECT role, number FROM generations WHERE role IS NOT NULL")))


def _moved(connection: apsw.Connection, generation: int, batch: Batch) -> bool:
    """Whether the generation's checkpoint was where the batch begins; then it is where the batch ends."""
    made_by = connection.execute(_DEFINITION, (generation,)).fetchone()
    found = {service: Checkpoint(position, id) for service, position, id in connection.execute(_CHECKPOINTS, (generation,))}
    if made_by is None or found.get(batch.service, Checkpoint()) != batch.before:
        return False
    checkpoint = (generation, batch.service, batch.after.position, batch.after.commit_id)
    connection.execute("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)", checkpoint)
    if batch.definition and not made_by[0]:
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


async def _finished(threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(threads, work)


@contextmanager
def _snapshot(connection: apsw.Connection) -> Iterator[apsw.Connection]:
    """All statements inside see the same rows."""
    connection.execute("BEGIN")
    try:
        yield connection
    finally:
        connection.execute("ROLLBACK")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """SQLite's errors as ours."""
    try:
        yield
    except apsw.Error as error:
        facts = {"file": str(path), "problem": f"{type(error).__name__}: {error}"}
        raise Unavailable(f"the rows in {path.name} can't be used: {error}", facts=facts) from error
