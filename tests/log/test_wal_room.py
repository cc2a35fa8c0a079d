"""Room in the WAL ahead of the commits: it holds nothing, hides nothing, and nothing needs it."""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from pathlib import Path
from typing import Any

import pytest

from blossm.adapters.sqlite import room
from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.adapters.sqlite.room import Room
from blossm.testing.contracts.log_store import commit, painted, placed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.log"


def opened(file: Path) -> SqliteLogStore:
    return SqliteLogStore.open(file, service="shop", network="city.example", synchronous="NORMAL")  # not about power cuts


async def logged(store: SqliteLogStore, commits: int) -> None:
    head = await store.head()
    for position in range(head, head + commits):
        new = commit(painted(str(uuid.uuid4()), note="x" * 200))
        assert await store.insert_at(position, placed(new, at=position)) == "inserted"


def wal(file: Path) -> bytes:
    return file.with_name(f"{file.name}-wal").read_bytes()


async def test_a_log_that_is_written_to_has_room_in_its_wal(file: Path) -> None:
    store = opened(file)
    await logged(store, 3)
    assert len(wal(file)) < room.FIRST * room.PAGE  # most files are small, and stay so
    await logged(store, 20)
    size = len(wal(file))
    assert size >= room.STEP
    assert wal(file).endswith(bytes(room.STEP // 4))
    await logged(store, 5)
    assert len(wal(file)) == size  # and gets no longer while there is some
    await store.close()


async def test_what_was_logged_before_a_crash_is_found_before_the_room(file: Path, tmp_path: Path) -> None:
    store = opened(file)
    await logged(store, 40)
    after = tmp_path / "after"
    after.mkdir()
    for name in (file.name, f"{file.name}-wal"):  # what a crash leaves: the index of the WAL is made anew
        shutil.copy(file.with_name(name), after)
    await store.close()
    again = opened(after / file.name)
    assert await again.head() == 41
    await logged(again, 1)
    assert [each.position for each in (await again.read(0, 100)).commits] == list(range(1, 42))
    await again.close()


async def test_commits_go_on_where_no_room_can_be_made(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def full(path: Any, *arguments: Any, **options: Any) -> int:
        if str(path).endswith("-wal"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, *arguments, **options)

    store = opened(file)
    monkeypatch.setattr(os, "open", full)
    await logged(store, 40)
    monkeypatch.undo()
    assert not wal(file).endswith(bytes(room.STEP // 4))
    assert await store.head() == 41
    await store.close()


async def test_the_last_of_a_disk_is_not_taken_for_room(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nearly_full = os.statvfs_result((4096, 4096, 1_000_000, 2_000, 2_000, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "fstatvfs", lambda _: nearly_full)
    store = opened(file)
    await logged(store, 40)
    assert not wal(file).endswith(bytes(room.STEP // 4))
    await store.close()


def test_what_another_process_writes_at_the_same_moment_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, look = tmp_path / "shop.log-wal", os.fstatvfs
    file.write_bytes(b"frames" * 100_000)

    def meanwhile(descriptor: int) -> os.statvfs_result:
        with file.open("ab") as other:
            other.write(b"more frames")
        return look(descriptor)

    monkeypatch.setattr(os, "fstatvfs", meanwhile)
    Room(file.with_name("shop.log")).committed(200)
    assert file.read_bytes().rstrip(b"\0") == b"frames" * 100_000 + b"more frames"
    assert file.stat().st_size > 1_000_000
