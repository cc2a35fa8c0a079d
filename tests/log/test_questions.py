"""Questions that are asked again: what a client says of its own events is believed only where the log has them."""

from __future__ import annotations

import pytest

from blossm.adapters.memory.clock import FakeClock
from blossm.adapters.memory.log import MemoryLogStore
from blossm.adapters.memory.states import MemoryStateStore
from blossm.core.errors import Conflict
from blossm.core.read_set import NO_READS, Question
from blossm.testing.contracts.log_store import BLUE, RED, commit
from blossm.testing.contracts.shop import event_stores, painted


async def test_own_events_that_nobody_has_logged_are_a_conflict() -> None:
    log = MemoryLogStore(service="shop", network="city.example")
    client = event_stores(log, MemoryStateStore(), clock=FakeClock())
    question = Question("bicycle", {"color": "red"}, {}, own={RED: (5, 6)})
    with pytest.raises(Conflict):
        await client.append(commit(painted("black", BLUE)), reads=NO_READS.with_question(question, head=1))
    assert await log.head() == 1
    await client.close()
