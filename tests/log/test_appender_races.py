"""The appender, on a log that others write too, or that does not say what it did."""

from __future__ import annotations

import asyncio

import pytest
from tests.log.asking import NEW_RED, ids, numbers, positions, red
from tests.log.conftest import in_time
from tests.log.scripted import ScriptedLog

from blossm.adapters.memory.bus import MemoryBus
from blossm.adapters.memory.clock import FakeClock
from blossm.core import appender as protocol
from blossm.core.appender import Appender
from blossm.core.commit import Appended, Expectation
from blossm.core.errors import (
    Conflict,
    DeadlineExceeded,
    Internal,
    Unavailable,
)
from blossm.ports import ReadPage
from blossm.testing.contracts.log_store import BLUE, RED, commit, painted, placed

# ---------------------------------------------------------------- others on the same log


async def test_who_is_overtaken_is_checked_again_and_goes_in_at_the_new_head(appender: Appender, log: ScriptedLog) -> None:
    log.script.append(log.overtaken_by(*placed(commit(painted(BLUE), painted(BLUE)))))
    appended = await appender.append(commit(), NEW_RED)
    assert (positions(appended), numbers(appended)) == ([3], [1])


async def test_who_is_overtaken_may_have_lost(appender: Appender, log: ScriptedLog) -> None:
    log.script.append(log.overtaken_by(*placed(commit())))
    lost, unconditional = await asyncio.gather(
        appender.append(commit(), NEW_RED), appender.append(commit()), return_exceptions=True
    )
    assert isinstance(lost, Conflict)
    assert isinstance(unconditional, Appended)
    assert (positions(unconditional), numbers(unconditional)) == ([2], [2])


async def test_quiet_is_checked_again_too(appender: Appender, log: ScriptedLog) -> None:
    log.script.append(log.overtaken_by(*placed(commit(painted(BLUE)))))
    with pytest.raises(Conflict):
        await appender.append(commit(), Expectation(quiet={"bicycle": 1}))


async def test_a_key_that_somebody_else_logged_meanwhile_is_a_repeat(appender: Appender, log: ScriptedLog) -> None:
    log.script.append(log.overtaken_by(*placed(commit(key="k"))))
    assert (await appender.append(commit(key="k"), NEW_RED)).repeated


async def test_being_overtaken_again_and_again_still_ends(appender: Appender, log: ScriptedLog, clock: FakeClock) -> None:
    def others(n: int) -> None:
        log.script.append(log.overtaken_by(*placed(commit(painted(BLUE)), at=n + 1, numbers={("bicycle", BLUE): n})))

    for n in range(5):
        others(n)
    appended = await in_time(appender.append(commit(), NEW_RED), clock)
    assert positions(appended) == [6]


async def test_what_a_caller_read_of_another_appenders_commits_is_no_conflict(appender: Appender, log: ScriptedLog) -> None:
    await appender.append(commit())
    await log.write(2, placed(commit(), at=2, numbers={("bicycle", RED): 1}))  # another process
    appended = await appender.append(commit(), red(2))
    assert (positions(appended), numbers(appended)) == ([3], [3])


