"""Timers in a file of SQLite.

Written with `synchronous=NORMAL`: what a power cut takes away is read from the log again, and calls under the same keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import apsw

from blossm.core.errors import Unavailable

Row = tuple[str, str, bytes]  # name, time, what

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS timers (name TEXT PRIMARY KEY, at TEXT NOT NULL, what BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS timers_by_time ON timers (at, name);
CREATE TABLE IF NOT EXISTS logs (service TEXT PRIMARY KEY, passed INTEGER NOT NULL) WITHOUT ROWID;
"""


class SqliteTimerTable:
    """Timers by name, and how far each log was read for them."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> SqliteTimerTable:
        """Raises Unavailable when the file is no timer table."""
        try:
            connection = apsw.Connection(str(path))
            connection.execute(_SCHEMA).fetchall()
        except apsw.Error as error:
            raise Unavailable(f"{path} can't be used: {error}", facts={"file": str(path)}) from error
        return cls(connection)

    def passed(self, service: str) -> int:
        row = self._connection.execute("SELECT passed FROM logs WHERE service = ?", (service,)).fetchone()
        return int(row[0]) if row else 0

    def add(self, timers: Sequence[Row], *, service: str = "", passed: int = 0) -> None:
        with self._connection:
            self._connection.executemany("INSERT OR IGNORE INTO timers VALUES (?, ?, ?)", timers)
            if service:
                self._connection.execute("INSERT OR REPLACE INTO logs VALUES (?, ?)", (service, passed))

    def due(self, until: str, *, limit: int = 100) -> list[Row]:
        rows = self._connection.execute(
            "SELECT name, at, what FROM timers WHERE at <= ? ORDER BY at, name LIMIT ?", (until, limit)
        )
        return [(str(name), str(at), bytes(what)) for name, at, what in rows]

    def first(self) -> str:
        return str(self._connection.execute("SELECT coalesce(min(at), '') FROM timers").get)

    def count(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM timers").get)

    def done(self, name: str, *, then: Row | None = None) -> None:
        with self._connection:
            self._connection.execute("DELETE FROM timers WHERE name = ?", (name,))
            if then:
                self._connection.execute("INSERT OR REPLACE INTO timers VALUES (?, ?, ?)", then)

    def names(self, prefix: str) -> list[str]:
        rows = self._connection.execute("SELECT name FROM timers WHERE substr(name, 1, ?) = ?", (len(prefix), prefix))
        return [str(name) for (name,) in rows]

    def close(self) -> None:
        self._connection.close()
