"""Processes that append to a log from several callers and say each acknowledgement, until they are killed.

They are forked, within a millisecond, from one that has imported everything and opened nothing. It takes an order a
line, and answers `killed` when the process that it began for it is.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from blossm.adapters.clock import SystemClock
from blossm.adapters.memory.bus import MemoryBus
from blossm.adapters.sqlite import database
from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.core.appender import Appender
from blossm.core.commit import Commit, LoggedCommit, NewEvent
from blossm.core.event import Tx

ROOTS = [str(uuid.UUID(int=n, version=4)) for n in range(8)]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Append to `file`, each caller one commit after the other, and be killed so many seconds after so many acknowledgements.

    `said`: the file that takes acknowledgements. `checkpoint`: after how many pages the WAL is written back.
    `note`: characters in a payload. `early`: acknowledge before it is committed.
    """

    file: str
    said: str
    after: int = 0
    seconds: float
    seed: int
    callers: int = 12
    synchronous: Literal["FULL", "NORMAL"] = "FULL"
    checkpoint: int = database.CHECKPOINT_PAGES
    note: int = 500
    early: bool = False


class Early(SqliteLogStore):
    """What a log must not do."""

    async def insert_at(
        self, position: int, commits: Sequence[LoggedCommit]
    ) -> Literal["inserted", "taken", "unknown"]:
        self.writing = asyncio.ensure_future(super().insert_at(position, commits))
        return "inserted"


def commit(note: int) -> Commit:
    key = uuid.uuid4().hex
    events = [NewEvent("bicycle", random.choice(ROOTS), "painted", 1, {"n": n, "note": "x" * note}) for n in range(1, 4)]
    return Commit(id=key, key=key, events=tuple(events[: random.randint(1, 3)]), tx=Tx(key), created="")


async def append(order: Order, bell: int) -> None:
    """Rings once before the log is opened, and after each acknowledgement."""
    random.seed(order.seed)
    database.CHECKPOINT_PAGES = order.checkpoint
    said = os.open(order.said, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(bell, b"!")
    log = Early if order.early else SqliteLogStore
    store = log.open(Path(order.file), service="shop", network="city.example", synchronous=order.synchronous)
    appender = Appender(store=store, clock=SystemClock(), bus=MemoryBus(), service="shop")

    async def caller() -> None:
        while True:
            mine = commit(order.note)
            done = await appender.append(mine)
            line = msgspec.json.encode({"key": mine.key, "positions": [event.position for event in done.events]})
            os.write(said, line + b"\n")
            os.write(bell, b"!")

    await asyncio.gather(*(caller() for _ in range(order.callers)))


def killed(order: Order) -> str:
    """Carry out an order; answers how the process ended."""
    heard, bell = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(append(order, bell))
        finally:
            os._exit(1)  # a failure has its traceback on stderr by then
    os.close(bell)
    rung = 0
    while rung <= order.after and (more := os.read(heard, 65536)):
        rung += len(more)
    time.sleep(order.seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(heard)
    return "killed" if os.WIFSIGNALED(status) else f"ended with {os.waitstatus_to_exitcode(status)}"


if __name__ == "__main__":
    for line in sys.stdin:
        print(killed(msgspec.json.decode(line, type=Order)), flush=True)  # noqa: T201 - its answer