async def test_two_appenders_on_one_log_make_one_order(log: ScriptedLog, clock: FakeClock, bus: MemoryBus) -> None:
    two = [Appender(store=log, clock=clock, bus=bus, service="shop") for _ in range(2)]
    roots = [painted(), painted(BLUE)]
    done = await in_time(asyncio.gather(*(two[n % 2].append(commit(roots[n % 2], roots[n // 2 % 2])) for n in range(40))), clock)
    assert sorted(position for appended in done for position in positions(appended)) == list(range(1, 81))
    assert [event.number for event in await log.root("bicycle", RED)] == list(range(1, 41))


async def test_a_log_that_refuses_without_a_reason_does_not_hang(appender: Appender, log: ScriptedLog, clock: FakeClock) -> None:
    log.script.extend([log.lying] * 100)
    with pytest.raises(DeadlineExceeded):
        await in_time(appender.append(commit()), clock)
    assert clock.monotonic() < 2 * protocol.PATIENCE


async def test_a_log_that_shows_late_what_it_met_is_waited_for(appender: Appender, log: ScriptedLog, clock: FakeClock) -> None:
    log.script.extend([log.lying] * 10)
    assert positions(await in_time(appender.append(commit()), clock)) == [1]


# ---------------------------------------------------------------- unknown outcomes


async def test_unknown_then_written_is_found_by_its_id(appender: Appender, log: ScriptedLog, clock: FakeClock) -> None:
    log.script.append(log.written_but_unknown)
    one, two = commit(), commit(painted(BLUE))
    first, second = await in_time(asyncio.gather(appender.append(one), appender.append(two)), clock)
    assert (positions(first), positions(second)) == ([1], [2])
    assert not first.repeated
    assert await ids(log) == [one.id, two.id]


async def test_unknown_then_not_written_is_written_at_the_same_position(
    appender: Appender, log: ScriptedLog, clock: FakeClock
) -> None:
    log.script.extend([log.unknown, log.unknown])
    appended = await in_time(appender.append(commit()), clock)
    assert positions(appended) == [1]
    assert await log.head() == 2
    assert log.inserts == [log.inserts[0]] * 3  # the same commits at the same position


async def test_unknown_then_somebody_elses_is_the_conflict_path(appender: Appender, log: ScriptedLog, clock: FakeClock) -> None:
    log.script.extend([log.unknown, log.overtaken_by(*placed(commit()))])
    with pytest.raises(Conflict):
        await in_time(appender.append(commit(), NEW_RED), clock)


async def test_of_a_batch_in_part_written_the_rest_is_written_behind(
    appender: Appender, log: ScriptedLog, clock: FakeClock
) -> None:
    log.script.append(log.only_first(*placed(commit(painted(BLUE)), at=2)))
    mine = [commit(), commit(painted(domain="wheel"))]
    first, second = await in_time(asyncio.gather(*(appender.append(each) for each in mine)), clock)
    assert (positions(first), positions(second)) == ([1], [3])
    assert len(await ids(log)) == 3


async def test_who_met_a_mate_of_a_batch_in_part_written_is_told_of_it(
    appender: Appender, log: ScriptedLog, clock: FakeClock
) -> None:
    log.script.append(log.only_first())
    winner, late = await in_time(
        asyncio.gather(appender.append(commit(), NEW_RED), appender.append(commit(), NEW_RED), return_exceptions=True), clock
    )
    assert isinstance(winner, Appended)
    assert isinstance(late, Conflict)
    assert late.facts["is"] == 1


async def test_an_outcome_that_stays_unknown_is_said_to_be_and_can_be_repeated(
    appender: Appender, log: ScriptedLog, clock: FakeClock
) -> None:
    log.script.extend([log.unknown] * 100)
    mine = commit(key="k")
    with pytest.raises(DeadlineExceeded):
        await in_time(appender.append(mine), clock)
    log.script.clear()
    await log.write(1, placed(mine))  # it was on its way still
    again = await in_time(appender.append(commit(key="k")), clock)
    assert (again.repeated, positions(again)) == (True, [1])
    assert positions(await appender.append(commit())) == [2]


async def test_unavailable_after_unknown_is_still_unknown(appender: Appender, log: ScriptedLog, clock: FakeClock) -> None:
    log.script.extend([log.unknown, *[log.unavailable] * 100])
    with pytest.raises(DeadlineExceeded):
        await in_time(appender.append(commit()), clock)


async def test_a_log_that_is_unavailable_is_said_to_be_and_service_goes_on(appender: Appender, log: ScriptedLog) -> None:
    log.script.append(log.unavailable)
    refused = await asyncio.gather(appender.append(commit()), appender.append(commit()), return_exceptions=True)
    assert [type(error) for error in refused] == [Unavailable, Unavailable]
    assert refused[0] is not refused[1]
    assert positions(await appender.append(commit())) == [1]


async def test_a_bug_in_a_store_does_not_stop_the_log(appender: Appender, log: ScriptedLog) -> None:
    log.script.append(log.broken)
    with pytest.raises(Internal):
        await appender.append(commit())
    assert positions(await appender.append(commit())) == [1]


async def test_a_hole_stops_the_appender(appender: Appender, log: ScriptedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    await appender.append(commit())

    async def read(after: int, limit: int) -> ReadPage:
        return ReadPage(tuple(placed(commit(), at=3)), 3)

    log.script.append(log.lying)
    monkeypatch.setattr(log, "read", read)
    with pytest.raises(Internal) as caught:
        await appender.append(commit())
    assert caught.value.facts == {"position": 3, "expected": 2}
