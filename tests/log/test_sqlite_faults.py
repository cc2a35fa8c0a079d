"""What can be wrong with a log's file: a clear error each, nothing lost, and service when the cause is gone."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from tests.log.damage import spoil
from tests.log.disks import FailingDisk, What

from blossm.adapters.clock import SystemClock
from blossm.adapters.memory.bus import MemoryBus
from blossm.adapters.sqlite import database
from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.core.appender import Appender
from blossm.core.errors import Internal, Unavailable
from blossm.testing.contracts.log_store import RED, commit, painted, placed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.log"


def opened(file: Path) -> SqliteLogStore:
    return SqliteLogStore.open(file, service="shop", network="city.example")


def appender_of(store: SqliteLogStore) -> Appender:
    return Appender(store=store, clock=SystemClock(), bus=MemoryBus(), service="shop")


async def logged(file: Path, *, commits: int = 3) -> None:
    """A closed log with some commits of one event."""
    store = opened(file)
    assert await store.insert_at(1, placed(*(commit() for _ in range(commits)))) == "inserted"
    await store.close()


async def test_a_log_is_found_again(file: Path) -> None:
    await logged(file)
    store = opened(file)
    assert await store.head() == 4
    assert [event.number for event in await store.root("bicycle", RED)] == [1, 2, 3]
    await store.close()


def test_a_file_that_is_no_database_is_refused_and_not_touched(file: Path) -> None:
    content = b"not a database, but long enough to be looked at" * 100
    file.write_bytes(content)
    with pytest.raises(Unavailable, match="is no SQLite file") as caught:
        opened(file)
    assert caught.value.facts["file"] == str(file)
    assert "restore a backup" in caught.value.help
    assert file.read_bytes() == content


def test_somebody_elses_database_is_refused_and_not_touched(file: Path) -> None:
    other = apsw.Connection(str(file))
    other.execute("CREATE TABLE recipes (name TEXT)")
    other.close()
    with pytest.raises(Unavailable, match="is no log of Blossm"):
        opened(file)
    assert apsw.Connection(str(file)).execute("SELECT name FROM sqlite_schema").get == "recipes"


async def test_the_log_of_another_service_is_refused(file: Path) -> None:
    await logged(file)
    with pytest.raises(Unavailable, match="is the log of shop, not of staff"):
        SqliteLogStore.open(file, service="staff", network="city.example")


async def test_a_newer_format_is_refused_with_what_to_do(file: Path) -> None:
    await logged(file)
    newer = apsw.Connection(str(file))
    newer.pragma("user_version", 2)
    newer.close()
    with pytest.raises(Unavailable, match="has format 2, and this version of Blossm knows 1") as caught:
        opened(file)
    assert caught.value.facts == {"file": str(file), "format": 2, "known": 1}


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="can't be opened") as caught:
        opened(tmp_path / "nowhere" / "shop.log")
    assert "folder" in caught.value.help


async def test_a_corrupt_page_is_told_and_nothing_of_sqlite_escapes(file: Path) -> None:
    await logged(file, commits=400)
    spoil(file)
    store = opened(file)
    with pytest.raises(Unavailable, match="is damaged"):
        await store.read(0, 10)
    with pytest.raises(Unavailable):
        await appender_of(store).append(commit())
    await store.close()


async def test_a_missing_commit_is_a_hole_and_no_reader_steps_over_it(file: Path) -> None:
    await logged(file)
    apsw.Connection(str(file)).execute("DELETE FROM commits WHERE position = 2")
    store = opened(file)
    with pytest.raises(Internal, match="damaged at position 2"):
        await store.read(0, 10)
    await store.close()


@pytest.mark.parametrize("domains", [None, ["bicycle"]])
async def test_a_missing_event_is_a_hole_too(file: Path, domains: list[str] | None) -> None:
    store = opened(file)
    await store.insert_at(1, placed(commit(painted(), painted(), painted()), commit()))
    apsw.Connection(str(file)).execute("DELETE FROM events WHERE position = 2")
    with pytest.raises(Internal, match="damaged at position 1"):
        await store.read(0, 10, domains=domains)
    await store.close()


async def test_who_reads_some_domains_does_not_step_over_a_missing_commit_either(file: Path) -> None:
    await logged(file)
    apsw.Connection(str(file)).execute("DELETE FROM commits WHERE position = 2")
    store = opened(file)
    for after in (0, 1):
        with pytest.raises(Internal, match="damaged at position 2"):
            await store.read(after, 10, domains=["bicycle"])
    await store.close()


@pytest.mark.parametrize("after", [0, 1])
async def test_a_root_without_one_of_its_events_is_damage(file: Path, after: int) -> None:
    await logged(file)
    apsw.Connection(str(file)).execute("DELETE FROM events WHERE position = 2")
    store = opened(file)
    with pytest.raises(Internal, match=r"damaged at position 3: bicycle .* has event 3 there, and nowhere event 2"):
        await store.root("bicycle", RED, after=after)
    assert len(await store.root("bicycle", RED, after=2)) == 1
    await store.close()


@pytest.mark.parametrize("what", ["events SET payload", "commits SET about"])
async def test_a_text_with_a_bit_that_flipped_is_told_as_damage(file: Path, what: str) -> None:
    await logged(file)
    apsw.Connection(str(file)).execute(f"UPDATE {what} = CAST(x'ff' AS TEXT) WHERE position = 1")
    store = opened(file)
    with pytest.raises(Internal, match="damaged at position 1"):
        await store.read(0, 10)
    with pytest.raises(Unavailable, match="is damaged"):
        await store.root("bicycle", RED)
    await store.close()


async def test_a_full_disk_is_told_and_service_goes_on_when_there_is_room(file: Path) -> None:
    store = opened(file)
    appender = appender_of(store)
    await appender.append(commit())

    def at_most(pages: int) -> None:
        store._database.settle(lambda connection: connection.pragma("max_page_count", pages))

    at_most(1)
    for _ in range(3):
        with pytest.raises(Unavailable, match="the disk is full") as caught:
            await appender.append(commit(painted(note="x" * 100_000)))
        assert "make room" in caught.value.help
    assert await store.head() == 2
    at_most(1_000_000)
    appended = await appender.append(commit(painted(note="x" * 100_000)))
    assert [event.position for event in appended.events] == [2]
    await store.close()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[FailingDisk]:
    with FailingDisk.under(monkeypatch) as disk:
        yield disk


@pytest.mark.parametrize("what", ["sync", "write"])
async def test_a_commit_that_failed_on_its_way_to_the_disk_is_tried_again_and_is_there_once(
    file: Path, disk: FailingDisk, what: What
) -> None:
    store = opened(file)
    appender = appender_of(store)
    await appender.append(commit())
    disk.failing["-wal", what] = 2
    first, second = await asyncio.gather(appender.append(commit()), appender.append(commit()))
    assert sorted(event.position for each in (first, second) for event in each.events) == [2, 3]
    await appender.close()
    await store.close()
    again = opened(file)
    assert [found.position for found in (await again.read(0, 10)).commits] == [1, 2, 3]
    await again.close()


async def test_a_write_that_finds_no_room_is_told_as_such_and_leaves_nothing(file: Path, disk: FailingDisk) -> None:
    store = opened(file)
    appender = appender_of(store)
    await appender.append(commit())
    disk.error, disk.failing = apsw.FullError, {("-wal", "write"): 1}
    with pytest.raises(Unavailable, match="the disk is full"):
        await appender.append(commit())
    assert await store.head() == 2
    assert [event.position for event in (await appender.append(commit())).events] == [2]
    await store.close()


async def test_another_process_that_holds_the_lock_is_waited_for_and_then_told(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(database.WAITS, "write", 20)
    store = opened(file)
    appender = appender_of(store)
    other = apsw.Connection(str(file))
    other.execute("BEGIN IMMEDIATE")
    assert await store.head() == 1  # reads are not blocked
    with pytest.raises(Unavailable, match="is locked by another process"):
        await appender.append(commit())
    other.execute("ROLLBACK")
    assert [event.position for event in (await appender.append(commit())).events] == [1]
    await store.close()


async def test_two_processes_on_one_file_are_safe(file: Path) -> None:
    stores = [opened(file), opened(file)]
    appenders = [appender_of(store) for store in stores]
    await asyncio.gather(*(appenders[n % 2].append(commit()) for n in range(60)))
    assert [event.number for event in await stores[0].root("bicycle", RED)] == list(range(1, 61))
    assert len((await stores[1].read(0, 100)).commits) == 60
    for store in stores:
        await store.close()


async def test_a_file_that_is_removed_while_it_is_in_use_takes_no_more_commits(file: Path, tmp_path: Path) -> None:
    store = opened(file)
    appender = appender_of(store)
    await appender.append(commit())
    aside = tmp_path / "aside"
    shutil.move(file, aside)
    with pytest.raises(Unavailable, match="was removed or replaced"):
        await appender.append(commit())
    shutil.move(aside, file)  # nothing was made in its place
    assert [event.position for event in (await appender.append(commit())).events] == [2]
    await store.close()


async def test_reads_go_on_while_a_write_is_on_its_way(file: Path) -> None:
    store = opened(file)
    await store.insert_at(1, placed(*(commit() for _ in range(200))))
    held = asyncio.Event()
    loop = asyncio.get_running_loop()
    go_on = threading.Event()

    def hold(connection: apsw.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM log")
        loop.call_soon_threadsafe(held.set)
        go_on.wait(10)
        connection.execute("ROLLBACK")

    writing = asyncio.create_task(store._database.write(hold))
    await held.wait()
    assert await store.head() == 201
    assert len((await store.read(0, 500)).commits) == 200
    assert len(await store.root("bicycle", RED)) == 200
    go_on.set()
    await writing
    await store.close()


async def test_a_closed_log_says_so(file: Path) -> None:
    store = opened(file)
    await store.insert_at(1, placed(commit()))
    await store.close()
    await store.close()
    with pytest.raises(Unavailable, match="is closed"):
        await store.head()
    with pytest.raises(Unavailable, match="is closed"):
        await store.insert_at(2, placed(commit(), at=2))
