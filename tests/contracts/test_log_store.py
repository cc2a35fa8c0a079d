from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.mongodb.fixtures import Databases

from blossm.adapters.memory.log import MemoryLogStore
from blossm.adapters.mongodb.log import MongoLogStore
from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.model.indexes import log_plan
from blossm.ports import LogStore
from blossm.testing.contracts.log_store import LogStoreContract


class TestMemoryLogStore(LogStoreContract):
    @pytest.fixture
    async def store(self) -> AsyncIterator[LogStore]:
        store = MemoryLogStore(service="shop", network="city.example")
        yield store
        await store.close()


class TestSqliteLogStore(LogStoreContract):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[LogStore]:
        store = SqliteLogStore.open(tmp_path / "shop.log", service="shop", network="city.example")
        yield store
        await store.close()


class TestMongoLogStore(LogStoreContract):
    @pytest.fixture
    async def store(self, mongodbs: Databases) -> AsyncIterator[LogStore]:
        database = await mongodbs.having(log_plan(()))
        store = await MongoLogStore.open(database, service="shop", network="city.example")
        yield store
        await store.close()
