"""Room in the WAL file ahead of the commits.

To make a commit durable that makes a file longer, the file system must also write down the new length: a lone append
takes half as long again by that, on a busy disk twice as long. So the file gets longer by megabytes of zeros, seldom.

Why that is safe: the zeros are appended (`O_APPEND`), so no byte that anybody wrote before, or writes at the same time,
is ever changed. SQLite reads a WAL up to the first frame whose salt and sums are not right, and those of zeros never are
(no page has the number 0), so it takes them for the end, and writes its next frames over them. A crash, a power cut or a
full disk leaves fewer zeros, or a part of them: that is the same end.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

FIRST = 64  # pages before any room is made: most files never have as many
AHEAD = 128  # pages that there should be room for
STEP = 1024 * 1024  # bytes by which a file gets longer: as many as it has, but within these two
LARGEST_STEP = 4 * 1024 * 1024
SPARED = 16  # times a step that the disk must have left: its last bytes are for what has something to say
PAGE = 4_096 + 24  # bytes of a page in the WAL, with what stands before it


class Room:
    """The room in the WAL of the file at `path`."""

    def __init__(self, path: Path) -> None:
        self._wal = path.with_name(f"{path.name}-wal")
        self._looked = 0  # up to so many pages nothing is to be done
        self._used = 0

    def committed(self, pages: int) -> None:
        """The writer has committed, and the WAL has so many pages now. Never raises."""
        if pages < self._used:  # it was begun anew, and a long file was cut
            self._looked = 0
        self._used = pages
        if pages >= FIRST and pages + AHEAD > self._looked:
            self._looked = pages + AHEAD
            with suppress(OSError):  # what is wrong will be told by the commit that finds no room
                self._looked = max(self._looked, _made(self._wal, self._looked * PAGE) // PAGE)


def _made(wal: Path, needed: int) -> int:
    """Make room for so many bytes; answers how many there are."""
    file = os.open(wal, os.O_WRONLY | os.O_APPEND)
    try:
        size = os.fstat(file).st_size
        if size < needed:
            step = max(STEP, min(size, LARGEST_STEP), needed - size)
            disk = os.fstatvfs(file)
            if disk.f_bavail * disk.f_frsize > SPARED * step:
                size += os.write(file, bytes(step))
        return size
    finally:
        os.close(file)
