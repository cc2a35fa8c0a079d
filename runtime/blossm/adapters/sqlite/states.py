"""The states of a service's roots in one SQLite file, which may be deleted at any time.

The file is never the truth: whatever is wrong with it, it is thrown away and the states are made anew from the log. SQLite
does not notice a changed byte, so there is a sum over each row, and over the roots that each indexed value has: a root
that is missing in an answer is noticed as well as one that is wrong.
Written with `synchronous=NORMAL`: in WAL mode that waits for the disk only at checkpoints, and a power cut leaves an
older file, not a mixed one.
"""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import apsw
import msgspec

from blossm.adapters.sqlite.database import Database, Format, Work
from blossm.core.errors import Unavailable
from blossm.core.event import Aggregate
from blossm.core.idempotency import new_id
from blossm.core.indexes import index_key, index_keys, matches

T = TypeVar("T")

FORMAT = Format(
    what="file of states",
    mark=0x626C7373,  # "blss"
    version=2,
    tables="""
CREATE TABLE domains (
    domain TEXT PRIMARY KEY,
    fold TEXT NOT NULL,      -- what made the states
    indexes TEXT NOT NULL,
    making TEXT NOT NULL,    -- another one each time that the domain starts anew
    covered INTEGER NOT NULL,
    sum INTEGER NOT NULL     -- CRC-32 of the row
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
CREATE TABLE answers (
    domain TEXT NOT NULL,
    path TEXT NOT NULL,
    key TEXT NOT NULL,
    roots INTEGER NOT NULL,  -- how many have this key
    sum INTEGER NOT NULL,    -- their hashes, combined by exclusive or
    PRIMARY KEY (domain, path, key)
) STRICT, WITHOUT ROWID;
""",
)

_RECORD = "SELECT making, covered, sum FROM domains WHERE domain = ? AND fold = ? AND indexes = ?"
_GET = "SELECT root, number, position, state, sum FROM states WHERE domain = ? AND root = ?"
_SAVE = """
INSERT INTO states VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (domain, root) DO UPDATE
SET number = excluded.number, position = excluded.position, state = excluded.state, sum = excluded.sum
WHERE excluded.number > number
"""
_KEYS = "SELECT path, key FROM keys WHERE domain = ? AND root = ?"
_ANSWER = "SELECT roots, sum FROM answers WHERE domain = ? AND path = ? AND key = ?"
_ANSWERED = """
INSERT INTO answers VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (domain, path, key) DO UPDATE
SET roots = roots + ?4, sum = (sum | ?5) & ~(sum & ?5)
"""
_NOBODY = "DELETE FROM answers WHERE domain = ? AND path = ? AND key = ? AND roots = 0 AND sum = 0"
_ROWS = """
SELECT keys.root, number, position, state, sum FROM keys
LEFT JOIN states ON states.domain = keys.domain AND states.root = keys.root
WHERE keys.domain = ? AND keys.path = ? AND keys.key = ? ORDER BY keys.root
"""

_encode = msgspec.json.Encoder().encode
_state = msgspec.json.Decoder(dict[str, Any]).decode

Row = tuple[Any, ...]


