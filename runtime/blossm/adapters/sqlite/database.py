"""One SQLite file: a thread that writes, a connection that reads in place, and a few threads that scan or checkpoint.

A read of a few rows takes microseconds, a hop to a thread a hundred of them: so point reads run where they are asked.
WAL lets them go on while the writer writes.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import apsw

from blossm.adapters.sqlite.checkpoints import Checkpoints
from blossm.adapters.sqlite.errors import unavailable
from blossm.adapters.sqlite.room import Room
from blossm.core.errors import Unavailable

T = TypeVar("T")
Work = Callable[[apsw.Connection], T]
Role = Literal["write", "read", "scan", "checkpoint"]
Synchronous = Literal["OFF", "NORMAL", "FULL"]

# ms for a lock; a read holds up the event loop
WAITS: dict[Role, int] = {"write": 5_000, "read": 250, "scan": 5_000, "checkpoint": 5_000}
SCANNERS = 2
CHECKPOINT_PAGES = 4_000  # of 4 KiB: a page that changes often is written back once for many changes
WAL_BYTES = 64 * 1024 * 1024  # what is left of a WAL file that was longer, when it begins anew

# After these a connection is not used again: the next one may find the cause gone.
_DOUBTFUL = (apsw.CorruptError, apsw.NotADBError, apsw.CantOpenError, apsw.IOError, apsw.ReadOnlyError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What a file holds: its mark (`application_id`), the version of its tables, and the statements that make them.

    `help`: what to do about a file that holds something else.
    """

    what: str
    mark: int
    version: int
    tables: str
    help: str = "nothing was changed: put the right file there, or use the version of Blossm that wrote it"


class _Writer:
    """A thread that does one work after another.

    It is woken through a pipe, which takes a third of the time that a lock or a queue takes.
    """

    def __init__(self, run: Callable[[Work[Any]], Any], *, name: str) -> None:
        self._run = run
        self._waiting: deque[tuple[asyncio.AbstractEventLoop, asyncio.Future[Any], Work[Any]]] = deque()
        self._bell, self._ring = os.pipe()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    async def ask(self, work: Work[T]) -> T:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._waiting.append((loop, answer, work))
        os.write(self._ring, b"!")
        return await answer

    def stop(self) -> None:
        """Finish what waits."""
        os.close(self._ring)
        self._thread.join()

    def _work(self) -> None:
        while os.read(self._bell, 1):
            loop, answer, work = self._waiting.popleft()
            result: Any = None
            failed: Exception | None = None
            try:
                result = self._run(work)
            except Exception as error:  # handed over to who asked
                failed = error
            with suppress(RuntimeError):  # its event loop is gone
                loop.call_soon_threadsafe(_tell, answer, result, failed)
        os.close(self._bell)


