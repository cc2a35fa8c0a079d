"""The appender, where several things go wrong at once: nobody is left without an answer, nobody is told what is not so."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from tests.log.asking import NEW_RED, ids, positions
from tests.log.conftest import in_time, settled
from tests.log.scripted import ScriptedLog

from blossm.adapters.memory.bus import MemoryBus
from blossm.adapters.memory.clock import FakeClock
from blossm.core import appender as protocol
from blossm.core import settling
from blossm.core.appender import Appender
from blossm.core.commit import Appended, Expectation
from blossm.core.errors import Conflict, DeadlineExceeded, KeyReused, Unavailable
from blossm.ports import ReadPage
from blossm.testing.contracts.log_store import BLUE, RED, commit, painted, placed

# ---------------------------------------------------------------- ids that come twice


async def test_a_commit_that_is_sent_twice_at_once_is_answered_twice_also_after_an_unknown_outcome(
    appender: Appender, log: ScriptedLog, clock: FakeClock
) -> None:
    log.script.append(log.written_but_unknown)
    mine = commit()
    first, again = await in_time(asyncio.gather(appender.append(mine), appender.append(mine)), clock)
    assert first == again
    assert await ids(log) == [mine.id]


async def test_two_commits_with_one_id_and_keys_of_their_own_are_both_logged_and_answered(
    appender: Appender, log: ScriptedLog, clock: FakeClock
) -> None:
    log.script.append(log.written_but_unknown)
    one = commit(key="one")
    other = msgspec.structs.replace(one, key="other")
    done = await in_time(asyncio.gather(appender.append(one), appender.append(other)), clock)
    assert [positions(each) for each in done] == [[1], [2]]


async def test_somebody_elses_commit_with_my_id_is_not_taken_for_mine(appender: Appender, log: ScriptedLog) -> None:
    mine = commit(painted(BLUE), key="mine")
    log.script.append(log.overtaken_by(*placed(msgspec.structs.replace(mine, key="theirs"))))
    assert positions(await appender.append(mine)) == [2]
    assert await ids(log) == [mine.id, mine.id]


async def test_my_id_and_key_with_another_request_is_refused(appender: Appender, log: ScriptedLog) -> None:
    mine = commit(fingerprint="mine")
    log.script.append(log.overtaken_by(*placed(msgspec.structs.replace(mine, fingerprint="theirs"))))
    with pytest.raises(KeyReused):
        await appender.append(mine)


async def test_a_repeated_key_that_would_lose_to_a_batch_mate_gets_its_original_answer(
    log: ScriptedLog, clock: FakeClock, bus: MemoryBus
) -> None:
    await log.write(1, placed(commit(painted(BLUE), key="k")))
    stranger = Appender(store=log, clock=clock, bus=bus, service="shop")
    mate, again = await asyncio.gather(
        stranger.append(commit(), NEW_RED), stranger.append(commit(painted(BLUE), key="k"), NEW_RED)
    )
    assert (positions(mate), positions(again), again.repeated) == ([2], [1], True)


# ---------------------------------------------------------------- a log that fails while an outcome is unknown


class Failing:
    """A method that fails some times before it does as it should."""

    def __init__(self, log: ScriptedLog, method: str, times: int) -> None:
        self._does = getattr(log, method)
        self.times = times
        setattr(log, method, self)

    async def __call__(self, *args: object) -> object:
        if self.times:
            self.times -= 1
            raise Unavailable("no primary")
        return await self._does(*args)


@pytest.mark.parametrize("method", ["read", "by_key"])
async def test_who_may_be_written_is_looked_for_until_the_log_can_be_read_again(
    appender: Appender, log: ScriptedLog, clock: FakeClock, method: str
) -> None:
    await appender.append(commit(key="known"))
    log.script.append(log.written_but_unknown)
    Failing(log, method, 3)
    mine = commit()
    appended = await in_time(appender.append(mine), clock)
    assert (positions(appended), appended.repeated) == ([2], False)
    assert len(await ids(log)) == 2


async def test_who_may_be_written_is_never_told_that_nothing_was(
    appender: Appender, log: ScriptedLog, clock: FakeClock
) -> None:
    log.script.append(log.only_first())
    Failing(log, "read", 1_000)
    told = await in_time(asyncio.gather(*(appender.append(commit()) for _ in range(2)), return_exceptions=True), clock)
    assert [type(error) for error in told] == [DeadlineExceeded, DeadlineExceeded]
    assert await log.head() == 2


async def test_who_was_told_of_a_conflict_is_out_whatever_happens_to_the_rest_of_the_batch(
    appender: Appender, log: ScriptedLog, clock: FakeClock
) -> None:
    log.script.extend([log.unknown, log.unavailable])
    lost, mate = await in_time(
        asyncio.gather(
            appender.append(commit(painted(BLUE)), Expectation(roots={("bicycle", RED): 1})),  # is not there yet
            appender.append(commit(), NEW_RED),
            return_exceptions=True,
        ),
        clock,
    )
    assert isinstance(lost, Conflict)
    assert isinstance(mate, Appended)
    assert await log.head() == 2


# ---------------------------------------------------------------- a log that is dead


async def test_who_waited_too_long_for_its_turn_is_turned_away_and_nothing_of_it_logged(
    appender: Appender, log: ScriptedLog, clock: FakeClock
) -> None:
    log.gate.clear()
    in_flight = asyncio.create_task(appender.append(commit()))
    await settled()
    waiting = [asyncio.create_task(appender.append(commit())) for _ in range(3)]
    await settled()
    clock.advance(protocol.PATIENCE + 1)
    fresh = asyncio.create_task(appender.append(commit()))
    await settled()
    assert [type(task.exception()) for task in waiting] == [Unavailable] * 3
    log.gate.set()
    assert positions(await fresh) == [2]
    assert in_flight.done()
    assert await log.head() == 3


async def test_a_log_that_does_not_come_back_from_a_write_leaves_nobody_waiting(
    appender: Appender, log: ScriptedLog, clock: FakeClock
) -> None:
    log.gate.clear()
    in_flight = asyncio.create_task(appender.append(commit(key="k")))
    await settled()
    queued = asyncio.create_task(appender.append(commit()))
    await settled()
    clock.advance(protocol.PATIENCE + 1)
    await settled()
    assert [type(task.exception()) for task in (in_flight, queued)] == [DeadlineExceeded, Unavailable]
    log.gate.set()
    assert (await appender.append(commit(key="k"))).repeated


async def test_closing_while_the_outcome_is_unknown_ends_and_says_so(
    log: ScriptedLog, clock: FakeClock, bus: MemoryBus
) -> None:
    appender = Appender(store=log, clock=clock, bus=bus, service="shop")
    log.script.extend([log.unknown] * 1_000)
    waiting = [asyncio.create_task(appender.append(commit())) for _ in range(2)]
    await settled()
    await in_time(appender.close(), clock)
    assert [type(task.exception()) for task in waiting] == [DeadlineExceeded] * 2


async def test_when_the_process_ends_in_the_middle_everybody_is_told_what_is_known(
    log: ScriptedLog, clock: FakeClock, bus: MemoryBus
) -> None:
    appender = Appender(store=log, clock=clock, bus=bus, service="shop")
    log.gate.clear()
    in_flight = asyncio.create_task(appender.append(commit()))
    await settled()
    queued = asyncio.create_task(appender.append(commit()))
    await settled()
    assert appender._draining is not None
    appender._draining.cancel()
    told = await asyncio.gather(in_flight, queued, return_exceptions=True)
    assert [type(error) for error in told] == [DeadlineExceeded, Unavailable]
    await appender.close()


# ---------------------------------------------------------------- where the log ends


async def test_a_log_that_does_not_show_its_last_commit_is_not_appended_to(
    log: ScriptedLog, clock: FakeClock, bus: MemoryBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = placed(commit(), committed="2031-01-01T00:00:00.000000Z")
    await log.write(1, last)
    read = log.read

    async def nothing(after: int, limit: int) -> ReadPage:
        return ReadPage((), after)

    appender = Appender(store=log, clock=clock, bus=bus, service="shop")
    monkeypatch.setattr(log, "read", nothing)  # another node, which lags
    with pytest.raises(Unavailable):
        await appender.append(commit())
    monkeypatch.setattr(log, "read", read)
    assert (await appender.append(commit())).committed == last[0].committed


async def test_a_process_that_was_idle_for_long_does_not_read_all_that_others_have_logged(
    appender: Appender, log: ScriptedLog, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "FAR", 1_000)
    await appender.append(commit())
    others = placed(*(commit() for _ in range(1_600)), at=2, numbers={("bicycle", RED): 1})
    await log.write(2, others)
    pages: list[int] = []
    read = log.read

    async def counted(after: int, limit: int) -> ReadPage:
        pages.append(after)
        return await read(after, min(limit, 200))  # of large commits a page has few

    monkeypatch.setattr(log, "read", counted)
    again, stale, fresh = await in_time(
        asyncio.gather(
            appender.append(others[-1].commit),
            appender.append(commit(), NEW_RED),
            appender.append(commit()),
            return_exceptions=True,
        ),
        clock,
    )
    assert isinstance(stale, Conflict)
    assert isinstance(again, Appended)
    assert isinstance(fresh, Appended)
    assert (positions(again), positions(fresh)) == ([1_601], [1_602])
    assert [event.number for event in fresh.events] == [1_602]
    assert len(pages) == 4
