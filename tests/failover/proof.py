"""Run schedules, and tell of one that breaks a promise: what it takes to break it, and what happened."""

from __future__ import annotations

from collections.abc import Iterable

from tests.failover.log import Rules
from tests.failover.promises import check
from tests.failover.replica_set import Broken
from tests.failover.schedule import Schedule, schedule, smaller
from tests.failover.world import MakeAppender, Run, run

from blossm.core.appender import Appender

AS_IT_IS = Rules()


def broken_by(of: Schedule, *, make: MakeAppender = Appender, rules: Rules = AS_IT_IS) -> Broken | None:
    """What the schedule breaks."""
    try:
        check(run(of, make=make, rules=rules))
    except Broken as broken:
        return broken
    return None


def first_broken(seeds: Iterable[int], *, make: MakeAppender = Appender, rules: Rules = AS_IT_IS) -> Schedule | None:
    """The first schedule that breaks a promise."""
    made = (schedule(seed) for seed in seeds)
    return next((each for each in made if broken_by(each, make=make, rules=rules)), None)


def story(of: Schedule, *, make: MakeAppender = Appender, rules: Rules = AS_IT_IS) -> str:
    """A broken schedule without all that it does not need to break, and what happens in it."""
    small = smaller(of, lambda fewer: broken_by(fewer, make=make, rules=rules) is not None)
    played: Run = run(small, make=make, rules=rules)
    try:
        check(played)
    except Broken as broken:
        return "\n".join([f"seed {small.seed}: {broken}", *map(str, small.acts), *map(str, small.faults), *played.lines()])
    raise AssertionError("a schedule that broke a promise does not any more")
