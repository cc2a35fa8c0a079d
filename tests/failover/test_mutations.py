"""Without one of its rules the log breaks its promises, and the schedules of `make test` show it: they can fail."""

from __future__ import annotations

from typing import Any

import pytest
from tests.failover.log import Rules
from tests.failover.mutants import ByPosition, Hopeful, Pipelining
from tests.failover.proof import first_broken, story
from tests.failover.test_failover import CHUNKS, SEEDS


@pytest.mark.parametrize(
    "without",
    [
        pytest.param({"make": Pipelining}, id="one batch in flight"),
        pytest.param({"make": Hopeful}, id="a durable head to build on"),
        pytest.param({"make": ByPosition}, id="the comparison of ids"),
        pytest.param({"rules": Rules(reads="local")}, id="majority reads of head and tail"),
        pytest.param({"rules": Rules(writes="one")}, id="majority writes"),
        pytest.param({"rules": Rules(never_back=False)}, id="reads that never go back"),
    ],
)
def test_the_log_does_not_keep_its_promises_without(without: dict[str, Any]) -> None:
    assert first_broken(range(CHUNKS * SEEDS), **without) is not None


def test_a_schedule_that_fails_is_told_without_what_it_does_not_need() -> None:
    broken = first_broken(range(CHUNKS * SEEDS), make=Pipelining)
    assert broken is not None
    lines = story(broken, make=Pipelining).splitlines()
    assert lines[0].startswith(f"seed {broken.seed}: ")
    assert sum(line.startswith("Act(") for line in lines) < len(broken.acts)
    assert sum(line.startswith("Fault(") for line in lines) < len(broken.faults)
    assert any("inserts" in line for line in lines)
