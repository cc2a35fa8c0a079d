"""The appender, with many callers at once."""

from __future__ import annotations

import asyncio

import pytest
from tests.log.asking import NEW_RED, numbers, positions, red
from tests.log.conftest import in_time, settled
from tests.log.scripted import ScriptedLog

from blossm.adapters.memory.bus import MemoryBus
from blossm.adapters.memory.clock import FakeClock
from blossm.core import appender as protocol
from blossm.core.appender import Appender
from blossm.core.commit import MAX_BYTES, MAX_EVENTS, Appended, Commit, Expectation
from blossm.core.errors import (
    BadRequest,
    BlossmError,
    Conflict,
    PayloadTooLarge,
    ResourceExhausted,
    Unavailable,
)
from blossm.testing.contracts.log_store import RED, commit, painted


def nested(depth: int) -> list[object]:
    """Lists in lists."""
    found: list[object] = []
    for _ in range(depth):
        found = [found]
    return found


# ---------------------------------------------------------------- batches


async def test_what_arrives_during_a_write_goes_together(appender: Appender, log: ScriptedLog) -> None:
    log.gate.clear()
    first = asyncio.create_task(appender.append(commit()))
    await settled()
    others = [asyncio.create_task(appender.append(commit())) for _ in range(20)]
    await settled()
    log.gate.set()
    await asyncio.gather(first, *others)
    assert [len(commits) for _, commits in log.inserts] == [1, 20]


async def test_a_batch_ends_at_500_commits(log: ScriptedLog, clock: FakeClock, bus: MemoryBus) -> None:
    appender = Appender(store=log, clock=clock, bus=bus, service="shop")
    await asyncio.gather(*(appender.append(commit()) for _ in range(1_100)))
    assert [len(commits) for _, commits in log.inserts] == [500, 500, 100]


async def test_a_batch_ends_at_two_mebibytes(appender: Appender, log: ScriptedLog) -> None:
    await asyncio.gather(*(appender.append(commit(painted(note="x" * 900_000))) for _ in range(5)))
    assert [len(commits) for _, commits in log.inserts] == [2, 2, 1]


async def test_who_loses_to_the_log_is_told_at_once_and_who_loses_to_a_mate_when_it_is_durable(
    appender: Appender, log: ScriptedLog
) -> None:
    await appender.append(commit())
    log.gate.clear()
    winner = asyncio.create_task(appender.append(commit(), red(1)))
    late = asyncio.create_task(appender.append(commit(), red(1)))
    lost = asyncio.create_task(appender.append(commit(), NEW_RED))
    await settled()
    assert [winner.done(), late.done(), lost.done()] == [False, False, True]
    log.gate.set()
    assert numbers(await winner) == [2]
    with pytest.raises(Conflict) as caught:
        await late
    assert caught.value.facts["is"] == 2
    with pytest.raises(Conflict):
        await lost


async def test_three_callers_on_one_root_all_succeed_within_three_retries_however_slow_the_log(
    appender: Appender, log: ScriptedLog, clock: FakeClock
) -> None:
    async def slow(position: int, commits: object) -> str:
        await clock.sleep(1)
        return await log.write(position, commits)  # type: ignore[arg-type]

    log.script.extend([slow] * 20)  # type: ignore[list-item]

    async def caller() -> Appended:
        for _ in range(1 + 3):
            seen = (await log.latest([("bicycle", RED)])).get(("bicycle", RED), 0)
            try:
                return await appender.append(commit(), red(seen))
            except Conflict:
                continue
        raise AssertionError("never got through")

    done = await in_time(asyncio.gather(*(caller() for _ in range(3))), clock)
    assert sorted(number for appended in done for number in numbers(appended)) == [1, 2, 3]


async def test_one_batch_is_in_flight_at_a_time(appender: Appender, log: ScriptedLog) -> None:
    log.gate.clear()
    for _ in range(5):
        asyncio.create_task(appender.append(commit())).add_done_callback(lambda done: done.result())
        await settled()
    assert len(log.inserts) == 1
    log.gate.set()
    await settled()
    assert await log.head() == 6


async def test_a_full_queue_is_refused_and_nothing_of_it_logged(appender: Appender, log: ScriptedLog) -> None:
    log.gate.clear()
    in_flight = asyncio.create_task(appender.append(commit()))
    await settled()
    waiting = [asyncio.create_task(appender.append(commit())) for _ in range(100)]
    await settled()
    with pytest.raises(ResourceExhausted):
        await appender.append(commit())
    log.gate.set()
    await asyncio.gather(in_flight, *waiting)
    await appender.append(commit())
    assert await log.head() == 103


