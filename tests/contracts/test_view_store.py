"""Every view store keeps the same promises."""

from pathlib import Path

import pytest
from tests.mongodb.fixtures import Databases
from tests.mongodb.views import view_store

from blossm.adapters.memory.views import MemoryViewStore
from blossm.adapters.sqlite.views import SqliteViewStore
from blossm.model.indexes import view_plan
from blossm.testing.contracts.view_store import Open, ViewStoreContract, bicycles


class TestMemoryViewStore(ViewStoreContract):
    @pytest.fixture
    def opened(self) -> Open:
        return MemoryViewStore


class TestSqliteViewStore(ViewStoreContract):
    @pytest.fixture
    def opened(self, tmp_path: Path) -> Open:
        return lambda spec: SqliteViewStore.open(tmp_path / "views" / f"{spec.address}.db", spec)


class TestMongoViewStore(ViewStoreContract):
    some = 25

    @pytest.fixture
    async def opened(self, request: pytest.FixtureRequest, mongodbs: Databases) -> Open:
        context = "garage" if "garages" in request.fixturenames else ""
        database = await mongodbs.having(view_plan(bicycles(context=context)))
        return lambda spec: view_store(database, spec)
