from __future__ import annotations

from tests.contracts.stores import InMemory, OnSqlite

from blossm.testing.contracts.event_store import EventStoreContract


class TestEventStoresInMemory(InMemory, EventStoreContract): ...


class TestEventStoresOnSqlite(OnSqlite, EventStoreContract): ...
