"""Whatever a replica set goes through, the log keeps its promises. The same seed is always the same run."""

from __future__ import annotations

import time

import pytest
from tests.failover.proof import broken_by, first_broken, story
from tests.failover.schedule import schedule
from tests.failover.world import run

from blossm.core.commit import Appended
from blossm.core.errors import Conflict, DeadlineExceeded, Unavailable

CHUNKS, SEEDS = 20, 250
SOAK_CHUNKS, SOAK_SEEDS = 100, 1_000
SOAK_MINUTES = 60
BEGAN = time.monotonic()
HAPPENINGS = ("rolls", "is elected in term 4", "refuses", "broken off", "repeated at", "nobody waits", "not primary")


def keeps_its_promises(seeds: range) -> None:
    if broken := first_broken(seeds):
        pytest.fail(story(broken), pytrace=False)


@pytest.mark.parametrize("first", range(0, CHUNKS * SEEDS, SEEDS))
def test_no_failover_breaks_a_promise_of_the_log(first: int) -> None:
    keeps_its_promises(range(first, first + SEEDS))


@pytest.mark.soak
@pytest.mark.parametrize("first", range(1_000_000, 1_000_000 + SOAK_CHUNKS * SOAK_SEEDS, SOAK_SEEDS))
def test_no_failover_breaks_a_promise_of_the_log_for_long(first: int) -> None:
    if time.monotonic() - BEGAN > SOAK_MINUTES * 60:
        pytest.skip(f"the {SOAK_MINUTES} minutes of a soak are over")
    keeps_its_promises(range(first, first + SOAK_SEEDS))


def test_a_seed_is_always_the_same_run() -> None:
    for seed in (3, 27):
        assert run(schedule(seed)).lines() == run(schedule(seed)).lines()


def test_the_schedules_go_through_what_they_are_made_for() -> None:
    told: dict[type, int] = {}
    text = ""
    for seed in range(100):
        played = run(schedule(seed))
        for one in played.tries:
            told[type(one.told)] = told.get(type(one.told), 0) + 1
        text += "\n".join(played.lines())
    for kind in (Appended, Conflict, Unavailable, DeadlineExceeded, type(None)):
        assert told[kind] > 0
    missing = [happening for happening in HAPPENINGS if happening not in text]
    assert missing == []
    assert broken_by(schedule(0)) is None
