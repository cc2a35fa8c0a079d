"""Disks that fail: what SQLite does with a file goes through here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import apsw
import pytest

What = Literal["open", "read", "write", "sync", "truncate"]

_connect = apsw.Connection


def name_of(file: str | apsw.URIFilename | None) -> str:
    return file.filename() if isinstance(file, apsw.URIFilename) else file or ""


class FailingDisk(apsw.VFS):
    """A disk on which something fails so many times: `failing[suffix of the file's name, what]`."""

    def __init__(self) -> None:
        self.failing: dict[tuple[str, What], int] = {}
        self.error: type[apsw.Error] = apsw.IOError
        super().__init__("failing", "")

    @classmethod
    @contextmanager
    def under(cls, monkeypatch: pytest.MonkeyPatch) -> Iterator[FailingDisk]:
        """All files are on it, but those of memory."""

        def connect(path: str, flags: int = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE) -> apsw.Connection:
            return _connect(path, flags=flags, vfs=None if path == ":memory:" else "failing")

        disk = cls()
        monkeypatch.setattr(apsw, "Connection", connect)
        yield disk
        disk.unregister()

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> FailingFile:
        self.fails(name_of(name), "open")
        return FailingFile(self, name, flags)

    def fails(self, name: str, what: What) -> None:
        for (suffix, failing), times in self.failing.items():
            if failing == what and name.endswith(suffix) and times > 0:
                self.failing[suffix, failing] = times - 1
                raise self.error(f"{what} of {Path(name).name} failed")


class FailingFile(apsw.VFSFile):
    def __init__(self, disk: FailingDisk, name: Any, flags: list[int]) -> None:
        self.disk = disk
        self.name = name_of(name)
        super().__init__("", name, flags)

    def xRead(self, amount: int, offset: int) -> bytes:
        self.disk.fails(self.name, "read")
        return super().xRead(amount, offset)

    def xSync(self, flags: int) -> None:
        self.disk.fails(self.name, "sync")
        super().xSync(flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        self.disk.fails(self.name, "write")
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self.disk.fails(self.name, "truncate")
        super().xTruncate(size)
