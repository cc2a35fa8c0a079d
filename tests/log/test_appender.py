"""The appender, one append after another."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.log.asking import NEW_RED, numbers, positions, red
from tests.log.conftest import settled
from tests.log.scripted import ScriptedLog

from blossm.adapters.memory.bus import MemoryBus
from blossm.adapters.memory.clock import FakeClock
from blossm.core.appender import Appender
from blossm.core.commit import Appended, Expectation, StoredReply
from blossm.core.errors import (
    Conflict,
    KeyReused,
)
from blossm.testing.contracts.log_store import BLUE, RED, commit, painted, placed

# ---------------------------------------------------------------- one after another


async def test_events_get_contiguous_positions_and_count_their_roots(appender: Appender) -> None:
    first = await appender.append(commit(painted(), painted(), painted(BLUE)))
    second = await appender.append(commit(painted(), painted(domain="wheel")))
    assert (positions(first), numbers(first)) == ([1, 2, 3], [1, 2, 1])
    assert (positions(second), numbers(second)) == ([4, 5], [3, 1])


async def test_an_append_without_expectations_always_succeeds(appender: Appender) -> None:
    for _ in range(3):
        await appender.append(commit())


async def test_losing_to_the_log_says_which_root_what_was_expected_and_what_is(appender: Appender) -> None:
    await appender.append(commit(painted(), painted()))
    with pytest.raises(Conflict) as caught:
        await appender.append(commit(), red(1))
    assert caught.value.facts == {"domain": "bicycle", "root": RED, "expected": 1, "is": 2}


async def test_expecting_more_than_there_is_is_a_conflict_too(appender: Appender) -> None:
    await appender.append(commit())
    with pytest.raises(Conflict) as caught:
        await appender.append(commit(), red(5))
    assert caught.value.facts["is"] == 1


async def test_a_domain_that_was_not_quiet_is_named_with_its_last_position(appender: Appender) -> None:
    await appender.append(commit(painted(), painted(BLUE, domain="wheel")))
    await appender.append(commit(painted(BLUE)), Expectation(quiet={"bicycle": 2, "wheel": 3}))
    with pytest.raises(Conflict) as caught:
        await appender.append(commit(), Expectation(quiet={"bicycle": 3}))
    assert caught.value.facts == {"domain": "bicycle", "quiet": 3, "is": 3}


async def test_a_domain_without_events_is_quiet(appender: Appender) -> None:
    await appender.append(commit(), Expectation(quiet={"bicycle": 1, "bell": 1}))


async def test_a_roots_conflict_comes_before_a_domains(appender: Appender) -> None:
    await appender.append(commit())
    with pytest.raises(Conflict) as caught:
        await appender.append(commit(), Expectation(roots={("bicycle", RED): 0}, quiet={"bicycle": 1}))
    assert caught.value.facts["root"] == RED


async def test_an_expectation_about_a_root_that_gets_no_event_counts(appender: Appender) -> None:
    await appender.append(commit(painted(BLUE)), NEW_RED)
    await appender.append(commit(painted(BLUE)), NEW_RED)
    await appender.append(commit())
    with pytest.raises(Conflict):
        await appender.append(commit(painted(BLUE)), NEW_RED)


async def test_committed_never_goes_back(log: ScriptedLog, clock: FakeClock, bus: MemoryBus) -> None:
    appender = Appender(store=log, clock=clock, bus=bus, service="shop")
    first = await appender.append(commit())
    earlier = FakeClock(start=clock.now() - timedelta(days=1))
    slow = Appender(store=log, clock=earlier, bus=bus, service="shop")
    second = await slow.append(commit())
    assert second.committed == first.committed
    earlier.advance(2 * 24 * 3600)
    assert (await slow.append(commit())).committed > first.committed


async def test_an_appender_goes_on_where_the_log_ends(log: ScriptedLog, clock: FakeClock, bus: MemoryBus) -> None:
    await log.write(1, placed(commit(painted(), painted())))
    appender = Appender(store=log, clock=clock, bus=bus, service="shop")
    appended = await appender.append(commit(), red(2))
    assert (positions(appended), numbers(appended)) == ([3], [3])


async def test_every_batch_wakes_the_readers(appender: Appender, bus: MemoryBus) -> None:
    wake = bus.subscribe(["shop"])
    await appender.append(commit())
    async with asyncio.timeout(1):
        await wake.wait(timeout=60)


# ---------------------------------------------------------------- repeated keys


async def test_a_repeated_key_gets_the_original_answer_and_logs_nothing(appender: Appender, log: ScriptedLog) -> None:
    reply = StoredReply(201, {"color": "red"}, RED)
    first = await appender.append(commit(key="k", fingerprint="f", reply=reply))
    again = await appender.append(commit(painted(BLUE), key="k", fingerprint="f"))
    assert (again.repeated, again.events, again.committed, again.reply) == (True, first.events, first.committed, reply)
    assert await log.head() == 2


async def test_a_repeated_key_is_known_before_its_own_event_is_in_its_way(
    log: ScriptedLog, clock: FakeClock, bus: MemoryBus
) -> None:
    await log.write(1, placed(commit(key="k"), commit()))
    stranger = Appender(store=log, clock=clock, bus=bus, service="shop")
    await stranger.append(commit(painted(BLUE)))
    assert (await stranger.append(commit(key="k"), NEW_RED)).repeated


async def test_a_repeated_key_is_found_however_old_it_is(log: ScriptedLog, clock: FakeClock, bus: MemoryBus) -> None:
    await log.write(1, placed(commit(key="old"), *(commit() for _ in range(50))))
    stranger = Appender(store=log, clock=clock, bus=bus, service="shop")
    again, new = await asyncio.gather(stranger.append(commit(key="old")), stranger.append(commit()))
    assert (again.repeated, positions(again), positions(new)) == (True, [1], [52])


async def test_a_key_with_another_fingerprint_is_refused_with_both_sides_named(appender: Appender) -> None:
    await appender.append(commit(key="k", fingerprint="one"))
    with pytest.raises(KeyReused) as caught:
        await appender.append(commit(key="k", fingerprint="two"))
    assert (caught.value.facts["first"]["fingerprint"], caught.value.facts["now"]) == ("one", {"fingerprint": "two"})


async def test_a_key_that_a_batch_mate_has_is_answered_when_it_is_durable(appender: Appender, log: ScriptedLog) -> None:
    log.gate.clear()
    mates = [asyncio.create_task(appender.append(commit(key="k", fingerprint=f))) for f in ("f", "f", "g")]
    await settled()
    assert not any(mate.done() for mate in mates)
    log.gate.set()
    first, again, other = await asyncio.gather(*mates, return_exceptions=True)
    assert isinstance(first, Appended)
    assert isinstance(again, Appended)
    assert (first.repeated, again.repeated, again.events) == (False, True, first.events)
    assert isinstance(other, KeyReused)
