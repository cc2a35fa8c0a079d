"""A database that a process dies on: after its n-th request, whose answer nobody hears."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from blossm.adapters.mongodb.client import Database, Session
from blossm.adapters.mongodb.views_rows import MongoRows, Writes


class Died(Exception):
    """The process is no more."""


class Life:
    """How many requests are left."""

    def __init__(self, requests: int) -> None:
        self._left = requests

    @asynccontextmanager
    async def request(self) -> AsyncIterator[None]:
        yield
        self._left -= 1
        if self._left < 0:
            raise Died


class Stopping(Database):
    """The database as a process with this life has it."""

    def __init__(self, database: Database, life: Life) -> None:
        self.__dict__ |= database.__dict__
        self._life = life

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Session]:
        async with self._life.request(), super().turn() as session:
            yield session


class RowByRow(MongoRows):
    """Rows that are written together are requests of their own: a server may stop in the middle of them."""

    async def save(self, generation: int, writes: Writes) -> bool:
        done = [await super(RowByRow, self).save(generation, {id: write}) for id, write in writes.items()]
        return all(done)
