"""How a file begins that must never be taken for a new one: whole, or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

import apsw

from blossm.adapters.sqlite.database import Format
from blossm.core.errors import Unavailable

LEAST = 512  # bytes of the smallest page that SQLite knows

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


def begin(path: Path, format: Format) -> None:
    """Make an empty file in this format where there is none.

    It is made under another name and then put in its place. So an empty or cut file is never one that somebody just
    began: it has lost what was in it, and is refused. Raises Unavailable.
    """
    try:
        size = path.stat().st_size if path.exists() else None
        if size is None:
            _refuse_leftovers(path)
            _make(path, format)
        elif size < LEAST:
            raise Unavailable(
                f"{path} is damaged: {size} bytes of it are left",
                facts={"file": str(path)},
                help="nothing was changed: restore a backup; where nothing was ever logged, remove the file",
            )
    except OSError as error:
        raise unusable(error, path) from error


def place(made: Path, path: Path) -> None:
    """Give a finished file its name, and never a name that is taken: raises FileExistsError then."""
    try:
        os.link(made, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))  # the name is ours: nothing of others is replaced
        made.rename(path)
    made.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def beside(path: Path) -> Path:
    """A name in the same folder that nobody has."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")


def unusable(error: OSError, path: Path) -> Unavailable:
    """What the system says about the file at `path`, in the words of what SQLite says."""
    facts = {"file": str(path)}
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Unavailable(f"{path} can't grow: the disk is full", facts=facts, help="make room; nothing needs to be restarted")
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        help = "check who may write the file and its folder, and whether the disk is read-only"
        return Unavailable(f"{path} can't be written ({error.strerror})", facts=facts, help=help)
    help = "check that its folder exists, and who may read and write both"
    return Unavailable(f"{path} can't be opened ({error.strerror})", facts=facts, help=help)


def _refuse_leftovers(path: Path) -> None:
    """A WAL without its file holds the last commits of a log: a new file would take them for its own, or lose them."""
    wal = path.with_name(f"{path.name}-wal")
    if wal.exists() and wal.stat().st_size:
        raise Unavailable(
            f"{path} is gone, and the last that was written to it is still in {wal.name}",
            facts={"file": str(path)},
            help=f"put the file back beside it, or restore a backup; remove {wal.name} only if nothing of the log matters",
        )


def _make(path: Path, format: Format) -> None:
    made = beside(path)
    try:
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:
            file.write(_content(format))
            file.flush()
            os.fsync(file.fileno())
        try:
            place(made, path)
        except FileExistsError:  # another process was faster, and made the same
            return
    finally:
        made.unlink(missing_ok=True)


def _content(format: Format) -> bytes:
    connection = apsw.Connection(":memory:")
    try:
        connection.execute(format.tables)
        connection.pragma("application_id", format.mark)
        connection.pragma("user_version", format.version)
        return connection.serialize("main")
    finally:
        connection.close()
