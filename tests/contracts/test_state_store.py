from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from blossm.adapters.memory.states import MemoryStateStore
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
