"""What the parts of the suite begin with: empty stores, a clock, and the event stores of the shop on them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from blossm.adapters.memory.clock import FakeClock
from blossm.ports import EventStoreClient, LogStore, StateStore
from blossm.testing.contracts.clock import PassingClock
from blossm.testing.contracts.shop import event_stores


class Given:
    """Fixtures that a subclass fills in, and figures that it may lower where its store is slow."""

    many = 1_500  # roots of a question, commits of a crowd: more than a page of anything

    @pytest.fixture
    async def log(self) -> AsyncIterator[LogStore]:
        raise NotImplementedError
        yield  # noqa: PT022 - it says what a subclass does

    @pytest.fixture
    async def states(self) -> AsyncIterator[StateStore]:
        raise NotImplementedError
        yield  # noqa: PT022 - it says what a subclass does

    @pytest.fixture
    def clock(self) -> FakeClock:
        return PassingClock()

    @pytest.fixture
    async def client(self, log: LogStore, states: StateStore, clock: FakeClock) -> AsyncIterator[EventStoreClient]:
        stores = event_stores(log, states, clock=clock)
        yield stores
        await stores.close()
