"""What the appender promises on any log, as a suite: subclass `AppenderContract` and say in `log` how an empty one is made.

It shows that a log store bears what appending asks of it: batches, races of several appenders, outcomes that nobody knows.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from blossm.adapters.memory.bus import MemoryBus
from blossm.adapters.memory.clock import START, FakeClock
from blossm.core.appender import BATCH_BYTES, BATCH_COMMITS, Appender
from blossm.core.commit import Appended, Expectation, StoredReply
from blossm.core.errors import Conflict, DeadlineExceeded, KeyReused, ResourceExhausted, Unavailable
from blossm.ports import LogStore
from blossm.testing.contracts.clock import PassingClock
from blossm.testing.contracts.log_store import BLUE, RED, commit, painted, placed
from blossm.testing.contracts.told import ToldLog

NEW_RED = Expectation(roots={("bicycle", RED): 0})


def appender_of(log: LogStore, *, clock: FakeClock | None = None, queue: int = 10_000) -> Appender:
    return Appender(store=log, clock=clock or PassingClock(), bus=MemoryBus(), service="shop", queue=queue)


def red(number: int) -> Expectation:
    return Expectation(roots={("bicycle", RED): number})


def positions(done: Appended) -> list[int]:
    return [event.position for event in done.events]


class AppenderContract:
    """The suite. `log` yields an empty log of the service `shop` in the network `city.example`, and closes it."""

    @pytest.fixture
    async def log(self) -> AsyncIterator[LogStore]:
        raise NotImplementedError
        yield  # noqa: PT022 - it says what a subclass does

    @pytest.fixture
    async def told(self, log: LogStore) -> ToldLog:
        """The log, whose next inserts do as they are told."""
        return ToldLog(log)

    @pytest.fixture
    async def appender(self, told: ToldLog) -> AsyncIterator[Appender]:
        appender = appender_of(told)
        yield appender
        await appender.close()

    # ------------------------------------------------------------ batches

    async def test_what_arrives_during_a_write_goes_together(self, appender: Appender, told: ToldLog) -> None:
        async with told.held():
            first = asyncio.create_task(appender.append(commit()))
            await told.writing()
            others = [asyncio.create_task(appender.append(commit(painted(BLUE)))) for _ in range(20)]
            await settled()
        await asyncio.gather(first, *others)
        assert told.inserts == [1, 20]

    async def test_a_batch_ends_at_500_commits(self, appender: Appender, told: ToldLog) -> None:
        await asyncio.gather(*(appender.append(commit()) for _ in range(BATCH_COMMITS + 1)))
        assert told.inserts == [BATCH_COMMITS, 1]
        assert await told.head() == BATCH_COMMITS + 2

    async def test_a_batch_ends_at_two_mebibytes(self, appender: Appender, told: ToldLog) -> None:
        note = "x" * (BATCH_BYTES * 2 // 5)
        await asyncio.gather(*(appender.append(commit(painted(note=note))) for _ in range(5)))
        assert told.inserts == [2, 2, 1]
        assert await told.head() == 6

    async def test_who_loses_to_the_log_is_told_at_once_and_who_loses_to_a_mate_when_it_is_durable(
        self, appender: Appender, told: ToldLog
    ) -> None:
        await appender.append(commit())
        async with told.held():
            winner = asyncio.create_task(appender.append(commit(), red(1)))
            late = asyncio.create_task(appender.append(commit(), red(1)))
            with pytest.raises(Conflict) as lost:
                await appender.append(commit(), NEW_RED)
            await told.writing()
            assert lost.value.facts["is"] == 1
            assert not winner.done()
            assert not late.done()
        assert positions(await winner) == [2]
        with pytest.raises(Conflict) as caught:
            await late
        assert caught.value.facts["is"] == 2

    async def test_three_callers_on_one_root_all_succeed_within_three_retries_however_slow_the_acknowledgements(
        self, appender: Appender, told: ToldLog
    ) -> None:
        told.slow = True

        async def caller() -> Appended:
            for _ in range(1 + 3):
                seen = (await told.latest([("bicycle", RED)])).get(("bicycle", RED), 0)
                try:
                    return await appender.append(commit(), red(seen))
                except Conflict:
                    continue
            raise AssertionError("never got through")

        done = await asyncio.gather(*(caller() for _ in range(3)))
        assert sorted(event.number for each in done for event in each.events) == [1, 2, 3]

    async def test_a_key_that_a_batch_mate_has_is_answered_like_it_when_it_is_durable(
        self, appender: Appender, told: ToldLog
    ) -> None:
        reply = StoredReply(201, {"color": "red"}, RED)
        async with told.held():
            first, again, other = (
                asyncio.create_task(appender.append(commit(key="k", fingerprint=mark, reply=reply))) for mark in "ffg"
            )
            await told.writing()
            assert not any(task.done() for task in (first, again, other))
        assert (await again).events == (await first).events
        assert ((await first).repeated, (await again).repeated, (await again).reply) == (False, True, reply)
        with pytest.raises(KeyReused):
            await other

    async def test_a_full_queue_is_refused_with_nothing_of_it_logged_and_those_that_wait_are(self, told: ToldLog) -> None:
        appender = appender_of(told, queue=5)
        async with told.held():
            in_flight = asyncio.create_task(appender.append(commit()))
            await told.writing()
            waiting = [asyncio.create_task(appender.append(commit())) for _ in range(5)]
            await settled()
            with pytest.raises(ResourceExhausted):
                await appender.append(commit())
        await asyncio.gather(in_flight, *waiting)
        assert await told.head() == 7
        await appender.close()

    async def test_a_caller_that_goes_away_does_not_take_its_write_along(self, appender: Appender, told: ToldLog) -> None:
        async with told.held():
            gone = asyncio.create_task(appender.append(commit(key="k")))
            await told.writing()
            gone.cancel()
            with pytest.raises(asyncio.CancelledError):
                await gone
        again = await appender.append(commit(key="k"))
        assert (again.repeated, positions(again)) == (True, [1])

    async def test_closing_logs_what_waits_and_takes_no_more(self, told: ToldLog) -> None:
        appender = appender_of(told)
        async with told.held():
            waiting = [asyncio.create_task(appender.append(commit())) for _ in range(3)]
            await told.writing()
            closing = asyncio.create_task(appender.close())
            await settled()
            with pytest.raises(Unavailable):
                await appender.append(commit())
        await closing
        assert sorted(position for task in waiting for position in positions(task.result())) == [1, 2, 3]

    # ------------------------------------------------------------ unknown outcomes

    async def test_what_was_written_unknown_to_its_writer_is_found_and_not_written_twice(
        self, appender: Appender, told: ToldLog
    ) -> None:
        told.next.append(told.written_but_unknown)
        one, two = await asyncio.gather(appender.append(commit()), appender.append(commit(painted(BLUE))))
        assert (positions(one), positions(two), one.repeated) == ([1], [2], False)
        assert await told.head() == 3

    async def test_what_was_not_written_unknown_to_its_writer_is_written_in_its_place(
        self, appender: Appender, told: ToldLog
    ) -> None:
        told.next.extend([told.unknown, told.unknown])
        assert positions(await appender.append(commit())) == [1]
        assert await told.head() == 2

    async def test_of_a_batch_in_part_written_the_rest_is_written_behind_it(self, appender: Appender, told: ToldLog) -> None:
        told.next.append(told.only_the_first_written)
        mine = [commit(), commit(painted(BLUE)), commit(painted(domain="wheel"))]
        done = await asyncio.gather(*(appender.append(each) for each in mine))
        assert [positions(each) for each in done] == [[1], [2], [3]]
        assert [logged.commit.id for logged in (await told.read(0, 10)).commits] == [each.id for each in mine]

    async def test_after_an_unknown_outcome_somebody_elses_commit_is_a_conflict(
        self, appender: Appender, told: ToldLog, log: LogStore
    ) -> None:
        told.next.extend([told.unknown, told.overtaken_by(*placed(commit()))])
        with pytest.raises(Conflict) as caught:
            await appender.append(commit(), NEW_RED)
        assert caught.value.facts["is"] == 1
        assert await log.head() == 2

    async def test_an_outcome_that_stays_unknown_is_said_to_be_and_its_key_may_be_repeated(
        self, appender: Appender, told: ToldLog
    ) -> None:
        told.next.append(told.written_but_unknown)
        told.blind = True
        with pytest.raises(DeadlineExceeded) as caught:
            await appender.append(commit(key="k"))
        assert "same" in caught.value.help
        told.blind = False
        again = await appender.append(commit(key="k"))
        assert (again.repeated, positions(again)) == (True, [1])

    # ------------------------------------------------------------ several appenders, one after another

    async def test_who_was_overtaken_is_checked_again_and_goes_behind(self, appender: Appender, told: ToldLog) -> None:
        told.next.append(told.overtaken_by(*placed(commit(painted(BLUE)))))
        done = await appender.append(commit(), NEW_RED)
        assert positions(done) == [2]

    async def test_who_was_overtaken_on_its_own_root_has_lost(self, appender: Appender, told: ToldLog) -> None:
        told.next.append(told.overtaken_by(*placed(commit())))
        with pytest.raises(Conflict):
            await appender.append(commit(), NEW_RED)

    async def test_several_appenders_make_one_order(self, log: LogStore) -> None:
        several = [appender_of(log) for _ in range(3)]
        roots = [painted(), painted(BLUE)]
        for n in range(6):
            await asyncio.gather(*(each.append(commit(roots[n % 2], painted(BLUE))) for each in several))
        logged = (await log.read(0, 100)).commits
        assert [each.position for each in logged] == list(range(1, 37, 2))
        assert [event.number for event in await log.root("bicycle", BLUE)] == list(range(1, 28))
        for each in several:
            await each.close()

    async def test_an_appender_knows_nothing_and_misses_nothing_when_it_begins(self, log: LogStore) -> None:
        first = appender_of(log)
        await first.append(commit(painted(), painted(), key="k"))
        await first.close()
        second = appender_of(log)
        assert (await second.append(commit(key="k"))).repeated
        with pytest.raises(Conflict):
            await second.append(commit(), red(1))
        assert positions(await second.append(commit(), red(2))) == [3]
        await second.close()

    async def test_committed_never_goes_back_so_that_a_time_is_a_prefix(self, log: LogStore) -> None:
        clocks = [PassingClock(), PassingClock(start=START - timedelta(days=1))]
        appenders = [appender_of(log, clock=clock) for clock in clocks]
        done = [await appenders[n % 2].append(commit()) for n in range(4)]
        times = [each.committed for each in done]
        assert times == sorted(times)
        assert [event.number for event in await log.root("bicycle", RED, until_time=times[1])] == [1, 2, 3, 4]
        clocks[1].advance(2 * 24 * 3600)
        later = await appenders[1].append(commit())
        assert later.committed > times[-1]
        assert [event.number for event in await log.root("bicycle", RED, until_time=times[-1])] == [1, 2, 3, 4]
        for each in appenders:
            await each.close()

    async def test_a_root_that_was_not_asked_about_for_long_is_looked_up(self, log: LogStore) -> None:
        first = appender_of(log)
        for n in range(5):
            await first.append(commit(painted(str(uuid.UUID(int=n, version=4)))))
        second = appender_of(log)
        oldest = ("bicycle", str(uuid.UUID(int=0, version=4)))
        with pytest.raises(Conflict) as caught:
            await second.append(commit(), Expectation(roots={oldest: 0}))
        assert caught.value.facts["is"] == 1
        for each in (first, second):
            await each.close()


async def settled() -> None:
    """Let everything run that can, short of what waits for a disk or a server."""
    for _ in range(20):
        await asyncio.sleep(0)
