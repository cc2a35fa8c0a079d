"""A process that dies between any two requests of a batch leaves nothing that the next one can't go on from."""

from __future__ import annotations

import pytest
from tests.mongodb.fixtures import Databases
from tests.mongodb.monitor import Sent
from tests.mongodb.stopping import Died, Life, RowByRow, Stopping
from tests.mongodb.views import LOGS, apply_all, batch_of, shown, view_store

from blossm.adapters.memory.views import MemoryViewStore
from blossm.adapters.mongodb.client import Database
from blossm.adapters.mongodb.views import MongoViewStore
from blossm.adapters.mongodb.views_generations import MongoGenerations
from blossm.core.view import Row
from blossm.model.indexes import view_plan
from blossm.testing.contracts.view_store import bicycles

SPEC = bicycles()


@pytest.fixture
async def database(mongodbs: Databases) -> Database:
    return await mongodbs.having(view_plan(SPEC))


@pytest.fixture
async def expected() -> dict[str, Row]:
    undisturbed = MemoryViewStore(SPEC)
    await apply_all(undisturbed, 1, LOGS, size=1)
    return await shown(undisturbed, 1)


async def dies(database: Database, generation: int, life: Life) -> bool:
    """Whether a process with this life dies before it has applied all of shop's events at once."""
    mortal = Stopping(database, life)
    store = MongoViewStore(SPEC, rows=RowByRow(mortal, SPEC), generations=MongoGenerations(mortal))
    try:
        await store.apply(generation, batch_of("shop", LOGS["shop"], 0, 6))
    except Died:
        return True
    return False


async def test_whoever_goes_on_makes_the_same_rows_wherever_a_process_died(database: Database, expected: dict[str, Row]) -> None:
    store = view_store(database, SPEC)
    requests = 0
    died = True
    while died:
        generation = await store.begin()
        died = await dies(database, generation, Life(requests))
        await apply_all(store, generation, LOGS, size=(6, 2)[requests % 2])  # the same batch again, or others
        assert await shown(store, generation) == expected
        await store.abandon(generation)
        requests += 1
    assert requests > 10  # it has died everywhere in between


async def test_rows_that_are_further_than_the_checkpoint_are_not_written_again(
    database: Database, mongodbs: Databases, expected: dict[str, Row]
) -> None:
    store = view_store(database, SPEC)
    await apply_all(store, 1, LOGS, size=6)
    await database.collection("checkpoints").delete_many({})
    written = len(writes_of_rows(mongodbs))
    await apply_all(store, 1, LOGS, size=4)
    assert await shown(store, 1) == expected
    assert len(writes_of_rows(mongodbs)) == written > 0


def writes_of_rows(mongodbs: Databases) -> list[Sent]:
    return [sent for sent in mongodbs.monitor.named("insert", "update", "delete") if sent.collection == "rows"]
