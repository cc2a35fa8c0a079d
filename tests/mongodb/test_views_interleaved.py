"""However several processes apply a view's events, in whatever batches, and wherever they die: the rows are the same.

The store's own code runs here over rows and checkpoints in memory. Before everything that it asks of them it waits for
its turn; chance says whose turn it is, who dies, and where batches end.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextvars import ContextVar
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mongodb.views import Log, apply_all, batch_of, shown

from blossm.adapters.memory.views import MemoryViewStore
from blossm.adapters.mongodb.views import MongoViewStore
from blossm.adapters.mongodb.views_generations import Kept, MongoGenerations
from blossm.adapters.mongodb.views_rows import MongoRows, Writes
from blossm.core.view import Batch, Change, Checkpoint, Row
from blossm.core.view_guarded import NOTHING, SeenRow
from blossm.core.view_query import value_at
from blossm.model.fields import Field
from blossm.testing.contracts.view_store import bicycles

TEXT = Field(type="string")
SPEC = bicycles(
    schema={
        "color": TEXT,
        "painted": Field(type="integer", default=0),
        "tags": Field(type="list", optional=True, items=TEXT),
        "rank": Field(type="integer", optional=True),
    },
    indexes=(("color",), ("rank",)),
    sorts=(),
    text=(),
)
READERS = ("shop", "shop", "staff")  # the processes, by the service whose log they read
DEATHS = 3

IDS = st.sampled_from("abc")
COLORS = st.sampled_from(["red", "blue"])
SHOP_FIELDS = st.one_of(
    st.fixed_dictionaries({"color": COLORS}),
    st.fixed_dictionaries({"painted": st.integers(-2, 2)}),
    st.fixed_dictionaries({"color": COLORS, "painted": st.integers(-2, 2)}),
)
SHOP_DOES: tuple[st.SearchStrategy[tuple[Any, dict[str, Any]]], ...] = (
    st.tuples(st.just("set"), SHOP_FIELDS),
    st.tuples(st.just("unset"), st.sampled_from([{"color": None}, {"painted": None}])),
    st.tuples(st.just("increment"), st.just({"painted": 1})),
    st.tuples(st.just("add"), st.fixed_dictionaries({"tags": st.lists(COLORS, min_size=1, max_size=2)})),
    st.tuples(st.just("discard"), st.fixed_dictionaries({"tags": st.lists(COLORS, min_size=1, max_size=2)})),
    st.tuples(st.just("remove"), st.just({})),
)
SHOP = st.one_of(
    st.builds(lambda id, color: Change(op="put", id=id, fields={"color": color}), IDS, COLORS),
    st.builds(lambda id, does: Change(op=does[0], id=id, fields=does[1]), IDS, st.one_of(SHOP_DOES)),
    st.builds(lambda color, does: Change(op=does[0], where={"color": color}, fields=does[1]), COLORS, st.one_of(SHOP_DOES)),
)
STAFF = st.one_of(
    st.builds(lambda id, rank: Change(op="set", id=id, fields={"rank": rank}), IDS, st.integers(0, 1)),
    st.builds(lambda id: Change(op="remove", id=id), IDS),
    st.builds(lambda rank: Change(op="increment", where={"rank": rank}, fields={"rank": 1}), st.integers(0, 1)),
)
LOGS = st.fixed_dictionaries(
    {
        "shop": st.lists(st.lists(SHOP, min_size=1, max_size=2), min_size=1, max_size=8),
        "staff": st.lists(st.lists(STAFF, min_size=1, max_size=2), max_size=3),
    }
)

_process: ContextVar[int] = ContextVar("process")


class Turns:
    """Who waits for a turn."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    async def mine(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((_process.get(), turn))
        await turn

    async def waiting(self) -> list[tuple[int, asyncio.Future[None]]]:
        """Once everybody who can go on has."""
        for _ in range(6):
            await asyncio.sleep(0)
        self._waiting = [each for each in self._waiting if not each[1].done()]
        return self._waiting


