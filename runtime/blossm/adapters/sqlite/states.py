"""The states of a service's roots in one SQLite file, which may be deleted at any time.

The file is never the truth: whatever is wrong with it, it is thrown away and the states are made anew from the log.
Written with `synchronous=NORMAL`: in WAL mode that waits for the disk only at checkpoints, and a power cut leaves an
older file, not a mixed one.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import apsw
import msgspec

from blossm.adapters.sqlite.database import Database, Format, Work
from blossm.core.errors import Unavailable
from blossm.core.event import Aggregate
from blossm.core.indexes import index_key, index_keys, matches

T = TypeVar("T")

FORMAT = Format(
    what="file of states",
    mark=0x626C7373,  # "blss"
    version=1,
    tables="""
CREATE TABLE domains (
    domain TEXT PRIMARY KEY,
    fold TEXT NOT NULL,      -- what made the states
    indexes TEXT NOT NULL,
    covered INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE states (
    domain TEXT NOT NULL,
    root TEXT NOT NULL,
    number INTEGER NOT NULL,
    position INTEGER NOT NULL,
    state TEXT NOT NULL,
    sum INTEGER NOT NULL,    -- CRC-32 of the row
    PRIMARY KEY (domain, root)
) STRICT;
CREATE TABLE keys (
    domain TEXT NOT NULL,
    path TEXT NOT NULL,
    key TEXT NOT NULL,
    root TEXT NOT NULL,
    PRIMARY KEY (domain, path, key, root)
) STRICT, WITHOUT ROWID;
CREATE INDEX keys_of_root ON keys (domain, root);
""",
)

_COVERED = "SELECT covered FROM domains WHERE domain = ? AND fold = ? AND indexes = ?"
_GET = "SELECT root, number, position, state, sum FROM states WHERE domain = ? AND root = ?"
_SAVE = """
INSERT INTO states VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (domain, root) DO UPDATE
SET number = excluded.number, position = excluded.position, state = excluded.state, sum = excluded.sum
WHERE excluded.number > number
"""
_ROWS = """
SELECT found.root, number, position, state, sum FROM ({found}) AS found
LEFT JOIN states ON states.domain = ? AND states.root = found.root ORDER BY found.root
"""
_KEYED = "SELECT root FROM keys WHERE domain = ? AND path = ? AND key = ?"

_encode = msgspec.json.Encoder().encode
_state = msgspec.json.Decoder(dict[str, Any]).decode

Row = tuple[Any, ...]


class _Ready(NamedTuple):
    row: tuple[str, str, str]  # domain, fold, indexes
    indexes: tuple[str, ...]


class _NotReady(Unavailable):
    """The domain has to be readied first, or again."""


class SqliteStateStore:
    """Implements `ports.StateStore`. After an `Unavailable` the file may be a new one: ready the domains again."""

    def __init__(self, path: Path, database: Database) -> None:
        self._path = path
        self._database = database
        self._renewing = asyncio.Lock()
        self._readied: dict[str, _Ready] = {}
        self._closed = False

    @classmethod
    def open(cls, path: Path) -> SqliteStateStore:
        """The states in this file, a new one where it can't be used. Raises Unavailable when none can be made."""
        try:
            return cls(path, _database(path))
        except Unavailable as error:
            if isinstance(error.__cause__, apsw.BusyError):
                raise
            _remove(path)
            return cls(path, _database(path))

    async def ready(self, domain: str, *, fold: str, indexes: Sequence[str]) -> int:
        readied = (domain, fold, _encode(list(indexes)).decode())

        def start_anew(connection: apsw.Connection) -> int:
            connection.execute("BEGIN IMMEDIATE")
            for table in ("domains", "states", "keys"):
                connection.execute(f"DELETE FROM {table} WHERE domain = ?", (domain,))
            connection.execute("INSERT INTO domains VALUES (?, ?, ?, 0)", readied)
            connection.execute("COMMIT")
            return 0

        covered = await self._read(lambda connection: connection.execute(_COVERED, readied).get)
        if covered is None:
            covered = await self._write(start_anew)
        self._readied[domain] = _Ready(readied, tuple(indexes))
        return int(covered)

    async def get(self, domain: str, root: str) -> Aggregate | None:
        def get(connection: apsw.Connection) -> Row | None:
            self._check(connection, domain)
            return connection.execute(_GET, (domain, root)).fetchone()

        row = await self._read(get)
        return await self._aggregate(domain, row) if row else None

    async def save(self, domain: str, aggregates: Sequence[Aggregate], *, covered: int | None = None) -> None:
        indexes = self._readied[domain].indexes if domain in self._readied else ()
        saved = [_row(domain, aggregate) for aggregate in aggregates]
        keys = [index_keys(aggregate.state, indexes) for aggregate in aggregates]

        def save(connection: apsw.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            self._check(connection, domain)
            for row, of_root in zip(saved, keys, strict=True):
                connection.execute(_SAVE, row)
                if connection.changes():
                    connection.execute("DELETE FROM keys WHERE domain = ? AND root = ?", row[:2])
                    entries = [(domain, path, key, row[1]) for path, key in of_root.items()]
                    connection.executemany("INSERT INTO keys VALUES (?, ?, ?, ?)", entries)
            if covered is not None:
                connection.execute("UPDATE domains SET covered = max(covered, ?) WHERE domain = ?", (covered, domain))
            connection.execute("COMMIT")

        await self._write(save)

    async def find(self, domain: str, where: Mapping[str, Any]) -> list[Aggregate]:
        found = " INTERSECT ".join([_KEYED] * len(where))
        bindings = [text for path, value in where.items() for text in (domain, path, index_key(value))]

        def find(connection: apsw.Connection) -> list[Row]:
            self._check(connection, domain)
            return connection.execute(_ROWS.format(found=found), (*bindings, domain)).fetchall()

        aggregates = [await self._aggregate(domain, row) for row in await self._scan(find)]
        if not all(matches(aggregate.state, where) for aggregate in aggregates):
            raise await self._thrown_away(self._database, "its keys do not fit its states")
        return aggregates

    async def close(self) -> None:
        self._closed = True
        await self._database.close()

    def _check(self, connection: apsw.Connection, domain: str) -> None:
        """The domain still has the states that were readied: neither lost nor started anew by another fold."""
        readied = self._readied.get(domain)
        if readied is None or connection.execute(_COVERED, readied.row).get is None:
            raise _NotReady(f"the states of {domain} are not ready")

    async def _aggregate(self, domain: str, row: Row) -> Aggregate:
        root, number, position, state, sum = row
        if sum != _sum(domain, root, number, position, state):
            raise await self._thrown_away(self._database, f"the state of {domain} {root} is damaged")
        return Aggregate(root, _state(state), number, position)

    async def _read(self, work: Work[T]) -> T:
        database = self._database
        try:
            return database.read(work)
        except Unavailable as error:
            raise await self._lost(database, error) from error

    async def _scan(self, work: Work[T]) -> T:
        database = self._database
        try:
            return await database.scan(work)
        except Unavailable as error:
            raise await self._lost(database, error) from error

    async def _write(self, work: Work[T]) -> T:
        database = self._database
        try:
            return await database.write(work)
        except Unavailable as error:
            raise await self._lost(database, error) from error

    async def _lost(self, database: Database, error: Unavailable) -> Unavailable:
        """A file that is only locked, or on a full disk, may be right; any other is thrown away."""
        if isinstance(error, _NotReady) or isinstance(error.__cause__, (apsw.BusyError, apsw.FullError)):
            return error
        return await self._thrown_away(database, error.message)

    async def _thrown_away(self, database: Database, why: str) -> Unavailable:
        async with self._renewing:
            if database is self._database and not self._closed:
                await database.close()  # before the file goes: closing removes the WAL file by its name
                _remove(self._path)
                self._readied.clear()
                self._database = _database(self._path)
        return Unavailable(f"{self._path} was thrown away: {why}", facts={"file": str(self._path)})


def _database(path: Path) -> Database:
    return Database(path, FORMAT, synchronous="NORMAL")


def _remove(path: Path) -> None:
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def _row(domain: str, aggregate: Aggregate) -> Row:
    state = _encode(aggregate.state).decode()
    root, number, position = aggregate.root, aggregate.number, aggregate.position
    return (domain, root, number, position, state, _sum(domain, root, number, position, state))


def _sum(domain: str, root: str, number: int, position: int, state: str) -> int:
    return zlib.crc32(f"{domain} {root} {number} {position} {state}".encode())
