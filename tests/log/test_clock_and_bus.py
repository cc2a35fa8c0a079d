"""The clock of tests, and wake-ups in one process."""

from __future__ import annotations

import asyncio
import gc

from tests.log.conftest import settled

from blossm.adapters.memory.bus import MemoryBus
from blossm.adapters.memory.clock import FakeClock


async def test_a_sleeper_wakes_when_time_was_moved_far_enough(clock: FakeClock) -> None:
    order: list[str] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        order.append(name)

    tasks = [asyncio.create_task(sleeper(name, seconds)) for name, seconds in (("late", 3), ("soon", 1), ("now", 0))]
    await settled()
    assert (order, clock.sleeping) == (["now"], 2)
    clock.advance(2.5)
    await settled()
    assert order == ["now", "soon"]
    clock.advance(0.5)
    await asyncio.gather(*tasks)
    assert (order, clock.monotonic(), clock.now().isoformat()) == (["now", "soon", "late"], 3.0, "2025-01-01T00:00:03+00:00")


async def test_a_cancelled_sleeper_is_forgotten(clock: FakeClock) -> None:
    task = asyncio.create_task(clock.sleep(1))
    await settled()
    task.cancel()
    await asyncio.wait([task])
    assert clock.sleeping == 0
    clock.advance(2)


async def test_a_wake_up_reaches_those_who_subscribed_to_the_service(bus: MemoryBus) -> None:
    shop, both, staff = bus.subscribe(["shop"]), bus.subscribe(["shop", "staff"]), bus.subscribe(["staff"])
    waiting = [asyncio.create_task(wake.wait(timeout=60)) for wake in (shop, both, staff)]
    await settled()
    bus.publish("shop")
    await settled()
    assert [task.done() for task in waiting] == [True, True, False]
    bus.publish("staff")
    await asyncio.gather(*waiting)


async def test_wake_ups_that_nobody_waited_for_are_one(bus: MemoryBus) -> None:
    wake = bus.subscribe(["shop"])
    bus.publish("shop")
    bus.publish("shop")
    await wake.wait(timeout=60)
    again = asyncio.create_task(wake.wait(timeout=60))
    await settled()
    assert not again.done()
    again.cancel()


async def test_waiting_ends_after_its_timeout(bus: MemoryBus) -> None:
    await bus.subscribe(["shop"]).wait(timeout=0)


def test_a_subscription_that_nobody_holds_is_gone(bus: MemoryBus) -> None:
    bus.subscribe(["shop"])
    gc.collect()
    assert not bus._wakes.by_service["shop"]
    bus.publish("shop")
    bus.publish("nobody's")