async def test_a_queue_is_bounded_in_bytes_too(appender: Appender, log: ScriptedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "QUEUE_BYTES", 10_000)
    log.gate.clear()
    in_flight = asyncio.create_task(appender.append(commit()))
    await settled()
    waiting = asyncio.create_task(appender.append(commit(painted(note="x" * 9_000))))
    await settled()
    with pytest.raises(ResourceExhausted):
        await appender.append(commit(painted(note="x" * 9_000)))
    log.gate.set()
    await asyncio.gather(in_flight, waiting)


async def test_a_queue_is_bounded_by_what_is_expected_too(
    appender: Appender, log: ScriptedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "QUEUE_BYTES", 200_000)
    much = Expectation(roots={("bell", f"{n:08}-0000-4000-8000-000000000000"): 0 for n in range(1_000)})
    log.gate.clear()
    in_flight = asyncio.create_task(appender.append(commit()))
    await settled()
    waiting = asyncio.create_task(appender.append(commit(), much))
    await settled()
    async with asyncio.timeout(5):
        with pytest.raises(ResourceExhausted):
            await appender.append(commit(), much)
    log.gate.set()
    await asyncio.gather(in_flight, waiting)


@pytest.mark.parametrize(
    ("off", "error"),
    [
        (commit(*[painted()] * (MAX_EVENTS + 1)), BadRequest),
        (commit(painted(note="x" * MAX_BYTES)), PayloadTooLarge),
        (commit(painted(note="\ud800")), BadRequest),
        (commit(painted(note=object())), BadRequest),
        (commit(painted(note=nested(100_000))), BadRequest),
        (Commit(id="i", key="k", events=(), tx=commit().tx, created=""), BadRequest),
    ],
    ids=["events", "bytes", "surrogate", "no JSON", "nested without end", "empty"],
)
async def test_a_commit_over_a_bound_is_refused_and_its_neighbours_are_not_touched(
    appender: Appender, log: ScriptedLog, off: Commit, error: type[BlossmError]
) -> None:
    before, refused, after = await asyncio.gather(
        appender.append(commit()), appender.append(off), appender.append(commit()), return_exceptions=True
    )
    assert isinstance(refused, error)
    assert isinstance(before, Appended)
    assert isinstance(after, Appended)
    assert await log.head() == 3


async def test_a_thousand_events_fit(appender: Appender) -> None:
    assert positions(await appender.append(commit(*[painted()] * MAX_EVENTS)))[-1] == MAX_EVENTS


# ---------------------------------------------------------------- callers that go away


async def test_a_cancelled_caller_does_not_cancel_the_write(appender: Appender, log: ScriptedLog) -> None:
    log.gate.clear()
    mine = commit(key="k")
    gone = asyncio.create_task(appender.append(mine))
    queued = asyncio.create_task(appender.append(commit()))
    await settled()
    still_queued = asyncio.create_task(appender.append(commit()))
    await settled()
    for task in (gone, still_queued):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    log.gate.set()
    await queued
    await settled()
    assert await log.head() == 4
    assert (await appender.append(commit(key="k"))).repeated


async def test_closing_logs_what_waits_and_takes_no_more(log: ScriptedLog, clock: FakeClock, bus: MemoryBus) -> None:
    appender = Appender(store=log, clock=clock, bus=bus, service="shop")
    log.gate.clear()
    waiting = [asyncio.create_task(appender.append(commit())) for _ in range(3)]
    await settled()
    closing = asyncio.create_task(appender.close())
    await settled()
    with pytest.raises(Unavailable):
        await appender.append(commit())
    log.gate.set()
    await closing
    assert all(task.done() for task in waiting)
    assert await log.head() == 4


async def test_what_an_appender_keeps_in_memory_is_bounded(log: ScriptedLog, clock: FakeClock, bus: MemoryBus) -> None:
    appender = Appender(store=log, clock=clock, bus=bus, service="shop", remembers=4)
    await appender.append(commit(key="first"))
    for n in range(10):
        await appender.append(commit(painted(f"{n:08}-0000-4000-8000-000000000000")))
    prefix = appender._settler._prefix
    assert prefix is not None
    assert len(prefix._numbers) <= 4
    assert len(prefix._keys) <= 4
    with pytest.raises(Conflict):  # what was forgotten is looked up
        await appender.append(commit(), NEW_RED)
    assert (await appender.append(commit(key="first"))).repeated
