from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar

import pytest
from tests.log.scripted import ScriptedLog

from blossm.adapters.memory.bus import MemoryBus
from blossm.adapters.memory.clock import FakeClock
from blossm.core.appender import Appender

T = TypeVar("T")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus()


@pytest.fixture
def log() -> ScriptedLog:
    return ScriptedLog()


@pytest.fixture
async def appender(log: ScriptedLog, clock: FakeClock, bus: MemoryBus) -> AsyncIterator[Appender]:
    appender = Appender(store=log, clock=clock, bus=bus, service="shop", queue=100)
    yield appender
    log.gate.set()
    await in_time(appender.close(), clock)


async def in_time(doing: Awaitable[T], clock: FakeClock) -> T:
    """Let time pass until this is done."""
    task = asyncio.ensure_future(doing)
    async with asyncio.timeout(30):
        while not task.done():
            clock.advance(0.5)
            await asyncio.sleep(0)
    return task.result()


async def settled() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)
