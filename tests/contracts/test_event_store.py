from __future__ import annotations

from tests.contracts.stores import InMemory, OnMongodb, OnSqlite

from blossm.testing.contracts.event_store import EventStoreContract


class TestEventStoresInMemory(InMemory, EventStoreContract): ...


class TestEventStoresOnSqlite(OnSqlite, EventStoreContract): ...


class TestEventStoresOnMongodb(OnMongodb, EventStoreContract): ...
