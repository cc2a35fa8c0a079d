"""The bus of wake-ups from the logs of other processes, and what is watched for it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from tests.rpc.served_shop import Served, event_stores, served

from blossm.adapters.clock import SystemClock
from blossm.adapters.memory.clock import FakeClock
from blossm.core.errors import NotFound, Unavailable
from blossm.core.wakes import Wake
from blossm.procedures.event_store import EventStores
from blossm.rpc.bus import WatchingBus
from blossm.testing.contracts.log_store import commit
from blossm.testing.contracts.shop import painted


@pytest.fixture
async def stores() -> AsyncIterator[EventStores]:
    stores = event_stores()
    yield stores
    await stores.close()


@asynccontextmanager
async def bus_to(shop: Served) -> AsyncIterator[WatchingBus]:
    async with shop.client() as client:
        bus = WatchingBus({"shop": client}, clock=SystemClock())
        try:
            yield bus
        finally:
            await bus.close()


async def woken(wake: Wake) -> None:
    """It was woken, and did not run out of time."""
    async with asyncio.timeout(10):
        await wake.wait(timeout=60)


async def appended(stores: EventStores) -> None:
    await stores.append(commit(painted("red")))


# ---------------------------------------------------------------- watching


async def test_a_watcher_gets_the_head_now_and_when_it_has_moved(stores: EventStores) -> None:
    await appended(stores)
    async with served({"shop": stores}) as shop, shop.client() as client, aclosing(client.watch()) as heads:
        assert await anext(heads) == 2
        await appended(stores)
        assert await anext(heads) == 3


async def test_heads_that_come_while_nobody_listens_are_few_and_the_last_one_is_among_them(stores: EventStores) -> None:
    async with served({"shop": stores}) as shop, shop.client() as client, aclosing(client.watch()) as heads:
        assert await anext(heads) == 1
        for _ in range(10):
            await asyncio.gather(*(appended(stores) for _ in range(100)))
        found = []
        async for head in heads:
            found.append(head)
            if head == 1_001:
                break
    assert found == sorted(set(found))
    assert len(found) <= 20


# ---------------------------------------------------------------- the bus


async def test_who_subscribes_is_woken_when_the_log_moves(stores: EventStores) -> None:
    async with served({"shop": stores}) as shop, bus_to(shop) as bus:
        wake = bus.subscribe(["shop"])
        await woken(wake)  # watching began
        await appended(stores)
        await woken(wake)


async def test_a_log_is_watched_once_whoever_subscribes(stores: EventStores) -> None:
    async with served({"shop": stores}) as shop, bus_to(shop) as bus:
        wakes = [bus.subscribe(["shop"]) for _ in range(5)]
        for wake in wakes:
            await woken(wake)
        await appended(stores)
        for wake in wakes:
            await woken(wake)
        assert shop.server.counts["/blossm.rpc.v1.EventStoreService/Watch"].requests == 1


async def test_who_waits_for_a_log_that_stands_still_gets_its_time_back(stores: EventStores) -> None:
    async with served({"shop": stores}) as shop, bus_to(shop) as bus:
        wake = bus.subscribe(["shop"])
        await woken(wake)
        await wake.wait(timeout=0.01)


async def test_after_a_connection_broke_everybody_is_woken(stores: EventStores) -> None:
    async with served({"shop": stores}) as shop, bus_to(shop) as bus:
        wake = bus.subscribe(["shop"])
        await woken(wake)
        await shop.server.stop(grace=5)
        await appended(stores)
        async with served({"shop": stores}, address=shop.address):
            await woken(wake)


async def test_a_log_that_nobody_watches_is_not_to_be_subscribed_to(stores: EventStores) -> None:
    async with served({"shop": stores}) as shop, bus_to(shop) as bus:
        with pytest.raises(NotFound):
            bus.subscribe(["shop", "moon"])


class Failing:
    """A log that can't be watched, and says how often that was tried."""

    def __init__(self) -> None:
        self.tried = 0
        self.again = asyncio.Event()

    async def watch(self) -> AsyncGenerator[int, None]:
        self.tried += 1
        self.again.set()
        if self.tried < 100:
            raise Unavailable("nobody there")
        yield 1


async def test_watching_is_tried_again_ever_more_rarely() -> None:
    clock, log = FakeClock(), Failing()
    bus = WatchingBus({"shop": log}, clock=clock)
    wake: Any = bus.subscribe(["shop"])
    tried = []
    for _ in range(40):
        while not clock.sleeping:  # noqa: ASYNC110 - a fake clock has no event for it
            await asyncio.sleep(0)
        tried.append(log.tried)
        clock.advance(1)
    assert tried[:2] == [1, 2]
    assert 10 < tried[-1] < 25
    del wake
    await bus.close()


async def test_a_subscription_ends_with_its_wake_and_a_bus_that_is_closed_watches_no_more(stores: EventStores) -> None:
    async with served({"shop": stores}) as shop, bus_to(shop) as bus:
        first, second = bus.subscribe(["shop"]), bus.subscribe(["shop"])
        await woken(first)
        del second
        gc.collect()
        assert len(bus._wakes.by_service["shop"]) == 1
        await bus.close()
        assert all(task.done() for task in bus._watching.values())
        async with asyncio.timeout(10):
            while shop.server.counts["/blossm.rpc.v1.EventStoreService/Watch"].in_flight:  # noqa: ASYNC110 - counts have no event
                await asyncio.sleep(0)
