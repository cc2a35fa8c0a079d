"""`blossm log backup`: a whole and sound log under its name, or nothing."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import apsw
import pytest
from tests.log.damage import content, spoil
from tests.log.disks import FailingDisk

from blossm.adapters.sqlite import inspection
from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.core.errors import Internal, Unavailable
from blossm.local.logs.backup import back_up
from blossm.local.logs.checks import Step
from blossm.local.logs.lines import FileRefused, Header
from blossm.testing.contracts.log_store import RED, commit, painted, placed

HEADER = Header(network="city.example", service="shop")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
def to(tmp_path: Path) -> Path:
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups" / "shop.db"


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "PAGES", 4)


def opened(file: Path) -> SqliteLogStore:
    return SqliteLogStore.open(file, service="shop", network="city.example")


async def log_some(store: SqliteLogStore, count: int) -> None:
    head = await store.head()
    numbers = {("bicycle", RED): head - 1}
    commits = placed(*(commit(painted(note="x" * 300)) for _ in range(count)), at=head, numbers=numbers)
    assert await store.insert_at(head, commits) == "inserted"


async def all_of(steps: AsyncGenerator[Step, None]) -> list[Step]:
    return [step async for step in steps]


def left_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


async def test_a_backup_is_the_log_as_it_was_when_it_began_although_more_is_logged_all_the_while(file: Path, to: Path) -> None:
    store = opened(file)
    await log_some(store, 200)
    steps = 0
    async for step in back_up(file, HEADER, to):
        if step.unit == "pages":
            steps += 1
            await log_some(store, 20)
            assert not to.exists()  # noqa: ASYNC240 - a look
    assert steps > 5
    assert await store.head() == 201 + 20 * steps
    backup = opened(to)
    assert await backup.head() == 201
    assert (await backup.read(0, 500)).commits == (await store.read(0, 200)).commits
    await backup.close()
    await store.close()


async def test_a_backup_is_one_file_that_can_be_put_in_place_and_goes_on(file: Path, to: Path) -> None:
    store = opened(file)
    await log_some(store, 30)
    await all_of(back_up(file, HEADER, to))
    await store.close()
    assert left_in(to.parent) == ["shop.db"]
    assert left_in(file.parent) == ["backups", "shop.db"]
    to.replace(file)  # noqa: ASYNC240
    restored = opened(file)
    await log_some(restored, 5)
    assert await restored.head() == 36
    await restored.close()


async def test_its_steps_end_with_all_events_verified(file: Path, to: Path) -> None:
    store = opened(file)
    await log_some(store, 30)
    await store.close()
    assert (await all_of(back_up(file, HEADER, to)))[-1] == Step("reading", 30, 30)


async def test_a_file_that_is_there_is_never_written_over(file: Path, to: Path) -> None:
    store = opened(file)
    await log_some(store, 3)
    put(to, b"another backup")
    with pytest.raises(FileRefused, match="is there already"):
        await all_of(back_up(file, HEADER, to))
    assert content(to) == {"shop.db": b"another backup"}
    await store.close()


async def test_not_even_one_that_came_while_the_backup_was_made(file: Path, to: Path) -> None:
    store = opened(file)
    await log_some(store, 3)
    steps = back_up(file, HEADER, to)
    await anext(steps)
    put(to, b"faster")
    with pytest.raises(FileRefused, match="is there already"):
        await all_of(steps)
    assert content(to) == {"shop.db": b"faster"}
    assert left_in(to.parent) == ["shop.db"]
    await store.close()


def put(file: Path, text: bytes) -> None:
    file.write_bytes(text)


async def test_a_backup_that_is_broken_off_leaves_nothing(file: Path, to: Path) -> None:
    store = opened(file)
    await log_some(store, 200)
    steps = back_up(file, HEADER, to)
    await anext(steps)
    assert len(left_in(to.parent)) >= 1
    await steps.aclose()
    assert left_in(to.parent) == []
    await store.close()


async def test_of_a_damaged_log_there_is_no_backup(file: Path, to: Path) -> None:
    store = opened(file)
    await log_some(store, 3)
    await store.close()
    connection = apsw.Connection(str(file))
    connection.execute("DELETE FROM commits WHERE position = 2")
    connection.close()
    with pytest.raises(Internal, match="the log is damaged: the event at 2 belongs to no commit") as caught:
        await all_of(back_up(file, HEADER, to))
    assert "blossm log verify" in caught.value.help
    assert left_in(to.parent) == []


async def test_of_one_with_a_damaged_page_neither(file: Path, to: Path) -> None:
    store = opened(file)
    await log_some(store, 200)
    await store.close()
    spoil(file)
    with pytest.raises(Internal, match="the log is damaged: SQLite"):
        await all_of(back_up(file, HEADER, to))
    assert left_in(to.parent) == []


async def test_a_folder_that_is_not_there_is_named(file: Path, tmp_path: Path) -> None:
    store = opened(file)
    await log_some(store, 3)
    nowhere = tmp_path / "nowhere" / "shop.db"
    with pytest.raises(Unavailable, match=f"{nowhere} can't be opened"):
        await all_of(back_up(file, HEADER, nowhere))
    await store.close()


async def test_without_hard_links_it_is_renamed_and_still_never_over_another(
    file: Path, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    store = opened(file)
    await log_some(store, 3)
    monkeypatch.setattr(os, "link", refuse)
    await all_of(back_up(file, HEADER, to))
    assert left_in(to.parent) == ["shop.db"]
    steps = back_up(file, HEADER, to.with_name("other.db"))
    await anext(steps)
    put(to.with_name("other.db"), b"faster")
    with pytest.raises(FileRefused):
        await all_of(steps)
    assert left_in(to.parent) == ["other.db", "shop.db"]
    await store.close()


async def test_without_hard_links_nobody_can_take_the_name_in_the_last_moment(
    file: Path, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []
    rename = Path.rename

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    def watched(made: Path, to: Path) -> Path:
        try:
            to.touch(exist_ok=False)
        except FileExistsError:
            taken.append(to.name)
        return rename(made, to)

    store = opened(file)
    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(Path, "rename", watched)
    await all_of(back_up(file, HEADER, to))
    assert taken == ["shop.db"]
    await store.close()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[FailingDisk]:
    with FailingDisk.under(monkeypatch) as disk:
        yield disk


async def test_a_disk_without_room_for_it_is_told_of_the_backup_not_of_the_log(file: Path, to: Path, disk: FailingDisk) -> None:
    store = opened(file)
    await log_some(store, 200)
    disk.error, disk.failing = apsw.FullError, {(".new", "write"): 1}
    with pytest.raises(Unavailable, match=f"{to} can't grow: the disk is full"):
        await all_of(back_up(file, HEADER, to))
    assert left_in(to.parent) == []
    await all_of(back_up(file, HEADER, to))
    assert left_in(to.parent) == ["shop.db"]
    await store.close()
