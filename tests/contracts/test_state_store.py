from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.mongodb.fixtures import Databases
from tests.mongodb.states import PLAN

from blossm.adapters.memory.states import MemoryStateStore
from blossm.adapters.mongodb.states import MongoStateStore
from blossm.adapters.sqlite.states import SqliteStateStore
from blossm.ports import StateStore
from blossm.testing.contracts.state_store import StateStoreContract


class TestMemoryStateStore(StateStoreContract):
    @pytest.fixture
    async def store(self) -> AsyncIterator[StateStore]:
        store = MemoryStateStore()
        yield store
        await store.close()


class TestSqliteStateStore(StateStoreContract):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[StateStore]:
        store = SqliteStateStore.open(tmp_path / "shop.states")
        yield store
        await store.close()


class TestMongoStateStore(StateStoreContract):
    @pytest.fixture
    async def store(self, mongodbs: Databases) -> AsyncIterator[StateStore]:
        store = await MongoStateStore.open(await mongodbs.having(PLAN))
        yield store
        await store.close()
