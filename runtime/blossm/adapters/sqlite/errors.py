"""What SQLite says, as an error of ours: nothing of apsw leaves the adapters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from blossm.core.errors import Unavailable

_MEANING: tuple[tuple[type[apsw.Error], str, str], ...] = (
    (apsw.NotADBError, "is no SQLite file", "nothing was changed: put the right file there, or restore a backup"),
    (apsw.CorruptError, "is damaged", "nothing was changed: stop the network, keep the file, and restore a backup"),
    (apsw.FormatError, "is damaged", "nothing was changed: stop the network, keep the file, and restore a backup"),
    (apsw.FullError, "can't grow: the disk is full", "make room; nothing needs to be restarted"),
    (apsw.BusyError, "is locked by another process", "is the network running twice?"),
    (apsw.LockedError, "is locked by another process", "is the network running twice?"),
    (apsw.ReadOnlyError, "can't be written", "check who may write the file and its folder, and whether the disk is read-only"),
    (apsw.PermissionsError, "can't be opened: permission denied", "check who may read and write the file and its folder"),
    (apsw.AuthError, "can't be opened: permission denied", "check who may read and write the file and its folder"),
    (apsw.CantOpenError, "can't be opened", "check that its folder exists, and who may read and write both"),
    (apsw.IOError, "can't be read or written", "check the disk; the system's log says more"),
)


def unavailable(error: apsw.Error, path: Path) -> Unavailable:
    """What is wrong with the file at `path`, and what to do."""
    what, help = next(((what, help) for kind, what, help in _MEANING if isinstance(error, kind)), ("failed", ""))
    return Unavailable(f"{path} {what} ({error})", facts={"file": str(path), "sqlite": type(error).__name__}, help=help)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Errors of apsw within become `Unavailable`."""
    try:
        yield
    except apsw.Error as error:
        raise unavailable(error, path) from error
