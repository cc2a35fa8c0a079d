"""A process that appends to a log from several callers and says each acknowledgement, until it is killed."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import uuid
from pathlib import Path

import msgspec

from blossm.adapters.clock import SystemClock
from blossm.adapters.memory.bus import MemoryBus
from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.core.appender import Appender
from blossm.core.commit import Commit, NewEvent
from blossm.core.event import Tx

CALLERS = 12
ROOTS = [str(uuid.UUID(int=n, version=4)) for n in range(8)]


def commit() -> Commit:
    key = uuid.uuid4().hex
    events = [NewEvent("bicycle", random.choice(ROOTS), "painted", 1, {"n": n, "note": "x" * 500}) for n in range(1, 4)]
    return Commit(id=key, key=key, events=tuple(events[: random.randint(1, 3)]), tx=Tx(key), created="")


async def main(file: Path) -> None:
    store = SqliteLogStore.open(file, service="shop", network="city.example")
    appender = Appender(store=store, clock=SystemClock(), bus=MemoryBus(), service="shop")

    async def caller() -> None:
        while True:
            mine = commit()
            done = await appender.append(mine)
            said = msgspec.json.encode({"key": mine.key, "positions": [event.position for event in done.events]})
            os.write(1, said + b"\n")

    await asyncio.gather(*(caller() for _ in range(CALLERS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
