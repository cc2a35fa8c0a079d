"""Calls for later: read from the log, kept over a restart, made once in effect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.local.harbour import harbour

from blossm.adapters.memory.bus import MemoryBus
from blossm.adapters.memory.clock import START, FakeClock
from blossm.adapters.memory.log import MemoryLogStore
from blossm.adapters.memory.timers import MemoryTimerTable
from blossm.adapters.sqlite.timers import SqliteTimerTable
from blossm.core.commit import Commit, Later, LoggedCommit, NewEvent
from blossm.core.errors import BadRequest, BlossmError, PreconditionFailed, Unavailable
from blossm.core.event import Tx
from blossm.core.request import Answer, Request
from blossm.local.outbox import Outbox, services_that_call
from blossm.local.scheduler import Scheduler, next_time
from blossm.local.timers import TimerTable
from blossm.model.network import Network

ROOT = "0b5e0f6e-6b0d-4f0f-9d3f-3a0c5d1f7a11"
CALL = "crew.pilot.call"
NOON = "2025-01-01T12:00:00.000000Z"

Open = Callable[[], TimerTable]


@pytest.fixture(params=["memory", "sqlite"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> TimerTable:
    return MemoryTimerTable() if request.param == "memory" else SqliteTimerTable.open(tmp_path / "timers.db")


class Called:
    """Stands for the clients: notes who was called, and fails as often as it is told to."""

    def __init__(self, *failures: BlossmError) -> None:
        self.requests: list[Request] = []
        self.failures = list(failures)

    def command(self, address: str) -> Called:
        return self

    async def call(self, request: Request) -> Answer:
        self.requests.append(request)
        if self.failures:
            raise self.failures.pop(0)
        return Answer()


def scheduler(called: Called, table: TimerTable, clock: FakeClock, network: Network | None = None) -> Scheduler:
    clients: Any = called
    return Scheduler(network=network or harbour(), clients=clients, table=table, clock=clock)


async def log_with(*later: Later) -> MemoryLogStore:
    store = MemoryLogStore(service="port", network="harbour.example")
    events = (NewEvent("berth", ROOT, "rung", 1, {}),)
    tx = Tx("tx", claims={"sub": "ada"})
    commit = Commit(id="c", key="k", events=events, later=later, tx=tx, context={"company": ROOT}, created=NOON)
    assert await store.insert_at(1, [LoggedCommit(position=1, committed=NOON, numbers=(1,), commit=commit)]) == "inserted"
    return store


def outbox(store: MemoryLogStore, table: TimerTable) -> Outbox:
    log: Any = store
    return Outbox(logs={"port": log}, table=table, bus=MemoryBus())


async def finish(scheduler: Scheduler) -> None:
    await asyncio.gather(*scheduler.start_due())


async def settled() -> None:
    """Let every task run until it waits for something."""
    for _ in range(10):
        await asyncio.sleep(0)


def at_start(later: str = "2025-01-01T00:00:10.000000Z") -> Later:
    return Later(address=CALL, payload={"berth": ROOT}, root="", at=later)


async def test_a_call_for_later_is_made_when_its_time_has_come_and_not_before(table: TimerTable) -> None:
    clock, called = FakeClock(), Called()
    await outbox(await log_with(at_start()), table).catch_up()
    await finish(scheduler(called, table, clock))
    assert called.requests == []
    clock.advance(10)
    await finish(scheduler(called, table, clock))
    [request] = called.requests
    assert (request.address, request.payload, request.context) == (CALL, {"berth": ROOT}, {"company": ROOT})
    assert request.claims == {"sub": "ada"}
    assert table.count() == 0


async def test_reading_the_log_again_makes_no_second_call(table: TimerTable) -> None:
    clock, called, store = FakeClock(), Called(), await log_with(at_start(), at_start())
    await outbox(store, table).catch_up()
    await outbox(store, table).catch_up()
    assert table.count() == 2
    clock.advance(10)
    await finish(scheduler(called, table, clock))
    await outbox(store, table).catch_up()
    await finish(scheduler(called, table, clock))
    assert len({request.key for request in called.requests}) == 2
    assert table.count() == 0


async def test_a_call_that_was_under_way_in_a_crash_is_made_again_under_the_same_key(tmp_path: Path) -> None:
    clock, store, path = FakeClock(), await log_with(at_start()), tmp_path / "timers.db"
    first, second = Called(Unavailable()), Called()
    table = SqliteTimerTable.open(path)
    await outbox(store, table).catch_up()
    clock.advance(10)
    crashing = scheduler(first, table, clock)
    [task] = crashing.start_due()
    await settled()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    table.close()

    table = SqliteTimerTable.open(path)
    await outbox(store, table).catch_up()
    await finish(scheduler(second, table, clock))
    assert [request.key for request in second.requests] == [first.requests[0].key]
    table.close()


async def test_what_fails_for_a_passing_reason_is_tried_again_after_a_pause(table: TimerTable) -> None:
    clock, called = FakeClock(), Called(Unavailable("gone for a moment"))
    await outbox(await log_with(at_start()), table).catch_up()
    clock.advance(10)
    [call] = scheduler(called, table, clock).start_due()
    await settled()
    clock.advance(2)
    await call
    assert len(called.requests) == 2
    assert table.count() == 0


async def test_what_the_command_refuses_is_not_tried_again(table: TimerTable) -> None:
    clock, called = FakeClock(), Called(PreconditionFailed("no pilot is awake"))
    await outbox(await log_with(at_start()), table).catch_up()
    clock.advance(10)
    await finish(scheduler(called, table, clock))
    assert len(called.requests) == 1
    assert table.count() == 0


def scheduled(expression: str) -> Network:
    commands = harbour().commands
    return replace(harbour(), commands={**commands, CALL: replace(commands[CALL], schedule=expression)})


async def test_a_schedule_calls_at_its_times_once_each(table: TimerTable) -> None:
    clock, called = FakeClock(), Called()
    hourly = scheduler(called, table, clock, scheduled("0 * * * *"))
    hourly.schedule()
    for _ in range(3):
        clock.advance(3600)
        await finish(hourly)
        await finish(hourly)
    assert len(called.requests) == 3
    assert len({request.key for request in called.requests}) == 3


async def test_of_the_times_that_pass_while_the_network_is_down_one_is_made_up_for(table: TimerTable) -> None:
    clock, called = FakeClock(), Called()
    network = scheduled("0 * * * *")
    scheduler(called, table, clock, network).schedule()
    clock.advance(10 * 3600)
    again = scheduler(called, table, clock, network)
    again.schedule()
    await finish(again)
    await finish(again)
    assert len(called.requests) == 1


async def test_a_schedule_that_is_gone_calls_no_more(table: TimerTable) -> None:
    clock = FakeClock()
    scheduler(Called(), table, clock, scheduled("0 * * * *")).schedule()
    assert table.count() == 1
    scheduler(Called(), table, clock).schedule()
    assert table.count() == 0


def test_schedules_are_in_utc_and_off_ones_are_named() -> None:
    assert next_time("0 5 * * *", after=START) == datetime(2025, 1, 1, 5, tzinfo=UTC)
    with pytest.raises(BadRequest, match="is no cron expression"):
        next_time("every day", after=START)


def test_only_the_logs_of_services_whose_commands_call_others_are_read_for_later() -> None:
    assert services_that_call(harbour()) == ["port"]


def test_a_file_that_is_no_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "timers.db").write_text("not a database, " * 100)
    with pytest.raises(Unavailable, match=r"timers\.db can't be used"):
        SqliteTimerTable.open(tmp_path / "timers.db")
