"""A service's log in one SQLite file.

Several processes on one file are safe: an insert is one transaction that holds the only write lock and looks at the
head first. They are not fast, and never on a network file system (WAL).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal, TypeVar

import apsw
import msgspec

from blossm.adapters.sqlite import log_rows
from blossm.adapters.sqlite.beginning import begin
from blossm.adapters.sqlite.database import Database, Format, Synchronous, Work
from blossm.adapters.sqlite.log_rows import Row, hole
from blossm.core.commit import LoggedCommit, RootKey
from blossm.core.errors import Unavailable
from blossm.core.event import LoggedEvent
from blossm.ports import ReadPage

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode

FORMAT = Format(what="log", mark=0x626C736C, version=1, tables=log_rows.TABLES)

PAGE_BYTES = 4 * 1024 * 1024  # a page ends when it is over this
INLINE = 64  # rows that are read in place; more of them on a thread
_ALL = 2**62
_FOREVER = "~"  # after every time
_HEAD = "SELECT coalesce(max(position), 0) + 1 FROM events"
_NUMBER = "SELECT max(number) FROM events WHERE domain = ? AND root = ?"
_NUMBERS = """
SELECT value, (SELECT max(number) FROM events WHERE domain = ? AND root = value) FROM json_each(?)
"""
_LAST = "SELECT max(position) FROM events WHERE domain = ?"
_COMMIT_BEFORE = "SELECT position, events FROM commits WHERE position <= ? ORDER BY position DESC LIMIT 1"
_COMMITS_OF_DOMAIN = """
SELECT DISTINCT "commit" FROM events WHERE domain = ? AND position >= ? AND position < ? ORDER BY position LIMIT ?
"""
_ROOTS = """
SELECT root, max(position) AS last FROM events WHERE domain = ? AND position > ? GROUP BY root ORDER BY last LIMIT ?
"""


class SqliteLogStore:
    """Implements `ports.LogStore`."""

    def __init__(self, database: Database, *, service: str, network: str) -> None:
        self._database = database
        self._service = service
        self._network = network

    @classmethod
    def open(
        cls, path: Path, *, service: str, network: str, synchronous: Synchronous = "FULL"
    ) -> SqliteLogStore:
        """The log in this file, made where there is none.

        With `synchronous="NORMAL"` a power cut (not a crash of the process) may take the last acknowledged commits
        away. Raises Unavailable when the file can't be used, or is the log of another service.
        """
        begin(path, FORMAT)
        database = Database(path, FORMAT, synchronous=synchronous)
        owner = database.settle(lambda connection: _own(connection, service))
        if owner != service:
            raise Unavailable(
                f"{path} is the log of {owner}, not of {service}",
                facts={"file": str(path), "service": owner},
                help="nothing was changed: a log belongs to one service",
            )
        return cls(database, service=service, network=network)

    async def head(self) -> int:
        return self._database.read(_head)

    async def insert_at(
        self, position: int, commits: Sequence[LoggedCommit]
    ) -> Literal["inserted", "taken", "unknown"]:
        of_commits, of_events = log_rows.rows(commits)
        committing = False

        def insert(connection: apsw.Connection) -> Literal["inserted", "taken"]:
            nonlocal committing
            committing = False
            execute = connection.execute
            execute("BEGIN IMMEDIATE")
            if _head(connection) != position:
                execute("ROLLBACK")
                return "taken"
            try:
                connection.executemany(log_rows.INSERT_COMMIT, of_commits)
                connection.executemany(log_rows.INSERT_EVENT, of_events)
            except apsw.ConstraintError:
                execute("ROLLBACK")
                return "taken"
            committing = True
            execute("COMMIT")
            return "inserted"

        try:
            return await self._database.write(insert)
        except Unavailable as error:
            # A full disk cuts the last frame off: nothing was committed. After any other failure it may be there.
            if committing and not isinstance(error.__cause__, (apsw.FullError, apsw.BusyError)):
                return "unknown"
            raise

    async def latest(self, roots: Collection[RootKey]) -> dict[RootKey, int]:
        def look_up(connection: apsw.Connection) -> dict[RootKey, int]:
            if len(roots) == 1:
                (key,) = roots
                number = connection.execute(_NUMBER, key).get
                return {} if number is None else {key: number}
            numbers: dict[RootKey, int] = {}
            for domain, named in _by_domain(roots).items():  # one statement for many
                rows = connection.execute(_NUMBERS, (domain, _encode(named).decode()))
                numbers |= {(domain, root): number for root, number in rows if number is not None}
            return numbers

        return await self._few(look_up, rows=len(roots) // 8)

    async def latest_in(self, domains: Collection[str]) -> dict[str, int]:
        def look_up(connection: apsw.Connection) -> dict[str, int]:
            found = ((domain, connection.execute(_LAST, (domain,)).get) for domain in domains)
            return {domain: position for domain, position in found if position is not None}

        return self._database.read(look_up)

    async def by_key(self, keys: Collection[str]) -> dict[str, LoggedCommit]:
        def look_up(connection: apsw.Connection) -> dict[str, LoggedCommit]:
            of_commits = [row for key in keys for row in connection.execute(log_rows.COMMIT_OF_KEY, (key,))]
            return {logged.commit.key: logged for logged in log_rows.whole(connection, sorted(of_commits))}

        return await self._few(look_up, rows=len(keys))

    async def read(self, after: int, limit: int, *, domains: Collection[str] | None = None) -> ReadPage:
        head = await self.head()
        if after >= head - 1 or limit < 1:
            return ReadPage((), after)

        def page(connection: apsw.Connection) -> ReadPage:
            first = _start(connection, after + 1)
            try:
                if domains is None:
                    of_commits = connection.execute(log_rows.COMMITS_FROM, (first, head, limit)).fetchall()
                else:
                    of_commits = _concerned(connection, domains, first, head, limit)
            except UnicodeDecodeError as error:
                raise hole(after + 1, f"the commit there, or one soon after it, can't be read ({error})") from error
            bounded = _bounded(of_commits)
            commits = tuple(log_rows.whole(connection, bounded))
            more = len(bounded) < len(of_commits) or len(of_commits) == limit
            if domains is None:
                _follow(commits, first, head=None if more else head)
            return ReadPage(commits, commits[-1].end - 1 if more else head - 1)

        return await self._few(page, rows=min(limit, head - after))

    async def root(
        self, domain: str, root: str, *, after: int = 0, until: int | None = None, until_time: str | None = None
    ) -> list[LoggedEvent]:
        last = _ALL if until is None else until

        def events(connection: apsw.Connection, after: int, limit: int) -> list[LoggedEvent]:
            found = connection.execute(
                log_rows.EVENTS_OF_ROOT, (domain, root, after, last, until_time or _FOREVER, limit)
            ).fetchall()
            return log_rows.events_of_root(
                found, domain=domain, root=root, after=after, service=self._service, network=self._network
            )

        found = self._database.read(lambda connection: events(connection, after, INLINE))
        if len(found) < INLINE:
            return found
        return found + await self._database.scan(lambda connection: events(connection, found[-1].number, _ALL))

    async def roots(self, domain: str, *, after: int = 0, limit: int = 1000) -> list[tuple[str, int]]:
        head = await self.head()
        if after >= head - 1:
            return []

        def find(connection: apsw.Connection) -> list[tuple[str, int]]:
            return [(root, last) for root, last in connection.execute(_ROOTS, (domain, after, limit))]

        return await self._few(find, rows=head - after)

    async def close(self) -> None:
        await self._database.close()

    async def _few(self, work: Work[T], *, rows: int) -> T:
        """In place when it is about a few rows, else on a thread."""
        return self._database.read(work) if rows <= INLINE else await self._database.scan(work)


def _own(connection: apsw.Connection, service: str) -> str:
    """The service whose log this is: this one, if it is new."""
    connection.execute("INSERT INTO log SELECT ? WHERE NOT EXISTS (SELECT 1 FROM log)", (service,))
    return str(connection.execute("SELECT service FROM log").get)


def _head(connection: apsw.Connection) -> int:
    head: int = connection.execute(_HEAD).get
    return head


def _by_domain(roots: Collection[RootKey]) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {}
    for domain, root in roots:
        named.setdefault(domain, []).append(root)
    return named


def _start(connection: apsw.Connection, position: int) -> int:
    """The position of the first event of the commit that holds this position. Raises Internal where none does."""
    start, events = connection.execute(_COMMIT_BEFORE, (position,)).get or (0, 0)
    if start + events <= position:
        next = connection.execute("SELECT min(position) FROM commits WHERE position > ?", (position,)).get
        there = "" if next is None else f", the next is at {next}"
        raise hole(position, f"the commit that should be here is missing{there}", next=next)
    return int(start)


def _concerned(
    connection: apsw.Connection, domains: Collection[str], first: int, head: int, limit: int
) -> list[Row]:
    """The first rows of commits that have an event of these domains."""
    positions: set[int] = set()
    for domain in domains:
        positions.update(row[0] for row in connection.execute(_COMMITS_OF_DOMAIN, (domain, first, head, limit)))
    wanted = sorted(positions)[:limit]
    of_commits: list[Row] = connection.execute(log_rows.COMMITS_AT, (_encode(wanted).decode(),)).fetchall()
    if len(of_commits) < len(wanted):
        raise hole(min(set(wanted) - {row[0] for row in of_commits}), "it has events, and no commit")
    return of_commits


def _bounded(of_commits: list[Row]) -> list[Row]:
    """As many as fit a page, at least one."""
    size = 0
    for index, row in enumerate(of_commits):
        if size > PAGE_BYTES:
            return of_commits[:index]
        size += row[2]
    return of_commits


def _follow(commits: Sequence[LoggedCommit], position: int, *, head: int | None) -> None:
    """Raises Internal unless the commits follow each other from `position` on, and up to `head`."""
    for logged in commits:
        if logged.position != position:
            raise hole(position, f"the next commit is at {logged.position}", next=logged.position)
        position = logged.end
    if head not in (None, position):
        raise hole(position, f"the head is {head}, and there is no commit")
