"""However a fact is reached, its asker is promised the same."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.transports import Way

from blossm.adapters.memory.clock import FakeClock
from blossm.procedures.standing import Procedures
from blossm.testing.contracts.asked import NETWORK, Facts
from blossm.testing.contracts.fact_client import FactClientContract, Reach


class TestFactClient(FactClientContract):
    @pytest.fixture
    async def reach(self, wire: Way, facts: Facts, clock: FakeClock) -> AsyncIterator[Reach]:
        transport = wire.transport(NETWORK, clock=clock)
        await transport.serve(Procedures(facts=dict.fromkeys(NETWORK.facts, facts)))
        yield transport.operator().fact
        await transport.close()
