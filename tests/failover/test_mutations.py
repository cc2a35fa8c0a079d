"""Without one of its rules the log breaks its promises, and the schedules of `make test` show it: they can fail."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.failover.log import Rules
from tests.failover.mutants import ByPosition, Forgetful, Hopeful, Pipelining
from tests.failover.proof import broken_by, first_broken, story
from tests.failover.schedule import schedule
from tests.failover.test_failover import CHUNKS, SEEDS

HOLE = "and the log before it ends at"
LOST = "was acknowledged and is lost"
MISCOUNTED = r"counts \d+ for the \d+th event"


@pytest.mark.parametrize(
    ("without", "breaks"),
    [
        pytest.param({"make": Pipelining}, HOLE, id="one batch in flight"),
        pytest.param({"make": Hopeful}, HOLE, id="a durable head to build on"),
        pytest.param({"make": ByPosition}, LOST, id="the comparison of ids"),
        pytest.param({"make": Forgetful}, "its key was logged before", id="a look at what has the key"),
        pytest.param({"rules": Rules(reads="local")}, MISCOUNTED, id="majority reads of head and tail"),
        pytest.param({"rules": Rules(writes="one")}, LOST, id="majority writes"),
        pytest.param({"rules": Rules(never_back=False)}, MISCOUNTED, id="reads that never go back"),
    ],
)
def test_the_log_does_not_keep_its_promises_without(without: dict[str, Any], breaks: str) -> None:
    """Each breaks as it must: it would prove little that something else does."""
    broken = (broken_by(schedule(seed), **without) for seed in range(CHUNKS * SEEDS))
    assert any(re.search(breaks, str(each)) for each in broken if each is not None)


def test_a_schedule_that_fails_is_told_without_what_it_does_not_need() -> None:
    broken = first_broken(range(CHUNKS * SEEDS), make=Pipelining)
    assert broken is not None
    lines = story(broken, make=Pipelining).splitlines()
    assert lines[0].startswith(f"seed {broken.seed}: ")
    assert sum(line.startswith("Act(") for line in lines) < len(broken.acts)
    assert sum(line.startswith("Fault(") for line in lines) < len(broken.faults)
    assert any("inserts" in line for line in lines)
