"""Blossm's log in one process, for bench_log.py: SQLite, WAL, synchronous=FULL.

    python benchmarks/log_ours.py FOLDER        a worker, see worker.py
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
import uuid
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import uvloop
from wire_calls import DOMAIN, SERVICE, commit, flown
from wire_echo import seldom_collected
from wire_reach import network
from wire_server import opened
from worker import Clock, Taken, work

from blossm.adapters.clock import SystemClock
from blossm.adapters.memory.bus import MemoryBus
from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.core.appender import Appender
from blossm.core.commit import LoggedCommit
from blossm.core.event import LoggedEvent

T = TypeVar("T")

NETWORK = "bench.example"
PAGE = 500  # commits
SAMPLES = 20  # of the memory
SAVED = 1.0  # seconds after which the states of new roots are saved


class Ours:
    """What is measured, each in files of its own below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loop = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._log, self._appender = self._run(_appending(folder / "appended.log"))
        self._roots: dict[int, list[str]] = {}
        self._network = network(folder / "network")
        seldom_collected()

    def append(self, *, commits: int, callers: int = 1, events: int = 1) -> Taken:
        """By the appender: nothing above it, a new root each."""
        each = [commit(str(uuid.uuid4()), events=events) for _ in range(commits)]
        return self._run(_appended(self._appender, each, callers=callers))

    def prepare(self, *, roots: int, events: int) -> dict[str, int]:
        """New roots of so many events in one service's log, and their states saved as they always are."""
        self._roots[events] = [str(uuid.uuid4()) for _ in range(roots)]
        self._run(_prepared(self._network, self._roots[events], events))
        return {"roots": roots}

    def load(self, *, events: int, again: bool = False) -> Taken:
        """Each of these roots once, by the event store of a process that has just started; or `again` in that process."""
        return self._run(_loaded(self._network, self._roots[events], events, again=again))

    def replay(self) -> Taken:
        """Every event of those roots: read, decoded, handed to the function for its action."""
        (file,) = self._network.rglob(f"logs/{SERVICE}.db")
        return self._run(_replayed(file))

    def size(self) -> dict[str, float]:
        """Bytes an event, when all is in the file."""
        file = self._folder / "appended.log"
        head = self._run(self._log.head())
        self._run(self._log.close())
        size = file.stat().st_size / (head - 1)
        self._log, self._appender = self._run(_appending(file))
        return {"bytes": size}

    def grow(self, *, events: int, per_commit: int) -> dict[str, int]:
        """A long log beside the others."""
        return {"events": self._run(_grown(self._folder / "long.log", events, per_commit))}

    def open(self, *, cold: bool) -> dict[str, float]:
        """How long it takes to open the long log: until its head is known, and until an append is durable."""
        if cold:
            _forget(self._folder / "long.log")
        return self._run(_opened(self._folder / "long.log"))

    def follow(self) -> dict[str, Any]:
        """Read the long log, from the first event to the last; and what the process weighs on the way (MB, RSS)."""
        return self._run(_followed(self._folder / "long.log"))

    def _run(self, doing: Coroutine[Any, Any, T]) -> T:
        return self._loop.run(doing)


async def _appending(file: Path) -> tuple[SqliteLogStore, Appender]:
    store = SqliteLogStore.open(file, service=SERVICE, network=NETWORK)
    return store, Appender(store=store, clock=SystemClock(), bus=MemoryBus(), service=SERVICE)


async def _appended(appender: Appender, commits: list[Any], *, callers: int) -> Taken:
    clock = Clock()
    flight = await flown(appender.append, commits, in_flight=callers)
    return clock.taken(len(commits)) | flight.figures()


async def _prepared(directory: Path, roots: list[str], events: int) -> None:
    async with opened(directory, "durable") as local:
        store = local.operator.event_stores(SERVICE)
        await flown(lambda root: store.append(commit(root, events=events)), roots, in_flight=64)
        await asyncio.sleep(SAVED)


async def _loaded(directory: Path, roots: list[str], events: int, *, again: bool) -> Taken:
    async with opened(directory, "durable") as local:
        store = local.operator.event_stores(SERVICE)

        async def load() -> Taken:
            clock = Clock()
            for root in roots:
                assert (await store.aggregate(DOMAIN, root)).value.number == events
            return clock.taken(len(roots))

        first = await load()
        return await load() if again else first


async def _replayed(file: Path) -> Taken:
    store = SqliteLogStore.open(file, service=SERVICE, network=NETWORK)
    texts: dict[str, str] = {}

    def noted(event: LoggedEvent) -> None:
        texts[event.root] = event.payload["text"]

    listeners = {"noted": noted}
    clock, read, after = Clock(), 0, 0
    while (page := await store.read(after, PAGE)).commits:
        for logged in page.commits:
            for event in logged.events(service=SERVICE, network=NETWORK):
                listeners[event.action](event)
                read += 1
        after = page.scanned
    taken = clock.taken(read)
    await store.close()
    return taken


async def _grown(file: Path, events: int, per_commit: int) -> int:
    store = SqliteLogStore.open(file, service=SERVICE, network=NETWORK, synchronous="NORMAL")
    head = await store.head()
    while head <= events:
        commits: list[LoggedCommit] = []
        for position in range(head, head + per_commit * PAGE, per_commit):
            new = commit(str(uuid.uuid4()), events=per_commit)
            numbers = tuple(range(1, per_commit + 1))
            commits.append(LoggedCommit(position=position, committed=new.created, numbers=numbers, commit=new))
        assert await store.insert_at(head, commits) == "inserted"
        head = commits[-1].end
    await store.close()
    return head - 1


async def _opened(file: Path) -> dict[str, float]:
    began = time.perf_counter()
    store, appender = await _appending(file)
    await store.head()
    known = time.perf_counter()
    await appender.append(commit(str(uuid.uuid4())))
    durable = time.perf_counter()
    await store.close()
    return {"open_ms": (known - began) * 1000, "append_ms": (durable - began) * 1000}


def _forget(file: Path) -> None:
    """Let the system's cache go of a file that nobody has open."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


async def _followed(file: Path) -> dict[str, Any]:
    store = SqliteLogStore.open(file, service=SERVICE, network=NETWORK)
    head, after, samples, clock = await store.head(), 0, list[float](), Clock()
    while (page := await store.read(after, PAGE)).commits:
        after = page.scanned
        if after * SAMPLES >= head * (len(samples) + 1):
            samples.append(_resident_mb())
    await store.close()
    return {"events": after, "mb": samples, **clock.taken(after)}


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6


if __name__ == "__main__":
    work(Ours(Path(sys.argv[1])), "append", "prepare", "load", "replay", "size", "grow", "open", "follow")
