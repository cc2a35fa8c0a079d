"""What only SQLite can say of a log's file: its own checks, rows that belong to nothing, and a copy page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import apsw

from blossm.adapters.sqlite.beginning import LEAST
from blossm.adapters.sqlite.errors import told, unavailable
from blossm.adapters.sqlite.log_rows import TABLES

MOST = 1_000  # problems that SQLite's check tells
PAGES = 512  # of 4 KiB that are copied at a time

_STRAY_EVENTS = """
SELECT e.position, 'the event at ' || e.position || ' belongs to no commit' FROM events e
LEFT JOIN commits c ON c.position = e."commit"
WHERE c.position IS NULL OR e.position < c.position OR e.position >= c.position + c.events ORDER BY e.position
"""
_STRAY_COMMITS = """
SELECT position, 'the commit at ' || position || ' has no events' FROM commits
WHERE position NOT IN (SELECT position FROM events) ORDER BY position
"""
_SCHEMA = "SELECT type || ' ' || name, sql FROM sqlite_schema"


def problems(path: Path, *, stopped: Callable[[], bool] = lambda: False) -> Iterator[tuple[int, str]]:
    """What is wrong with a log's file, with the position that it is about (0: with none).

    Takes a while and changes nothing. `stopped` is asked on the way, and ends it.
    Raises Unavailable when the file can't be opened or read for another reason than what is in it.
    """
    if path.stat().st_size < LEAST:
        yield 0, f"{path.stat().st_size} bytes of the file are left"
        return
    with told(path), closing(_opened(path)) as connection:
        connection.set_progress_handler(stopped, 100_000)
        sound = True
        try:
            for (problem,) in connection.execute(f"PRAGMA integrity_check({MOST})"):
                if problem != "ok":
                    sound = False
                    yield 0, f"SQLite: {problem}"
            if sound:
                yield from _changed(connection)
                yield from connection.execute(_STRAY_EVENTS)
                yield from connection.execute(_STRAY_COMMITS)
        except (apsw.CorruptError, apsw.NotADBError, apsw.FormatError, apsw.SQLError) as error:
            yield 0, f"SQLite: {error}"


def _changed(connection: apsw.Connection) -> Iterator[tuple[int, str]]:
    """Tables and indexes that are not as a log's are, and triggers, which it has none of."""
    with closing(apsw.Connection(":memory:")) as new:
        new.execute(TABLES)
        made: dict[str, str | None] = dict(new.execute(_SCHEMA))
    found: dict[str, str | None] = dict(connection.execute(_SCHEMA))
    for name in sorted(made.keys() | found.keys()):
        if name not in found:
            yield 0, f"the {name} is missing"
        elif name.startswith("trigger ") or (name in made and made[name] != found[name]):
            yield 0, f"the {name} is not as a log's is: {found[name]}"


def copied(path: Path, to: Path, *, named: Path) -> Iterator[tuple[int, int]]:
    """Copy a log's file, as it is now, to a new one: a step at a time, each with how many pages of how many are copied.

    The log may be in use: what is logged meanwhile is not in the copy, which is durable after the last step. What is
    wrong with the copy is told of `named`.
    """
    with told(path), closing(_opened(path)) as source:
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM log").fetchall()  # from here on it sees no other state: the copy never begins anew
        try:
            with closing(apsw.Connection(str(to))) as target:
                target.pragma("synchronous", "FULL")
                with target.backup("main", source, "main") as backup:
                    while not backup.done:
                        backup.step(PAGES)
                        yield backup.page_count - backup.remaining, backup.page_count
        except (apsw.FullError, apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError) as error:
            raise unavailable(error, named) from error


def settle(path: Path) -> None:
    """Make a copy one file, which needs no other beside it, with nothing written that is not on the disk."""
    with told(path), closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)) as connection:
        connection.pragma("journal_mode", "DELETE")


def _opened(path: Path) -> apsw.Connection:
    """A connection that changes nothing, not even by leaving: what stands in the WAL stays there."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    connection.set_busy_timeout(5_000)
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.pragma("query_only", 1)
    return connection
