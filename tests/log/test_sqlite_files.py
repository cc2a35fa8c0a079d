"""What is left of a log whose files were cut, spoilt or parted, and a disk that goes away for a while."""

from __future__ import annotations

import asyncio
import random
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from tests.log.damage import content, cut, size
from tests.log.disks import FailingDisk

from blossm.adapters.clock import SystemClock
from blossm.adapters.memory.bus import MemoryBus
from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.core.appender import Appender
from blossm.core.errors import Unavailable
from blossm.testing.contracts.log_store import RED, commit, painted, placed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.log"


def wal_of(file: Path) -> Path:
    return file.with_name(f"{file.name}-wal")


def opened(file: Path) -> SqliteLogStore:
    return SqliteLogStore.open(file, service="shop", network="city.example")


def appender_of(store: SqliteLogStore) -> Appender:
    return Appender(store=store, clock=SystemClock(), bus=MemoryBus(), service="shop")


async def in_use(file: Path, *, commits: int = 30) -> SqliteLogStore:
    """A log whose commits are in the WAL still, each written by itself."""
    store = opened(file)
    for one in placed(*(commit(painted(note="x" * 200), painted()) for _ in range(commits))):
        assert await store.insert_at(one.position, [one]) == "inserted"
    return store


def files_at(file: Path, folder: Path) -> Path:
    """The files as they are at this moment, in another place."""
    folder.mkdir()
    for each in (file, wal_of(file)):
        shutil.copy(each, folder / each.name)
    return folder / file.name


@pytest.mark.parametrize("what", ["cut", "spoilt"])
async def test_of_a_wal_that_was_cut_or_spoilt_a_whole_beginning_is_left(file: Path, tmp_path: Path, what: str) -> None:
    store = await in_use(file)
    logged = (await store.read(0, 100)).commits
    chance = random.Random(what)
    left = set()
    for number in range(25):
        copy = files_at(file, tmp_path / str(number))
        at = chance.randrange(size(wal_of(copy)))
        cut(wal_of(copy), at) if what == "cut" else flip(wal_of(copy), at)
        there = opened(copy)
        found = (await there.read(0, 100)).commits
        assert found == logged[: len(found)]
        assert await there.head() == (found[-1].end if found else 1)
        await there.close()
        left.add(len(found))
    assert len(left) > 5
    await store.close()


def flip(file: Path, at: int) -> None:
    whole = bytearray(file.read_bytes())
    whole[at] ^= 0xFF
    file.write_bytes(whole)


async def test_a_file_without_its_wal_is_whole_and_ends_earlier(file: Path, tmp_path: Path) -> None:
    store = await in_use(file)
    copy = files_at(file, tmp_path / "copy")
    wal_of(copy).unlink()
    there = opened(copy)
    assert await there.head() == 1
    await there.close()
    await store.close()


async def test_a_wal_without_its_file_is_not_taken_for_the_wal_of_a_new_log(file: Path, tmp_path: Path) -> None:
    store = await in_use(file)
    copy = files_at(file, tmp_path / "copy")
    copy.rename(tmp_path / "aside")
    before = content(copy)
    with pytest.raises(Unavailable, match=r"is gone, and the last that was written to it is still in shop\.log-wal") as caught:
        opened(copy)
    assert "put the file back" in caught.value.help
    assert content(copy) == before
    (tmp_path / "aside").rename(copy)
    there = opened(copy)
    assert await there.head() == 61
    await there.close()
    await store.close()


@pytest.mark.parametrize("left", [0, 1, 100, 511])
async def test_a_file_that_was_emptied_is_refused_and_not_touched(file: Path, left: int) -> None:
    await (await in_use(file)).close()
    cut(file, left)
    before = content(file)
    with pytest.raises(Unavailable, match=f"is damaged: {left} bytes of it are left") as caught:
        opened(file)
    assert "restore a backup" in caught.value.help
    assert content(file) == before


async def test_a_log_that_begins_is_there_whole_with_nothing_beside_it(file: Path) -> None:
    stores = [opened(file), opened(file)]
    assert await stores[0].insert_at(1, placed(commit())) == "inserted"
    assert await stores[1].head() == 2
    for store in stores:
        await store.close()
    assert list(content(file)) == [file.name]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[FailingDisk]:
    with FailingDisk.under(monkeypatch) as disk:
        yield disk


async def test_a_disk_that_is_gone_is_told_and_service_goes_on_when_it_is_back(file: Path, disk: FailingDisk) -> None:
    await (await in_use(file, commits=300)).close()
    store = opened(file)
    appender = appender_of(store)
    disk.failing = {(".log", "read"): 1000, ("-wal", "read"): 1000, ("-wal", "write"): 1000, (".log", "open"): 1000}
    with pytest.raises(Unavailable, match="can't be read or written") as caught:
        await store.read(0, 500)
    assert "check the disk" in caught.value.help
    with pytest.raises(Unavailable):
        await appender.append(commit())
    disk.failing = {}
    assert len((await store.read(0, 500)).commits) == 300
    appended = await appender.append(commit())
    assert [event.position for event in appended.events] == [601]
    await store.close()


async def test_a_file_that_can_not_be_opened_any_more_is_told_and_then_forgotten(file: Path, disk: FailingDisk) -> None:
    disk.error = apsw.CantOpenError
    disk.failing = {(".log", "open"): 1}
    with pytest.raises(Unavailable, match="can't be opened"):
        opened(file)
    store = opened(file)
    assert await store.head() == 1
    await store.close()


async def test_appends_go_on_while_somebody_reads_for_long_and_what_is_read_stays_as_it_was(file: Path) -> None:
    store = await in_use(file)
    loop = asyncio.get_running_loop()
    begun, go_on = asyncio.Event(), threading.Event()

    def scan(connection: apsw.Connection) -> int:
        rows = iter(connection.execute("SELECT position FROM events ORDER BY position"))
        first = next(rows)
        loop.call_soon_threadsafe(begun.set)
        assert go_on.wait(30)
        return len([first, *rows])

    scanning = asyncio.create_task(store._database.scan(scan))
    await begun.wait()
    appender = appender_of(store)
    for number in range(50):
        appended = await appender.append(commit(painted(RED, note="x" * 20_000)))
        assert appended.events[0].position == 61 + number
    assert not scanning.done()
    go_on.set()
    assert await scanning == 60
    await store.close()