class Database:
    """A file in the given format, made where there is none.

    Everything raises Unavailable when the file can't be used, and goes on when the cause is gone. A file that was
    removed or replaced meanwhile stays refused.
    """

    def __init__(self, path: Path, format: Format, *, synchronous: Synchronous) -> None:
        self.path = path
        self._format = format
        self._synchronous = synchronous
        self._inode = 0
        self._doubts = 0  # connections made before the last doubt are made anew
        self._connections: dict[tuple[Role, int], tuple[int, apsw.Connection]] = {}
        self._writer: _Writer | None = None
        self._checkpoints = Checkpoints(
            lambda copy: self._run("checkpoint", copy), pages=CHECKPOINT_PAGES, name=f"checkpoint-{path.stem}"
        )
        self._room = Room(path)
        self._scanners = ThreadPoolExecutor(SCANNERS, thread_name_prefix=f"scan-{path.stem}")
        self._closed = False
        self._run("write", self._prepare)
        self._inode = path.stat().st_ino

    def settle(self, work: Work[T]) -> T:
        """Write here and now, before anybody else does."""
        return self._run("write", work)

    def read(self, work: Work[T]) -> T:
        """Read a little, here and now. For the thread of one event loop."""
        return self._run("read", work)

    async def scan(self, work: Work[T]) -> T:
        """Read more, on a thread."""
        if self._closed:
            raise Unavailable(f"{self.path} is closed")
        return await asyncio.get_running_loop().run_in_executor(self._scanners, self._run, "scan", work)

    async def write(self, work: Work[T]) -> T:
        """Write, on the one thread that does, in the order of the calls. Goes on when the caller is cancelled."""
        if self._closed:
            raise Unavailable(f"{self.path} is closed")
        if self._writer is None:
            self._writer = _Writer(lambda work: self._run("write", work), name=f"write-{self.path.stem}")
        return await self._writer.ask(work)

    async def close(self) -> None:
        """Finish what is being written, and let go of the file."""
        if self._closed:
            return
        self._closed = True
        if self._writer is not None:
            await asyncio.to_thread(self._writer.stop)
        await asyncio.to_thread(self._checkpoints.stop)
        await asyncio.to_thread(self._scanners.shutdown)
        for _, connection in self._connections.values():
            connection.close(force=True)
        self._connections.clear()

    def _run(self, role: Role, work: Work[T]) -> T:
        connection: apsw.Connection | None = None
        try:
            connection = self._connection(role)
            return work(connection)
        except apsw.Error as error:
            if isinstance(error, _DOUBTFUL):
                self._doubts += 1
            raise unavailable(error, self.path) from error
        except UnicodeDecodeError as error:
            raise unavailable(apsw.CorruptError(f"it has a text that is none: {error}"), self.path) from error
        finally:
            if connection is not None and connection.in_transaction:
                with suppress(apsw.Error):
                    connection.execute("ROLLBACK")

    def _connection(self, role: Role) -> apsw.Connection:
        """This role's connection on this thread."""
        key = (role, threading.get_ident() if role == "scan" else 0)
        doubts, connection = self._connections.get(key, (-1, None))
        if connection is not None and doubts == self._doubts:
            if role == "write":
                self._refuse_another_file()
            return connection
        if self._closed and role == "read":
            raise Unavailable(f"{self.path} is closed")
        if connection is not None:
            connection.close(force=True)
        self._refuse_another_file()
        doubts = self._doubts
        connection = self._connect(role)
        self._connections[key] = (doubts, connection)
        return connection

    def _refuse_another_file(self) -> None:
        """What is acknowledged must be in the file that the next start opens."""
        if self._inode and self._inode != _inode(self.path):
            raise Unavailable(
                f"{self.path} was removed or replaced while it was in use",
                facts={"file": str(self.path)},
                help="stop the network, put the file back, and start again",
            )

    def _connect(self, role: Role) -> apsw.Connection:
        create = 0 if self._inode else apsw.SQLITE_OPEN_CREATE
        connection = apsw.Connection(str(self.path), flags=apsw.SQLITE_OPEN_READWRITE | create)
        connection.set_busy_timeout(WAITS[role])
        connection.pragma("journal_mode", "WAL")
        connection.pragma("synchronous", self._synchronous)
        connection.pragma("wal_autocheckpoint", 0)
        connection.pragma("journal_size_limit", WAL_BYTES)
        connection.pragma("temp_store", "MEMORY")
        connection.pragma("cache_size", -16_384 if role == "write" else -8_192)  # KiB
        if role == "write":
            connection.set_wal_hook(self._committed)
        else:
            connection.pragma("query_only", 1)
        return connection

    def _committed(self, connection: apsw.Connection, name: str, pages: int) -> int:
        """After each commit of the writer, on its thread: the WAL has so many pages now."""
        self._room.committed(pages)
        self._checkpoints.committed(connection, pages)
        return apsw.SQLITE_OK

    def _prepare(self, connection: apsw.Connection) -> None:
        """Make the tables in an empty file; refuse a file of another kind or a newer format."""
        if _is_empty(connection):
            connection.execute("BEGIN IMMEDIATE")
            if _is_empty(connection):  # still, now that nobody else can write
                connection.execute(self._format.tables)
                connection.pragma("application_id", self._format.mark)
                connection.pragma("user_version", self._format.version)
            connection.execute("COMMIT")
        facts = {"file": str(self.path)}
        if connection.pragma("application_id") != self._format.mark:
            raise Unavailable(f"{self.path} is no {self._format.what} of Blossm", facts=facts, help=self._format.help)
        if (version := connection.pragma("user_version")) != self._format.version:
            raise Unavailable(
                f"{self.path} has format {version}, and this version of Blossm knows {self._format.version}",
                facts=facts | {"format": version, "known": self._format.version},
                help=self._format.help,
            )


def _inode(path: Path) -> int:
    """Which file is at `path`, 0 for none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def _is_empty(connection: apsw.Connection) -> bool:
    return not connection.pragma("application_id") and not connection.execute("SELECT count(*) FROM sqlite_schema").get


def _tell(answer: asyncio.Future[Any], result: object, failed: Exception | None) -> None:
    if answer.done():
        return
    if failed is not None:
        answer.set_exception(failed)
    else:
        answer.set_result(result)
