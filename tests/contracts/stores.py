"""The stores on which the suites run: mixed into a suite, they fill in its fixtures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.mongodb.fixtures import Databases

from blossm.adapters.memory.log import MemoryLogStore
from blossm.adapters.memory.states import MemoryStateStore
from blossm.adapters.mongodb.client import Database
from blossm.adapters.mongodb.log import MongoLogStore
from blossm.adapters.mongodb.states import MongoStateStore
from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.adapters.sqlite.states import SqliteStateStore
from blossm.model.indexes import log_plan
from blossm.ports import LogStore, StateStore
from blossm.testing.contracts.shop import STORES


class InMemory:
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


class OnSqlite:
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


class OnMongodb:
    plan = log_plan(STORES.values())
    many = 100  # the emulator takes 60 ms to look through as many documents

    @pytest.fixture
    async def database(self, mongodbs: Databases) -> Database:
        return await mongodbs.having(self.plan)

    @pytest.fixture
    async def log(self, database: Database) -> AsyncIterator[LogStore]:
        log = await MongoLogStore.open(database, service="shop", network="city.example")
        yield log
        await log.close()

    @pytest.fixture
    async def states(self, database: Database) -> AsyncIterator[StateStore]:
        states = await MongoStateStore.open(database)
        yield states
        await states.close()
