from __future__ import annotations

from tests.contracts.stores import InMemory, OnMongodb, OnSqlite

from blossm.testing.contracts.appender import AppenderContract


class TestAppenderInMemory(InMemory, AppenderContract): ...


class TestAppenderOnSqlite(OnSqlite, AppenderContract): ...


class TestAppenderOnMongodb(OnMongodb, AppenderContract): ...
