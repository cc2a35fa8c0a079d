"""What the log on MongoDB costs its client: processor time an event, against a server that answers from a tin.

    python benchmarks/bench_mongodb.py [--runs N] [--scale X]

No database is measured here: mongodb_stub.py answers at once and keeps nothing. Beside the log's own calls stand the
driver's (PyMongo, its asyncio API) with documents that are made already, by the same requests.
"""

from __future__ import annotations

import os
import sys
import tempfile
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import bson
import uvloop
from measure import asked, median, spread, started, tell, times
from wire_calls import SERVICE, commit, flown
from wire_echo import seldom_collected
from wire_reach import HERE
from worker import Clock, Taken

from blossm.adapters.clock import SystemClock
from blossm.adapters.memory.bus import MemoryBus
from blossm.adapters.mongodb.client import Mongo
from blossm.adapters.mongodb.log import MongoLogStore
from blossm.adapters.mongodb.log_documents import document
from blossm.core.appender import Appender
from blossm.core.commit import LoggedCommit

CALLERS = 64
COMMITS = 6_400  # a run
PAGE = 500  # commits
PAGES = 20  # a run

Run = Callable[[], Awaitable[Taken]]


class Client:
    """A log on the stub, and the driver beside it."""

    def __init__(self, mongo: Mongo, *, scale: float) -> None:
        self._commits = max(int(COMMITS * scale), CALLERS)
        self._pages = max(int(PAGES * scale), 1)
        database = mongo.database("bench")
        self._collection = database.collection("log")
        self._session = mongo.turn
        self._store = MongoLogStore(database, service=SERVICE, network="bench.example")

    async def append(self, events: int) -> Taken:
        """By an appender, at 64 callers, a new root each."""
        appender = Appender(store=self._store, clock=SystemClock(), bus=MemoryBus(), service=SERVICE)
        each = [commit(str(uuid.uuid4()), events=events) for _ in range(self._commits // events)]
        clock = Clock()
        await flown(appender.append, each, in_flight=CALLERS)
        return clock.taken(len(each) * events)

    async def insert(self, events: int) -> Taken:
        """By the driver: `insert_many` of 64 documents, made before."""
        batches = [_documents(CALLERS, events) for _ in range(self._commits // events // CALLERS or 1)]
        clock = Clock()
        for batch in batches:
            async with self._session() as session:
                await self._collection.insert_many(batch, ordered=True, session=session)
        return clock.taken(sum(map(len, batches)) * events)

    async def read(self) -> Taken:
        """Pages of the log."""
        clock, read, after = Clock(), 0, 0
        for _ in range(self._pages):
            page = await self._store.read(after, PAGE)
            read += sum(len(logged.commit.events) for logged in page.commits)
            after = page.scanned
        return clock.taken(read)

    async def find(self) -> Taken:
        """By the driver: the same finds, as it decodes them."""
        clock, read = Clock(), 0
        for number in range(self._pages):
            async with self._session() as session:
                where = {"_id": {"$gt": number * PAGE}}
                found = self._collection.find(where, session=session, limit=PAGE, batch_size=PAGE).sort("_id", 1)
                read += sum([len(each["events"]) async for each in found])
        return clock.taken(read)


def _documents(count: int, events: int) -> list[dict[str, Any]]:
    made = [commit(str(uuid.uuid4()), events=events) for _ in range(count)]
    numbers = tuple(range(1, events + 1))
    placed = [LoggedCommit(position=1, committed=new.created, numbers=numbers, commit=new) for new in made]
    return [document(logged, service=SERVICE) | {"_id": bson.ObjectId()} for logged in placed]


async def measured(port: int, rounds: int, scale: float) -> dict[str, list[Taken]]:
    mongo = Mongo.at(f"mongodb://127.0.0.1:{port}/?directConnection=true")
    runs: dict[str, list[Taken]] = {}
    try:
        client = Client(mongo, scale=scale)
        seldom_collected()
        ways: dict[str, Run] = {
            "append": lambda: client.append(1),
            "insert": lambda: client.insert(1),
            "append of 10": lambda: client.append(10),
            "insert of 10": lambda: client.insert(10),
            "read": client.read,
            "find": client.find,
        }
        for number in range(rounds + 1):
            for name, run in ways.items():
                taken = await run()
                if number:  # the first round warms up
                    runs.setdefault(name, []).append(taken)
    finally:
        await mongo.close()
    return runs


def main() -> None:
    found = asked(__doc__, (), runs=5, scale=1.0)
    with tempfile.TemporaryDirectory(prefix="blossm-bench-") as name:
        command = [sys.executable, str(HERE / "mongodb_stub.py")]
        with started(command, log=Path(name) / "stub.log") as stub:
            runs = uvloop.run(measured(stub.port, found.runs, found.scale))
    rows = []
    for ours, driver, told in (
        ("append", "insert", "append, 1 event a commit, 64 callers"),
        ("append of 10", "insert of 10", "append, 10 events a commit, 64 callers"),
        ("read", "find", "read, 1 event a commit, pages of 500"),
    ):
        costs = (f"{median(runs[way], 'cpu_us'):,.1f} ({spread(runs[way], 'cpu_us')})" for way in (ours, driver))
        rates = f"{median(runs[ours], 'per_second'):,.0f}"
        rows.append([told, *costs, f"{times(runs[ours], runs[driver], 'cpu_us'):.1f} ×", rates])
    load = os.getloadavg()[0]
    columns = ["", "the client's CPU, µs an event", "the driver's share, made before", "ratio", "events/s against the stub"]
    tell("The log on MongoDB: what its client costs", columns, rows, {"runs": found.runs, "load": load, "figures": runs})
    print(f"\nload of the machine: {load:.1f}")


if __name__ == "__main__":
    main()
