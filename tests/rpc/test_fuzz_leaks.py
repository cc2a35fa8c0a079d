"""Hundreds of hostile calls leave nothing behind: no task, no call under way, no memory."""

from __future__ import annotations

import asyncio
import gc
import random
import tracemalloc
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs
from tests.rpc.hostile import METHODS, Harbour, served_harbour
from tests.rpc.hostile_requests import COMMANDS, GOOD, STORES, appending, json

from blossm.rpc.v1 import command_pb2

CALLS = 600
KEPT = 60_000  # bytes, of all these calls: what caches and the interpreter keep


@pytest.fixture
async def harbour() -> AsyncIterator[Harbour]:
    async with served_harbour() as harbour:
        yield harbour


def hostile(chance: random.Random) -> tuple[str, bytes, str | None]:
    """A method, bytes, and a key: none of them, or one that is off."""
    method = chance.choice(list(METHODS))
    good = GOOD[method].SerializeToString() if method in GOOD and "Append" not in method else b""
    match chance.randrange(5):
        case 0:
            return method, chance.randbytes(chance.randrange(2_000)), None
        case 1:
            return method, good[: chance.randrange(len(good) + 1)], None
        case 2:
            return method, good, "operator:nonsense"
        case 3:
            return f"{STORES}/Append", appending(json('{"odd": 1}')).SerializeToString(), None
        case _:
            off = command_pb2.CallRequest(address="port.berth.occupy", payload=json(f'{{"x": "{"y" * 10_000}"}}'))
            return f"{COMMANDS}/Call", off.SerializeToString(), None


async def storm(harbour: Harbour, seed: int) -> None:
    chance = random.Random(seed)
    with capture_logs():
        for _ in range(CALLS // 20):
            calls = [hostile(chance) for _ in range(20)]
            await asyncio.gather(*(harbour.call(method, data, key=key) for method, data, key in calls))


async def settled(harbour: Harbour, *, tasks: int = 1_000) -> int:
    """How many tasks there are when nothing is under way any more: no more than `tasks`."""
    async with asyncio.timeout(10):
        while harbour.in_flight or len(asyncio.all_tasks()) > tasks:  # noqa: ASYNC110 - nothing tells of their end
            await asyncio.sleep(0)
    harbour.clock.advance(3600.0)  # it keeps timers until their time has come, also cancelled ones
    gc.collect()
    return len(asyncio.all_tasks())


async def test_nothing_stays_behind(harbour: Harbour) -> None:
    tracemalloc.start()
    try:
        for seed in (1, 2):  # what is made once is made
            await storm(harbour, seed)
        tasks = await settled(harbour)
        before = tracemalloc.get_traced_memory()[0]
        await storm(harbour, 3)
        await settled(harbour, tasks=tasks)
        assert tracemalloc.get_traced_memory()[0] - before < KEPT
    finally:
        tracemalloc.stop()
    await harbour.unharmed()


async def test_callers_that_go_away_leave_nothing_behind(harbour: Harbour) -> None:
    """Cut off at any moment, of all methods at once."""
    await harbour.unharmed()
    tasks = await settled(harbour)
    chance = random.Random(3)
    for _ in range(CALLS // 20):
        calls = [asyncio.ensure_future(harbour.call(method, request)) for method, request in GOOD.items()]
        for _ in range(chance.randrange(30)):
            await asyncio.sleep(0)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
    await settled(harbour, tasks=tasks)
    await harbour.unharmed()
