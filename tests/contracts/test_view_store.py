"""Every view store keeps the same promises."""

from pathlib import Path

import pytest
from tests.mongodb.plans import applied

from blossm.adapters.memory.views import MemoryViewStore
from blossm.adapters.mongodb.client import Database
from blossm.adapters.mongodb.views import MongoViewStore
from blossm.adapters.sqlite.views import SqliteViewStore
from blossm.model.indexes import view_plan
from blossm.testing.contracts.view_store import Open, ViewStoreContract


class TestMemoryViewStore(ViewStoreContract):
    @pytest.fixture
    def opened(self) -> Open:
        return MemoryViewStore


class TestSqliteViewStore(ViewStoreContract):
    @pytest.fixture
    def opened(self, tmp_path: Path) -> Open:
        return lambda spec: SqliteViewStore.open(tmp_path / "views" / f"{spec.address}.db", spec)


class TestMongoViewStore(ViewStoreContract):
    @pytest.fixture
    def opened(self, mongodb_uri: str, mongodb: Database) -> Open:
        return lambda spec: MongoViewStore(applied(mongodb_uri, mongodb, view_plan(spec)), spec)
