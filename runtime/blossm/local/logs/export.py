"""A log written out, a commit a line, from the first or from where the file ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import BinaryIO

from blossm.core.errors import Conflict
from blossm.local.logs.checks import Step
from blossm.local.logs.lines import MAX_LINE, FileRefused, Header, commit_of, header_of, line_of
from blossm.ports import LogStore

PAGE = 500  # commits


async def export(store: LogStore, header: Header, out: BinaryIO) -> AsyncGenerator[Step, None]:
    """Write the whole log up to the head of now."""
    out.write(line_of(header))
    async for step in _commits(store, 0, out):
        yield step


async def export_to(store: LogStore, header: Header, file: Path) -> AsyncGenerator[Step, None]:
    """Write the log to a file that ends with what is durable in it.

    One that is there already goes on where it ends, after a half line is cut off: it must be an export of this very log.
    Raises FileRefused and Conflict when it is not; then nothing was changed.
    """
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT, 0o644), "r+b") as out:
        try:
            fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FileRefused(f"another process writes {file}", help="wait for it") from error
        after = await _resume(store, header, out, file)
        async for step in _commits(store, after, out):
            yield step
        out.flush()
        os.fsync(out.fileno())


async def _commits(store: LogStore, after: int, out: BinaryIO) -> AsyncGenerator[Step, None]:
    head = await store.head()
    yield Step("exporting", after, head - 1)
    while after < head - 1:
        page = await store.read(after, PAGE)
        out.write(b"".join(line_of(logged) for logged in page.commits))
        after = page.scanned
        yield Step("exporting", after, max(after, head - 1))
    out.flush()


async def _resume(store: LogStore, header: Header, out: BinaryIO, file: Path) -> int:
    """Bring the file to the end of its last whole line; answers the position of the last event in it."""
    first = out.readline(MAX_LINE)
    if not first.endswith(b"\n") and line_of(header).startswith(first):  # new, or broken off within the header
        out.seek(0)
        out.truncate()
        out.write(line_of(header))
        return 0
    found = header_of(first, file=str(file))
    if found != header:
        raise FileRefused(
            f"{file} is the export of {found.service} in {found.network}, not of {header.service} in {header.network}",
            help="nothing was changed: name another file",
        )
    last, end = _last_line(out, len(first), file)
    after = await _known(store, last, file) if last else 0
    out.seek(end)
    out.truncate()
    return after


def _last_line(out: BinaryIO, begin: int, file: Path) -> tuple[bytes, int]:
    """The last whole line behind the header, empty where there is none, and where it ends."""
    size = out.seek(0, os.SEEK_END)
    taken = 64 * 1024
    while True:
        start = max(begin, size - taken)
        out.seek(start)
        *lines, _half = out.read(size - start).split(b"\n")
        if len(lines) > 1 or start == begin:
            end = start + sum(len(line) + 1 for line in lines)
            return (lines[-1] if lines else b""), end
        if taken > 2 * MAX_LINE:
            raise FileRefused(f"{file} is no export of a log: it ends with a line that has no end")
        taken *= 4


async def _known(store: LogStore, line: bytes, file: Path) -> int:
    """Where the last commit of the file ends. Raises unless the log has the same one there."""
    try:
        last = commit_of(line)
    except ValueError as error:
        raise FileRefused(f"the last line of {file} can't be read: {error}", help="name another file") from error
    there = (await store.read(last.position - 1, 1)).commits
    if not there or line_of(there[0]) != line + b"\n":
        raise Conflict(
            f"{file} ends with another commit than the log has at position {last.position}",
            facts={"file": str(file), "position": last.position, "commit": last.commit.id},
            help="nothing was changed: it is the export of another log, or of this one before it was restored; name another file",
        )
    return last.end - 1
