"""The WAL of a log that is always written to, and always read: it ends, and nothing that a checkpoint meets stops a commit."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest
from tests.log.disks import FailingDisk

from blossm.adapters.sqlite import database
from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.testing.contracts.log_store import commit, painted, placed

PAGES = 40  # after which a checkpoint is due here
LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) SELECT count(*) FROM n"  # some 10 ms
MANY = 2_000  # commits in which a checkpoint must have happened, however busy the machine is: fifty are due


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(database, "CHECKPOINT_PAGES", PAGES)
    return tmp_path / "shop.log"


def opened(file: Path) -> SqliteLogStore:
    return SqliteLogStore.open(file, service="shop", network="city.example", synchronous="NORMAL")  # not about power cuts


async def logged(store: SqliteLogStore) -> None:
    """One more commit of one event."""
    head = await store.head()
    event = painted(str(uuid.uuid4()), note="x" * 200)
    assert await store.insert_at(head, placed(commit(event), at=head)) == "inserted"


async def logged_until_the_wal_begins_anew(store: SqliteLogStore, file: Path) -> None:
    before = begun_anew(file)
    for _ in range(MANY):
        await logged(store)
        if begun_anew(file) > before:
            return
    pytest.fail(f"the WAL has gone on for {MANY} commits")


def begun_anew(file: Path) -> int:
    """How often the WAL has begun anew: its header counts it."""
    wal = file.with_name(f"{file.name}-wal").read_bytes()[:16]
    return int.from_bytes(wal[12:])


@contextmanager
def always_read(file: Path) -> Iterator[None]:
    """Somebody who reads until now is there all the time: the next one begins before the last one is done."""
    done, begun = threading.Event(), threading.Event()

    def read() -> None:
        connections = [apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY) for _ in range(2)]
        turn = 0
        while not done.is_set():
            connections[turn].execute("BEGIN")
            assert connections[turn].execute("SELECT count(*) FROM events").get >= 0
            assert connections[turn].execute(LONG).get
            turn = 1 - turn
            if connections[turn].in_transaction:
                connections[turn].execute("COMMIT")
            begun.set()
        for connection in connections:
            connection.close()

    reader = threading.Thread(target=read)
    reader.start()
    begun.wait()
    try:
        yield
    finally:
        done.set()
        reader.join()


async def test_the_wal_begins_anew_again_and_again_while_the_log_is_written_to(file: Path) -> None:
    store = opened(file)
    for _ in range(3):
        await logged_until_the_wal_begins_anew(store, file)
    await store.close()


async def test_the_wal_begins_anew_where_somebody_always_reads(file: Path) -> None:
    store = opened(file)
    with always_read(file):
        for _ in range(3):
            await logged_until_the_wal_begins_anew(store, file)
    await store.close()


async def test_a_reader_that_stays_makes_the_wal_longer_and_stops_no_commit(file: Path) -> None:
    store = opened(file)
    staying = apsw.Connection(str(file))
    staying.execute("BEGIN")
    assert staying.execute("SELECT count(*) FROM events").get == 0
    for _ in range(100):
        await logged(store)
    assert begun_anew(file) == 0
    assert staying.execute("SELECT count(*) FROM events").get == 0
    staying.close()
    await logged_until_the_wal_begins_anew(store, file)
    await store.close()


@pytest.mark.parametrize("error", [apsw.FullError, apsw.IOError])
async def test_a_checkpoint_that_fails_is_made_later_and_no_commit_hears_of_it(
    file: Path, monkeypatch: pytest.MonkeyPatch, error: type[apsw.Error]
) -> None:
    with FailingDisk.under(monkeypatch) as disk:
        store = opened(file)
        disk.error, disk.failing = error, {(".log", "write"): 1_000_000}
        for _ in range(60):
            await logged(store)
        assert begun_anew(file) == 0
        disk.failing = {}
        await logged_until_the_wal_begins_anew(store, file)
        head = await store.head()
        assert [each.position for each in (await store.read(0, MANY)).commits] == list(range(1, head))
        await store.close()


async def test_a_checkpoint_for_which_there_is_no_thread_is_made_later_and_no_commit_hears_of_it(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(file)
    await logged(store)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", no_thread)
        for _ in range(60):
            await logged(store)
        assert begun_anew(file) == 0
    await logged_until_the_wal_begins_anew(store, file)
    await store.close()


def no_thread(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")
