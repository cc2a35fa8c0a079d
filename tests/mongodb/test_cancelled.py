"""Who is cancelled while MongoDB is asked ends, at whatever moment that is."""

from __future__ import annotations

import asyncio

import pytest

from blossm.adapters.mongodb.client import POOL, Database

TICKS = 2 * POOL + 10  # of the event loop: more than a find takes, and more than there are turns to lose
ENDS = 5.0  # seconds


async def ask(database: Database) -> None:
    async with database.turn() as session:
        await database.collection("log").find_one({}, session=session)


async def ask_for_ever(database: Database) -> None:
    while True:
        await ask(database)


async def passed(ticks: int) -> None:
    for _ in range(ticks):
        await asyncio.sleep(0)


async def test_who_asks_for_ever_ends_when_cancelled_at_any_tick_and_gives_the_turn_back(mongodb: Database) -> None:
    for ticks in range(TICKS):
        async with asyncio.timeout(ENDS):
            await ask(mongodb)  # a connection is there: the driver leaves one that was cancelled half-made to the collector
        task = asyncio.create_task(ask_for_ever(mongodb))
        await passed(ticks)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=ENDS)
        assert done, f"cancelled after {ticks} ticks, it went on"
        assert task.cancelled()


async def test_a_deadline_holds_at_any_tick(mongodb: Database) -> None:
    async def due_after(ticks: int) -> None:
        async with asyncio.timeout(None) as deadline:
            due = asyncio.create_task(passed(ticks))
            due.add_done_callback(lambda _: deadline.reschedule(asyncio.get_running_loop().time()))
            await ask_for_ever(mongodb)

    for ticks in range(TICKS):
        await ask(mongodb)
        with pytest.raises(TimeoutError):
            await due_after(ticks)
