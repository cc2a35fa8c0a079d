"""Whatever happens to saved states, at whatever moment, everybody is answered what the log says."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from tests.log.conftest import settled
from tests.log.test_states import sql

from blossm.adapters.memory.clock import FakeClock
from blossm.adapters.memory.log import MemoryLogStore
from blossm.adapters.sqlite.states import SqliteStateStore
from blossm.core.commit import NewEvent
from blossm.core.event import Aggregate, LoggedEvent
from blossm.core.fold import Fold
from blossm.procedures.event_store import EventStores
from blossm.testing.contracts.log_store import BLUE, RED, commit
from blossm.testing.contracts.shop import GREEN, event_stores, folds, painted, sold, trued

ROOTS = (RED, BLUE, GREEN)
COLORS = ("red", "blue")
EDITS = (
    "UPDATE states SET number = number + {n}",
    "UPDATE states SET position = position - {n}",
    "UPDATE states SET state = replace(state, 'red', 'blue')",
    "UPDATE domains SET covered = covered + {n}",
    "UPDATE domains SET covered = {n}, sum = {n}",
    "UPDATE domains SET fold = 'another'",
    "UPDATE keys SET key = '\"red\"' WHERE path = 'color'",
    "UPDATE keys SET root = '" + RED + "' WHERE root = '" + BLUE + "'",
    "DELETE FROM keys WHERE root = '" + RED + "'",
    "DELETE FROM keys",
    "DELETE FROM answers",
    "UPDATE answers SET roots = roots + {n}",
    "DELETE FROM states WHERE root = '" + BLUE + "'",
    "UPDATE states SET number = number + {n}, position = position + {n} WHERE root = ''",
    "DELETE FROM domains",
    "DROP TABLE answers",
    "PRAGMA user_version = 1",
)


class World:
    """Two processes on one log and one file of states, and chance, which does to them what it likes."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.file = folder / "states"
        self.chance = chance
        self.clock = FakeClock()
        self.log = MemoryLogStore(service="shop", network="city.example")
        self.source = ""
        self.backups = 0
        self.processes: list[tuple[EventStores, SqliteStateStore]] = []

    @property
    def client(self) -> EventStores:
        return self.chance.choice(self.processes)[0]

    async def begin(self) -> None:
        for _ in range(2):
            states = SqliteStateStore.open(self.file)
            self.processes.append((event_stores(self.log, states, clock=self.clock, source=self.source), states))

    async def end(self) -> None:
        for stores, states in self.processes:
            await stores.close()
            await states.close()
        self.processes.clear()

    async def append(self) -> None:
        root, color, n = self.chance.choice(ROOTS), self.chance.choice(COLORS), self.chance.randint(1, 9)
        events = [
            painted(color, root),
            NewEvent("bicycle", root, "counted", 1, {}),
            sold(f"{color}@shop.example", root),
            trued(n, root),
        ]
        await self.client.append(commit(*self.chance.choices(events, k=n)))
        self.clock.advance(self.chance.random())

    async def save(self) -> None:
        for stores, _ in self.processes:
            async with asyncio.timeout(20):
                while stores._states._saving:
                    self.clock.advance(0.1)
                    await asyncio.sleep(0.001)

    async def begin_again(self) -> None:
        await self.end()
        self.source = self.chance.choice(("", "", "another fold"))
        await self.begin()

    async def restore(self) -> None:
        """The log is a backup of itself now, and grows another tail than it had."""
        await self.end()
        commits = (await self.log.read(0, 1_000)).commits
        self.log = MemoryLogStore(service="shop", network="city.example")
        kept = commits[: self.chance.randint(0, len(commits))]
        assert await self.log.insert_at(1, kept) == "inserted"
        await self.begin()

    async def damage(self) -> None:
        """While it is in use, or between two lives of the processes."""
        alive = self.chance.random() < 0.5
        if not alive:
            await self.end()
        self.chance.choice((self._flip, self._cut, self._edit, self._edit, self._delete, self._put_back))()
        if not alive:
            await self.begin()

    def _flip(self) -> None:
        for path in self.file.parent.glob(f"{self.file.name}*"):
            data = bytearray(path.read_bytes())
            for _ in range(self.chance.choice((1, 10, 1_000)) if data else 0):
                data[self.chance.randrange(len(data))] ^= 1 << self.chance.randrange(8)
            with path.open("r+b") as file:
                file.write(data)

    def _cut(self) -> None:
        if self.file.exists():
            with self.file.open("r+b") as file:
                file.truncate(self.chance.randrange(self.file.stat().st_size + 1))

    def _edit(self) -> None:
        statement = self.chance.choice(EDITS).format(n=self.chance.randint(1, 30))
        try:
            sql(statement)(self.file)
        except apsw.Error:  # it was damaged before, or has no such column
            return

    def _delete(self) -> None:
        for path in self.file.parent.glob(f"{self.file.name}*"):
            path.unlink()

    def _put_back(self) -> None:
        """A copy that was made earlier, or one is made now."""
        copy = self.file.with_name("copy")
        if copy.exists():
            shutil.copy(copy, self.file)
        elif self.file.exists():
            shutil.copy(self.file, copy)

    async def look(self) -> None:
        """Ask something, and compare with a fold from scratch."""
        events = [
            event
            for logged in (await self.log.read(0, 10_000)).commits
            for event in logged.events(service="shop", network="city.example")
        ]
        domain, root, client = self.chance.choice(("bicycle", "wheel")), self.chance.choice(ROOTS), self.client
        mine = [event for event in events if (event.domain, event.root) == (domain, root)]
        match self.chance.choice(("now", "number", "time", "question", "question", "count")):
            case "now":
                assert (await client.aggregate(domain, root)).value == scratch(domain, root, mine)
            case "number":
                at = self.chance.randint(0, len(mine) + 1)
                assert (await client.aggregate(domain, root, number=at)).value == scratch(domain, root, mine[:at])
            case "time" if events:
                time = self.chance.choice(events).committed
                then = [event for event in mine if event.committed <= time]
                assert then == mine[: len(then)]  # a time is a place in the log
                assert (await client.aggregate(domain, root, time=time)).value == scratch(domain, root, then)
            case "question":
                field, value = self.chance.choice((("color", "red"), ("count", 1), ("count", 2), ("color", "blue")))
                of_each = {each: [event for event in events if (event.domain, event.root) == ("bicycle", each)] for each in ROOTS}
                every = (scratch("bicycle", each, mine) for each, mine in of_each.items())
                expected = tuple(found for found in every if found.state.get(field) == value)
                answer = (await client.query_aggregates("bicycle", {field: value})).value
                assert answer == expected, f"{field} {value}: {answer}, not {expected}"
            case "count":
                assert (await client.count(domain, root)).value == len(mine)


FOLDS: dict[str, Fold] = folds()


def scratch(domain: str, root: str, events: list[LoggedEvent]) -> Aggregate:
    state = FOLDS[domain].state(events)
    return Aggregate(root, state, events[-1].number, events[-1].position) if events else Aggregate(root, {})


STEPS: list[tuple[Callable[[World], Any], int]] = [
    (World.append, 4),
    (World.save, 3),
    (World.look, 6),
    (World.damage, 2),
    (World.begin_again, 1),
    (World.restore, 1),
]


async def live(folder: Path, seed: int, steps: int) -> None:
    world = World(folder, random.Random(seed))
    await world.begin()
    try:
        for _ in range(steps):
            (step,) = world.chance.choices([step for step, _ in STEPS], [weight for _, weight in STEPS])
            await step(world)
        for _ in range(5):
            await world.look()
    finally:
        await world.end()
        await settled()


@settings(
    max_examples=25,
    phases=(Phase.generate, Phase.shrink),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.integers(0, 100_000), st.integers(5, 60))
def test_everybody_is_answered_what_the_log_says(tmp_path_factory: pytest.TempPathFactory, seed: int, steps: int) -> None:
    asyncio.run(live(tmp_path_factory.mktemp("states"), seed, steps))
