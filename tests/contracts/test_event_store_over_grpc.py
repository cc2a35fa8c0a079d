from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.contracts.stores import InMemory, OnSqlite
from tests.rpc.served_shop import event_stores, served

from blossm.adapters.memory.clock import FakeClock
from blossm.ports import EventStoreClient, LogStore, StateStore
from blossm.testing.contracts.event_store import EventStoreContract


class OverGrpc(EventStoreContract):
    @pytest.fixture
    async def client(self, log: LogStore, states: StateStore, clock: FakeClock) -> AsyncIterator[EventStoreClient]:
        stores = event_stores(log=log, states=states, clock=clock)
        async with served({"shop": stores}, clock=clock) as shop, shop.client(clock=clock) as client:
            yield client
        await stores.close()


class TestEventStoresInMemoryOverGrpc(InMemory, OverGrpc): ...


class TestEventStoresOnSqliteOverGrpc(OnSqlite, OverGrpc): ...
