"""A power cut: what was written and not synced may be on the disk, or not, in any order, or half."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.log.disks import name_of

from blossm.adapters.sqlite import database
from blossm.adapters.sqlite.database import Synchronous
from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.core.commit import LoggedCommit
from blossm.testing.contracts.log_store import RED, commit, painted, placed

COMMITS = 100
OFTEN = 0.12  # of all writes and syncs have a cut before them
LEAST = 100  # cuts
SECTOR = 512  # bytes that are written whole or not at all


@dataclass
class Content:
    """A file on a disk: what surely is there, and the writes since the last sync (None: it was cut to a length)."""

    durable: bytearray = field(default_factory=bytearray)
    since: list[tuple[int, bytes | None]] = field(default_factory=list)

    def synced(self) -> None:
        self.durable, self.since = apply(self.durable, self.since), []

    def after_cut(self, chance: random.Random) -> bytes:
        """What may be found when the power is back."""
        lucky = chance.random()
        sectors: list[tuple[int, bytes | None]] = []
        for offset, data in self.since:
            if data is None:
                sectors.append((offset, None))
            else:
                sectors += [(offset + at, data[at : at + SECTOR]) for at in range(0, len(data), SECTOR)]
        return bytes(apply(self.durable, [write for write in sectors if chance.random() < lucky]))


def apply(content: bytearray, writes: list[tuple[int, bytes | None]]) -> bytearray:
    content = bytearray(content)
    for offset, data in writes:
        if data is None:
            del content[offset:]
            continue
        content.extend(bytes(max(0, offset - len(content))))
        content[offset : offset + len(data)] = data
    return content


@dataclass(frozen=True)
class Cut:
    """What may be found after a power cut at a moment when so many commits were acknowledged."""

    acknowledged: int
    files: dict[str, bytes]


class Disk(apsw.VFS):
    """Notes what is written and what is synced, and what would be found if the power were cut now and then."""

    def __init__(self) -> None:
        self.files: dict[str, Content] = {}
        self.cuts: list[Cut] = []
        self.acknowledged = 0
        self.noting = threading.Lock()  # the WAL is written back on another thread
        self._chance = random.Random("power")
        super().__init__("power", "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> Noted:
        path = name_of(name)
        content = self.files.setdefault(path, Content(bytearray(Path(path).read_bytes() if Path(path).exists() else b"")))
        return Noted(self, content, name, flags)

    def xDelete(self, name: str, sync: bool) -> None:
        super().xDelete(name, sync)
        self.files.pop(name, None)

    def may_be_cut(self) -> None:
        if self._chance.random() < OFTEN:
            found = {Path(path).name: content.after_cut(self._chance) for path, content in self.files.items()}
            self.cuts.append(Cut(self.acknowledged, found))


class Noted(apsw.VFSFile):
    def __init__(self, disk: Disk, content: Content, name: Any, flags: list[int]) -> None:
        self.disk = disk
        self.content = content
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        with self.disk.noting:
            self.disk.may_be_cut()
            self.content.since.append((offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        with self.disk.noting:
            self.disk.may_be_cut()
            self.content.since.append((size, None))
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        with self.disk.noting:
            self.disk.may_be_cut()
            self.content.synced()


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk = Disk()
    connect = apsw.Connection

    def on_it(path: str, flags: int = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE) -> apsw.Connection:
        return connect(path, flags=flags, vfs="power" if path == str(tmp_path / "shop.log") else None)

    monkeypatch.setattr(apsw, "Connection", on_it)
    monkeypatch.setattr(database, "CHECKPOINT_PAGES", 20)
    yield disk
    disk.unregister()


def opened(file: Path, synchronous: Synchronous = "FULL") -> SqliteLogStore:
    return SqliteLogStore.open(file, service="shop", network="city.example", synchronous=synchronous)


async def lost_in_cuts(folder: Path, disk: Disk, synchronous: Synchronous) -> list[int]:
    """How many acknowledged commits are missing after each cut; what is left is always a whole log of what was logged."""
    chance = random.Random(synchronous)
    store = opened(folder / "shop.log", synchronous)
    logged: list[LoggedCommit] = []
    for _ in range(COMMITS):
        await log_one(store, logged, chance)
        disk.acknowledged = len(logged)
    await store.close()
    lost: list[int] = []
    for number, cut in enumerate(disk.cuts):
        after = folder / f"cut{number}"
        after.mkdir()
        for name, content in cut.files.items():
            (after / name).write_bytes(content)
        found = await content_of(after / "shop.log")
        assert found == logged[: len(found)]
        lost.append(cut.acknowledged - len(found))
    assert len(lost) > LEAST
    return lost


async def log_one(store: SqliteLogStore, logged: list[LoggedCommit], chance: random.Random) -> None:
    head = logged[-1].end if logged else 1
    events = [painted(RED, note="x" * chance.choice([10, 3000])) for _ in range(chance.randint(1, 3))]
    logged += placed(commit(*events), at=head, numbers={("bicycle", RED): head - 1})
    assert await store.insert_at(head, logged[-1:]) == "inserted"


async def content_of(file: Path) -> list[LoggedCommit]:
    store = opened(file, "OFF")
    commits: list[LoggedCommit] = []
    while (page := await store.read(commits[-1].end - 1 if commits else 0, 500)).commits:
        commits += page.commits
    await store.close()
    return commits


async def test_what_was_acknowledged_survives_a_power_cut(tmp_path: Path, disk: Disk) -> None:
    assert max(await lost_in_cuts(tmp_path, disk, "FULL")) == 0


async def test_with_normal_a_power_cut_may_take_the_last_commits_and_leaves_a_whole_log(tmp_path: Path, disk: Disk) -> None:
    lost = await lost_in_cuts(tmp_path, disk, "NORMAL")
    assert max(lost) > 0  # so a cut does find what was not synced
