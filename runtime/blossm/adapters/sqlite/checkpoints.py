"""Checkpoints: what is in the WAL goes into the file, beside the writes and not before them.

A thread with a connection of its own copies nearly all of it while the writer goes on. What was written meanwhile, a few
pages, the writer copies itself, after its next commit; then the one after that begins the WAL anew. It can't while somebody
reads from the WAL: when that has grown to twice its length, the writer waits a little for those who do.

Nothing here decides what is durable: a commit is so when it is in the WAL. A checkpoint that fails is made later.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import apsw
import structlog

from blossm.core.errors import Unavailable

PATIENCE = 100  # ms that the writer waits for readers, when the WAL is long

log = structlog.get_logger(__name__)


class Checkpoints:
    """Those of one file, each when the WAL has got so many `pages` longer.

    `beside` runs a work on a connection that nobody else uses, and raises Unavailable.
    """

    def __init__(self, beside: Callable[[Callable[[apsw.Connection], object]], object], *, pages: int, name: str) -> None:
        self._beside = beside
        self._pages = pages
        self._name = name
        self._due = pages
        self._nearly = False  # done: the rest is the writer's
        self._thread: threading.Thread | None = None

    def committed(self, connection: apsw.Connection, pages: int) -> None:
        """The writer has committed, and the WAL has so many pages now. Never raises: the commit is durable."""
        if self._nearly:
            self._nearly = False
            self._finish(connection, pages)
        elif pages < self._pages:  # it was begun anew
            self._due = self._pages
        elif pages >= self._due and not (self._thread and self._thread.is_alive()):
            self._due = pages + self._pages
            thread = threading.Thread(target=self._begin, name=self._name)
            try:
                thread.start()
            except RuntimeError as error:  # the system gives no more threads
                log.warning("a checkpoint can't begin, and is tried again", reason=str(error))
            else:
                self._thread = thread

    def stop(self) -> None:
        """Wait for the one that is being made."""
        if self._thread is not None:
            self._thread.join()

    def _begin(self) -> None:
        """Copy what is there by now."""
        try:
            self._beside(lambda connection: connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE))
        except Unavailable as error:  # the WAL gets longer meanwhile; who appends is told when there is no room for it
            log.warning("a checkpoint failed, and is tried again", reason=error.message)
        else:
            self._nearly = True

    def _finish(self, connection: apsw.Connection, pages: int) -> None:
        """Copy the rest, on the writer's thread. What this can't do is left to the next one."""
        if pages < 2 * self._pages:
            _try(connection, apsw.SQLITE_CHECKPOINT_PASSIVE)
            return
        waits: int = connection.pragma("busy_timeout")
        connection.set_busy_timeout(PATIENCE)
        _try(connection, apsw.SQLITE_CHECKPOINT_RESTART)
        connection.set_busy_timeout(waits)


def _try(connection: apsw.Connection, mode: int) -> None:
    """Checkpoint, where nothing is in the way: a reader, another process, a disk that is full."""
    try:
        connection.wal_checkpoint(mode=mode)
    except apsw.Error as error:
        log.debug("a checkpoint is not finished", reason=str(error))
