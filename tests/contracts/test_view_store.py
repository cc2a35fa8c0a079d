"""Every view store keeps the same promises."""

from pathlib import Path

import pytest

from blossm.adapters.memory.views import MemoryViewStore
from blossm.adapters.sqlite.views import SqliteViewStore
from blossm.testing.contracts.view_store import Open, ViewStoreContract


class TestMemoryViewStore(ViewStoreContract):
    @pytest.fixture
    def opened(self) -> Open:
        return MemoryViewStore


class TestSqliteViewStore(ViewStoreContract):
    @pytest.fixture
    def opened(self, tmp_path: Path) -> Open:
        return lambda spec: SqliteViewStore.open(tmp_path / "views" / f"{spec.address}.db", spec)
