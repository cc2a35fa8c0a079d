"""Raw SQLite by Python's own module: one table of events, and nothing around it.

    python benchmarks/peer_sqlite.py FOLDER        a worker, see worker.py
"""

from __future__ import annotations

import json
import sqlite3
import sys
import uuid
from pathlib import Path

from worker import Clock, Taken, called, work

TEXT = json.dumps({"text": "x" * 188})  # 200 bytes
PAGE = 1_000
TABLE = """
CREATE TABLE IF NOT EXISTS events (
    position INTEGER PRIMARY KEY, root TEXT NOT NULL, number INTEGER NOT NULL, action TEXT NOT NULL, payload TEXT NOT NULL,
    UNIQUE (root, number)
)
"""
INSERT = "INSERT INTO events (root, number, action, payload) VALUES (?, ?, 'noted', ?)"
READ = "SELECT position, root, number, action, payload FROM events WHERE position > ? ORDER BY position LIMIT ?"

Rows = list[tuple[str, int, str]]


class Log:
    """A connection: WAL, synchronous=FULL, and all else as SQLite has it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "raw.db"
        self._connection = sqlite3.connect(self._file, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(TABLE)

    def append(self, *, commits: int, events: int = 1) -> Taken:
        return called(self._commit, [_rows(events) for _ in range(commits)])

    def replay(self) -> Taken:
        """Every row, its payload decoded."""
        clock, read, after = Clock(), 0, 0
        while page := self._connection.execute(READ, (after, PAGE)).fetchall():
            read += len([json.loads(row[4]) for row in page])
            after = page[-1][0]
        return clock.taken(read)

    def size(self) -> dict[str, float]:
        """Bytes an event, when all is in the file."""
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (events,) = self._connection.execute("SELECT count(*) FROM events").fetchone()
        return {"bytes": self._file.stat().st_size / events}

    def versions(self) -> dict[str, str]:
        (synchronous,) = self._connection.execute("PRAGMA synchronous").fetchone()
        return {"sqlite3": f"{sqlite3.sqlite_version}, synchronous={synchronous}"}

    def _commit(self, rows: Rows) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(INSERT, rows)
        self._connection.execute("COMMIT")


def _rows(events: int) -> Rows:
    root = str(uuid.uuid4())
    return [(root, number, TEXT) for number in range(1, events + 1)]


if __name__ == "__main__":
    work(Log(Path(sys.argv[1])), "append", "replay", "size", "versions")
