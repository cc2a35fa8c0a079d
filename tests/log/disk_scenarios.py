"""What happens to a log on a disk of its own, which is small, or may not be written: a program, since it needs rights of its own.

`disk_scenarios.py SCENARIO FOLDER`: prints what was told on the way, and ends with 0 when service went on in the end.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from blossm.adapters.clock import SystemClock
from blossm.adapters.memory.bus import MemoryBus
from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.core.appender import Appender
from blossm.core.errors import Unavailable
from blossm.testing.contracts.log_store import commit, painted

NOBODY = 65534


def opened(file: Path) -> SqliteLogStore:
    return SqliteLogStore.open(file, service="shop", network="city.example")


def appender_of(store: SqliteLogStore) -> Appender:
    return Appender(store=store, clock=SystemClock(), bus=MemoryBus(), service="shop")


def tell(error: Unavailable) -> None:
    print(f"{error.message} | {error.help}", flush=True)  # noqa: T201 - what the test looks at


async def look(file: Path, acknowledged: int) -> None:
    """All that was acknowledged is there, and nothing else."""
    store = opened(file)
    assert await store.head() == acknowledged + 1, (await store.head(), acknowledged)
    page = await store.read(0, 1000)
    assert [logged.position for logged in page.commits] == list(range(1, acknowledged + 1))
    await store.close()


async def append_until_told(appender: Appender) -> int:
    """How many appends were acknowledged before one failed."""
    count = 0
    try:
        while True:
            await appender.append(commit(painted(note="x" * 20_000)))
            count += 1
    except Unavailable as error:
        tell(error)
    return count


async def full(file: Path) -> None:
    """The disk fills up, and has room again; twice, and a third time while the log is opened."""
    store = opened(file)
    appender = appender_of(store)
    ballast = file.with_name("ballast")
    count = 0
    for size in (600_000, 2_000_000):
        fill(ballast, size)
        count += await append_until_told(appender)
        assert await store.head() == count + 1  # it can be read all the while
        ballast.unlink()
        await appender.append(commit(painted(note="x" * 20_000)))
        count += 1
    await store.close()
    await look(file, count)
    fill(file.with_name("rest"), 2_000_000)
    try:
        opened(file.with_name("new.db"))
    except Unavailable as error:
        tell(error)
    assert not list(file.parent.glob("*new*"))


def fill(file: Path, size: int) -> None:
    """Take so much of the disk, or all that is left of it."""
    with file.open("wb", buffering=0) as ballast:
        try:
            while size > 0:
                size -= ballast.write(bytes(min(size, 4096)))
        except OSError:
            return


async def read_only_disk(file: Path) -> None:
    """The disk becomes read-only, as it does after errors, and writable again."""
    store = opened(file)
    appender = appender_of(store)
    await appender.append(commit())
    await store.close()
    remount(file.parent, "ro")
    try:
        opened(file)
    except Unavailable as error:
        tell(error)
    remount(file.parent, "rw")
    store = opened(file)
    await appender_of(store).append(commit())
    await store.close()
    await look(file, 2)


def remount(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


async def read_only_file(file: Path) -> None:
    await not_permitted(file, file, 0o444)


async def read_only_folder(file: Path) -> None:
    await not_permitted(file, file.parent, 0o555)


async def secret_file(file: Path) -> None:
    await not_permitted(file, file, 0o000)


async def not_permitted(file: Path, what: Path, mode: int) -> None:
    """Somebody may not write, and then may."""
    become_somebody(file.parent)
    store = opened(file)
    await appender_of(store).append(commit())
    await store.close()
    with permitted(what, mode):
        try:
            opened(file)
        except Unavailable as error:
            tell(error)
    store = opened(file)
    await appender_of(store).append(commit())
    await store.close()
    await look(file, 2)


@contextmanager
def permitted(what: Path, mode: int) -> Iterator[None]:
    before = what.stat().st_mode
    what.chmod(mode)
    yield
    what.chmod(before)


def become_somebody(folder: Path) -> None:
    """Root may do everything: be nobody instead."""
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
        os.setegid(NOBODY)
        os.seteuid(NOBODY)


SCENARIOS: dict[str, Callable[[Path], Awaitable[None]]] = {
    scenario.__name__: scenario for scenario in (full, read_only_disk, read_only_file, read_only_folder, secret_file)
}


async def main(name: str, folder: str) -> None:
    await SCENARIOS[name](Path(folder) / "shop.db")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