class _Ready(NamedTuple):
    row: tuple[str, str, str]  # domain, fold, indexes
    making: str
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
        row = (domain, fold, _encode(list(indexes)).decode())

        def start_anew(connection: apsw.Connection) -> tuple[str, int]:
            connection.execute("BEGIN IMMEDIATE")
            if (record := _record(connection, row)) is not None:  # another process was faster
                connection.execute("ROLLBACK")
                return record
            for table in ("domains", "states", "keys", "answers"):
                connection.execute(f"DELETE FROM {table} WHERE domain = ?", (domain,))
            making = new_id()
            connection.execute("INSERT INTO domains VALUES (?, ?, ?, ?, 0, ?)", (*row, making, _sum(*row, making, 0)))
            connection.execute("COMMIT")
            return making, 0

        found = await self._read(lambda connection: _record(connection, row))
        if found is None:
            found = await self._write(start_anew)
        making, covered = found
        self._readied[domain] = _Ready(row, making, tuple(indexes))
        return covered

    async def get(self, domain: str, root: str) -> Aggregate | None:
        readied = self._of(domain)

        def get(connection: apsw.Connection) -> Row | None:
            _check(connection, readied)
            return connection.execute(_GET, (domain, root)).fetchone()

        row = await self._read(get)
        return await self._aggregate(domain, row) if row else None

    async def save(self, domain: str, aggregates: Sequence[Aggregate], *, covered: int | None = None) -> None:
        readied = self._of(domain)
        saved = [_row(domain, aggregate) for aggregate in aggregates]
        keys = [index_keys(aggregate.state, readied.indexes) for aggregate in aggregates]

        def save(connection: apsw.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            so_far = _check(connection, readied)
            for row, of_root in zip(saved, keys, strict=True):
                connection.execute(_SAVE, row)
                if connection.changes():
                    _rekey(connection, domain, row[1], of_root)
            if covered is not None and covered > so_far:
                changed = (covered, _sum(*readied.row, readied.making, covered), domain)
                connection.execute("UPDATE domains SET covered = ?, sum = ? WHERE domain = ?", changed)
            connection.execute("COMMIT")

        await self._write(save)

    async def find(self, domain: str, where: Mapping[str, Any]) -> list[Aggregate]:
        readied = self._of(domain)
        asked = [(domain, path, index_key(value)) for path, value in where.items()]

        def find(connection: apsw.Connection) -> tuple[list[Row], str, bool]:
            """The states of the value that the fewest roots have; its path; whether these are all of its roots."""
            _check(connection, readied)
            (roots, sum), key = min((_answer(connection, key), key) for key in asked)
            rows = connection.execute(_ROWS, key).fetchall()
            found = 0
            for row in rows:
                found ^= _hash(*key, str(row[0]))
            return rows, key[1], (len(rows), found) == (roots, sum)

        rows, path, whole = await self._scan(find)
        aggregates = [await self._aggregate(domain, row) for row in rows]
        if not whole or not all(matches(aggregate.state, {path: where[path]}) for aggregate in aggregates):
            raise await self._thrown_away(self._database, "its keys do not fit its states")
        return [aggregate for aggregate in aggregates if matches(aggregate.state, where)]

    async def close(self) -> None:
        self._closed = True
        await self._database.close()

    def _of(self, domain: str) -> _Ready:
        if domain not in self._readied:
            raise _not_ready(domain)
        return self._readied[domain]

    async def _aggregate(self, domain: str, row: Row) -> Aggregate:
        root, number, position, state, sum = row
        if sum != _sum(domain, root, number, position, state):
            raise await self._thrown_away(self._database, f"the state of {domain} {root} is damaged")
        return Aggregate(root, _state(state), number, position)

    async def _read(self, work: Work[T]) -> T:
        database = self._database
        try:
            return database.read(_whole(work))
        except Unavailable as error:
            raise await self._lost(database, error) from error

    async def _scan(self, work: Work[T]) -> T:
        database = self._database
        try:
            return await database.scan(_whole(work))
        except Unavailable as error:
            raise await self._lost(database, error) from error

    async def _write(self, work: Work[T]) -> T:
        database = self._database
        try:
            return await database.write(_whole(work))
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


def _whole(work: Work[T]) -> Work[T]:
    """The same; a value that no row of ours has is told as the damage that it is."""

    def run(connection: apsw.Connection) -> T:
        try:
            return work(connection)
        except (ValueError, TypeError) as error:  # text that is no UTF-8, among others
            raise Unavailable(f"a row is damaged: {error}") from error

    return run


def _database(path: Path) -> Database:
    return Database(path, FORMAT, synchronous="NORMAL")


def _remove(path: Path) -> None:
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def _row(domain: str, aggregate: Aggregate) -> Row:
    state = _encode(aggregate.state).decode()
    root, number, position = aggregate.root, aggregate.number, aggregate.position
    return (domain, root, number, position, state, _sum(domain, root, number, position, state))


def _sum(*parts: str | int) -> int:
    return zlib.crc32(" ".join(map(str, parts)).encode())


def _check(connection: apsw.Connection, readied: _Ready) -> int:
    """The domain still has the states that were readied: neither lost nor started anew. Answers how far they cover it."""
    making, covered = _record(connection, readied.row) or ("", 0)
    if making != readied.making:
        raise _not_ready(readied.row[0])
    return covered


def _not_ready(domain: str) -> _NotReady:
    return _NotReady(f"the states of {domain} are not ready")


def _record(connection: apsw.Connection, row: tuple[str, str, str]) -> tuple[str, int] | None:
    """The making of a domain, and how far it is covered; None where it was not readied like this, or is damaged."""
    making, covered, sum = connection.execute(_RECORD, row).fetchone() or ("", 0, -1)
    return (making, covered) if sum == _sum(*row, making, covered) else None


def _answer(connection: apsw.Connection, key: tuple[str, str, str]) -> tuple[int, int]:
    """How many roots have a key, and their hashes in one."""
    roots, sum = connection.execute(_ANSWER, key).fetchone() or (0, 0)
    return int(roots), int(sum)


def _rekey(connection: apsw.Connection, domain: str, root: str, keys: Mapping[str, str]) -> None:
    """A root has these keys now, and no others."""
    were = {(str(path), str(key)) for path, key in connection.execute(_KEYS, (domain, root))}
    for statement, change, changed in (
        ("DELETE FROM keys WHERE domain = ? AND path = ? AND key = ? AND root = ?", -1, were - {*keys.items()}),
        ("INSERT INTO keys VALUES (?, ?, ?, ?)", 1, {*keys.items()} - were),
    ):
        for path, key in changed:
            connection.execute(statement, (domain, path, key, root))
            connection.execute(_ANSWERED, (domain, path, key, change, _hash(domain, path, key, root)))
            if change < 0:
                connection.execute(_NOBODY, (domain, path, key))


def _hash(*parts: str) -> int:
    """64 bits of a key of a root, as SQLite has integers."""
    return int.from_bytes(hashlib.blake2b("\0".join(parts).encode(), digest_size=8).digest(), signed=True)