class HeldRows(MongoRows):
    """Rows in memory. A find looks at one after the other, and so a save writes them: others come in between."""

    def __init__(self, turns: Turns) -> None:
        self.kept: dict[str, SeenRow] = {}
        self._turns = turns

    async def load(self, generation: int, ids: Collection[str]) -> dict[str, SeenRow]:
        return dict.fromkeys(ids, NOTHING) | {id: kept async for id, kept in self._looked_at(ids)}

    async def having(self, generation: int, where: Mapping[str, Any]) -> dict[str, SeenRow]:
        return {
            id: kept
            async for id, kept in self._looked_at(sorted(self.kept))
            if kept.row and all(value_at(kept.row.body, name) == value for name, value in where.items())
        }

    async def save(self, generation: int, writes: Writes) -> bool:
        done = 0
        for id, (before, after) in writes.items():
            await self._turns.mine()
            if self.kept.get(id, NOTHING).revision == before.revision:
                self.kept[id] = after
                done += 1
        return done == len(writes)

    async def _looked_at(self, ids: Iterable[str]) -> AsyncIterator[tuple[str, SeenRow]]:
        for id in ids:
            await self._turns.mine()
            if id in self.kept:
                yield id, self.kept[id]


class HeldGenerations(MongoGenerations):
    """One generation, in memory."""

    def __init__(self, turns: Turns) -> None:
        self.at: dict[str, Checkpoint] = {}
        self._turns = turns

    async def kept(self) -> Kept:
        return Kept(definitions={"1": "one"})

    async def checkpoint(self, generation: int, service: str) -> Checkpoint:
        await self._turns.mine()
        return self.at.get(service, Checkpoint())

    async def move_checkpoint(self, generation: int, batch: Batch) -> bool:
        await self._turns.mine()
        if self.at.get(batch.service, Checkpoint()) != batch.before:
            return False
        self.at[batch.service] = batch.after
        return True


class Life:
    """Processes that read logs into one view, of which some die and come back."""

    def __init__(self, logs: Mapping[str, Log], chance: random.Random) -> None:
        self.logs = logs
        self.chance = chance
        self.turns = Turns()
        self.rows = HeldRows(self.turns)
        self.generations = HeldGenerations(self.turns)
        self.store = MongoViewStore(SPEC, rows=self.rows, generations=self.generations)

    async def live(self) -> None:
        """Until every process has seen all of its log."""
        processes = [self.process(number) for number in range(len(READERS))]
        deaths = DEATHS
        while waiting := await self.turns.waiting():
            number, turn = self.chance.choice(waiting)
            if deaths and self.chance.random() < 0.03:
                deaths -= 1
                processes[number].cancel()
                await asyncio.wait([processes[number]])
                processes[number] = self.process(number)
            else:
                turn.set_result(None)
        await asyncio.gather(*processes)

    def process(self, number: int) -> asyncio.Task[None]:
        return asyncio.create_task(self.read(number))

    async def read(self, number: int) -> None:
        _process.set(number)
        service = READERS[number]
        while (before := await self.generations.checkpoint(1, service)).position < len(self.logs[service]):
            size = self.chance.randint(1, 4)
            await self.store.apply(1, batch_of(service, self.logs[service], before.position, size))

    def shown(self) -> dict[str, Row]:
        return {id: kept.row.row() for id, kept in self.rows.kept.items() if kept.row}


async def check(logs: Mapping[str, Log], chances: Iterable[int]) -> None:
    undisturbed = MemoryViewStore(SPEC)
    await apply_all(undisturbed, 1, logs, size=1)
    expected = await shown(undisturbed, 1)
    for seed in chances:
        life = Life(logs, random.Random(seed))
        await life.live()
        assert life.shown() == expected
        assert {service: at.position for service, at in life.generations.at.items()} == {
            service: len(log) for service, log in logs.items() if log
        }


@settings(max_examples=40, deadline=None)
@given(LOGS, st.integers(0, 2**32))
def test_rows_are_what_the_events_make_of_them_whoever_applies_them_and_dies(logs: dict[str, Log], seed: int) -> None:
    asyncio.run(check(logs, range(seed, seed + 15)))


async def test_no_row_slips_through_between_two_questions_that_a_batch_asks() -> None:
    """The first `where` moves rows to where the second one looks, and so does another process, at any moment."""
    painting = Change(op="set", where={"color": "red"}, fields={"color": "blue"})
    counting = Change(op="increment", where={"color": "blue"}, fields={"painted": 1})
    new = [Change(op="put", id=id, fields={"color": "red"}) for id in "ab"]
    await check({"shop": [[new[0]], [new[1]], [painting], [counting]], "staff": []}, range(200))
