from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.rpc.served_shop import event_stores, served

from blossm.adapters.memory.clock import FakeClock
from blossm.adapters.memory.log import MemoryLogStore
from blossm.adapters.memory.states import MemoryStateStore
from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.adapters.sqlite.states import SqliteStateStore
from blossm.ports import EventStoreClient, LogStore, StateStore
from blossm.testing.contracts.event_store import EventStoreContract


class OverGrpc(EventStoreContract):
    @pytest.fixture
    async def client(self, log: LogStore, states: StateStore, clock: FakeClock) -> AsyncIterator[EventStoreClient]:
        stores = event_stores(log=log, states=states, clock=clock)
        async with served({"shop": stores}, clock=clock) as shop, shop.client(clock=clock) as client:
            yield client
        await stores.close()


class TestEventStoresInMemoryOverGrpc(OverGrpc):
    @pytest.fixture
    async def log(self) -> AsyncIterator[LogStore]:
        log = MemoryLogStore(service="shop", network="city.example")
        yield log
        await log.close()

    @pytest.fixture
    async def states(self) -> AsyncIterator[StateStore]:
        states = MemoryStateStore()
        yield states
        await states.close()


class TestEventStoresOnSqliteOverGrpc(OverGrpc):
    @pytest.fixture
    async def log(self, tmp_path: Path) -> AsyncIterator[LogStore]:
        log = SqliteLogStore.open(tmp_path / "shop.log", service="shop", network="city.example")
        yield log
        await log.close()

    @pytest.fixture
    async def states(self, tmp_path: Path) -> AsyncIterator[StateStore]:
        states = SqliteStateStore.open(tmp_path / "shop.states")
        yield states
        await states.close()
