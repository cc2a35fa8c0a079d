"""Room in the WAL file ahead of the commits.

To make a commit durable that makes a file longer, the file system must also write down the new length: that costs as much
again on an idle disk, and many times as much on a busy one. So the file gets longer by megabytes of zeros, seldom. SQLite
takes them for what they are, no frames: it reads a WAL up to the first frame whose sums are not right.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import apsw

FIRST = 64  # pages before any room is made: most files never have as many
AHEAD = 128  # pages that there should be room for
STEP = 1024 * 1024  # bytes by which a file gets longer: as many as it has, but within these two
LARGEST_STEP = 4 * 1024 * 1024
PAGE = 4_096 + 24  # bytes of a page in the WAL, with what stands before it


class Room:
    """The room in the WAL of the file at `path`."""

    def __init__(self, path: Path) -> None:
        self._wal = path.with_name(f"{path.name}-wal")
        self._room = 0  # pages that the file has room for, as far as that is known
        self._used = 0

    def committed(self, connection: apsw.Connection, pages: int) -> None:
        """The writer has committed, and the WAL has so many pages now."""
        if pages < self._used:  # it was begun anew, and a long file was cut
            self._room = 0
        self._used = pages
        if pages >= FIRST and pages + AHEAD > self._room:
            with suppress(OSError, apsw.Error):  # what is wrong will be told by the commit that finds no room
                self._room = self._made(connection, (pages + AHEAD) * PAGE) // PAGE

    def _made(self, connection: apsw.Connection, needed: int) -> int:
        """Make room for so many bytes, while nobody else can write; answers how many there are."""
        connection.execute("BEGIN IMMEDIATE")
        try:
            with self._wal.open("r+b", buffering=0) as wal:
                size = wal.seek(0, os.SEEK_END)
                if size < needed:
                    size += wal.write(bytes(max(STEP, min(size, LARGEST_STEP), needed - size)))
                return size
        finally:
            connection.execute("ROLLBACK")
