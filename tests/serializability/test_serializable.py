"""Whatever runs at once, on any store and over any transport, it went as if it had run one by one, in the log's order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from tests.mongodb.fixtures import Databases
from tests.serializability import plans
from tests.serializability.checker import check
from tests.serializability.city import ROOTS, Asked, City, History, city
from tests.serializability.serial import NotSerial
from tests.transports import WIRES, Way

from blossm.adapters.memory.log import MemoryLogStore
from blossm.adapters.memory.states import MemoryStateStore
from blossm.adapters.mongodb.log import MongoLogStore
from blossm.adapters.mongodb.states import MongoStateStore
from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.adapters.sqlite.states import SqliteStateStore
from blossm.core.commit import EventRef
from blossm.core.read_set import Question, ReadSet
from blossm.handlers.reading import Reader
from blossm.model.indexes import log_plan
from blossm.ports import LogStore, StateStore
from blossm.procedures.questions import Questions

IN_PROCESS = WIRES[0]
Stores = list[tuple[LogStore, StateStore]]
Open = Callable[[int, Path], Stores]


def in_memory(processes: int, folder: Path) -> Stores:
    return [(MemoryLogStore(service="shop", network="city.example"), MemoryStateStore())] * processes


def in_sqlite(processes: int, folder: Path) -> Stores:
    return [
        (
            SqliteLogStore.open(folder / "log", service="shop", network="city.example", synchronous="NORMAL"),
            SqliteStateStore.open(folder / "states"),
        )
        for _ in range(processes)
    ]


class Stage:
    """A city in an event loop of its own, which many histories are played in."""

    def __init__(self, way: Way, tmp_path: Path) -> None:
        self._runner = asyncio.Runner()
        self._closing = AsyncExitStack()
        self._tmp_path = tmp_path
        self._played = 0
        self.city: City = self._runner.run(self._closing.enter_async_context(city(way)))

    def play(
        self, asked: Sequence[Asked], choices: Sequence[int] | None, *, open: Open = in_memory, processes: int = 1
    ) -> History:
        """Run these at once on an empty log."""
        self._played += 1
        folder = self._tmp_path / str(self._played)
        folder.mkdir()
        return self._runner.run(self._play(asked, choices, open, processes, folder))

    async def _play(
        self, asked: Sequence[Asked], choices: Sequence[int] | None, open: Open, processes: int, folder: Path
    ) -> History:
        stores = open(processes, folder)
        try:
            return await self.city.history(asked, choices, stores=stores)
        finally:
            for log, states in stores:
                await states.close()
                await log.close()

    def close(self) -> None:
        self._runner.run(self._closing.aclose())
        self._runner.close()


@pytest.fixture
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """In process, or where the test says so (`wire`)."""
    way = request.getfixturevalue("wire") if "wire" in request.fixturenames else IN_PROCESS
    made = Stage(way, tmp_path)
    yield made
    made.close()


def some(examples: int, *phases: Phase) -> settings:
    """The same examples in every run; a failing one is made as small as it can be."""
    return settings(
        max_examples=examples,
        phases=phases or (Phase.generate, Phase.shrink),
        deadline=None,
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


STORES = pytest.mark.parametrize("open", [in_memory, in_sqlite])


@STORES
def test_commands_that_run_at_once_went_as_if_one_by_one(stage: Stage, wire: Way, open: Open) -> None:
    @some(40 if (wire, open) == (IN_PROCESS, in_memory) else 12)
    @given(plans.commands(), plans.choices, st.integers(1, 2))
    def at_once(asked: list[Asked], choices: list[int], processes: int) -> None:
        check(stage.city, stage.play(asked, choices, open=open, processes=processes))

    at_once()


@STORES
@pytest.mark.parametrize("processes", [1, 2])
def test_so_did_many_that_nobody_holds_up(stage: Stage, wire: Way, open: Open, processes: int) -> None:
    history = stage.play(plans.seeded(processes, count=25), None, open=open, processes=processes)
    check(stage.city, history)
    assert len(history.commits) > 5  # how many lose all their races is for the machine to say


@pytest.mark.parametrize("seed", range(2))
async def test_on_mongodb_too(mongodbs: Databases, wire: Way, seed: int) -> None:
    async with city(wire) as made:
        first = await mongodbs.having(log_plan(made.network.stores_of("shop").values()))
        stores: Stores = []
        for database in (first, mongodbs.again(first)):
            log = await MongoLogStore.open(database, service="shop", network="city.example")
            stores.append((log, await MongoStateStore.open(database)))
        check(made, await made.history(plans.seeded(seed, count=5), plans.interleaving(seed), stores=stores))


def test_the_very_same_commands_one_after_the_other_log_the_very_same(stage: Stage) -> None:
    @some(25)
    @given(plans.commands(several=False), plans.choices)
    def at_once(asked: list[Asked], choices: list[int]) -> None:
        history = stage.play(asked, choices)
        logged = [logged.commit.tx.id for logged in history.commits]
        ordered = sorted((each for each in asked if each.name in logged), key=lambda each: logged.index(each.name))
        again = stage.play(ordered, [])
        assert [event.payload for event in again.events] == [event.payload for event in history.events]
        assert again.end == history.end
        responses = {ran.asked.name: ran.response for ran in history.ran}
        assert all(ran.response == responses[ran.asked.name] for ran in again.ran)

    at_once()


# ---------------------------------------------------------------- it can fail


def refused(stage: Stage, *phases: Phase, several: bool = True, command: str = "act", most: int = 5) -> str:
    """What the checker says of the first history that did not go as if one by one."""

    @some(150, *phases)
    @given(plans.commands(several=several, command=command, most=most), plans.choices)
    def at_once(asked: list[Asked], choices: list[int]) -> None:
        check(stage.city, stage.play(asked, choices))

    with pytest.raises(NotSerial) as found:
        at_once()
    return str(found.value)


def test_without_consistency_a_history_is_found_that_did_not_and_it_is_told_in_short(stage: Stage) -> None:
    told = refused(stage, several=False, command="act_loosely", most=2)
    _, _, history = told.partition("\n\n")
    commands, _, log = history.partition("\nlog:\n")
    assert len(commands.splitlines()) == 2
    assert len(log.splitlines()) <= 2
    assert commands.count(";") <= 3  # five steps, in both of them together


async def _asks_nothing(self: Questions, question: Question, **at: Any) -> None: ...


def _keeps_its_own(self: ReadSet, other: ReadSet) -> ReadSet:
    return self


def _notes_no_root(self: ReadSet, *root: Any, head: int) -> ReadSet:
    return msgspec.structs.replace(self, head=self.head or head)


def _takes_the_last_number(self: ReadSet, logged: Iterable[EventRef]) -> ReadSet:
    now = {(event.domain, event.root): event.number for event in logged}
    roots = {key: now.get(key, number) for key, number in self.roots.items()}
    return msgspec.structs.replace(self, roots=roots, head=max(self.head, *(event.position + 1 for event in logged)))


async def _pins_nothing(self: Reader, read: Callable[[int], Awaitable[Any]]) -> Any:
    return await read(0)


@pytest.mark.parametrize(
    ("where", "name", "fault"),
    [
        (Questions, "ask_again", _asks_nothing),
        (ReadSet, "merged", _keeps_its_own),
        (ReadSet, "with_root", _notes_no_root),
        (Reader, "_pinned", _pins_nothing),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_whatever_is_left_out_of_the_protocol_is_found(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, where: type, name: str, fault: Callable[..., Any]
) -> None:
    monkeypatch.setattr(where, name, fault)
    refused(stage, Phase.generate)


def test_a_command_that_takes_for_its_own_what_others_logged_between_is_found(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ReadSet, "moved", _takes_the_last_number)
    a, b, _ = ROOTS
    asked = [
        Asked("a", [["count", "bicycle", a], ["call", [["paint", a, "red"]]], ["paint", b, "red"]]),
        Asked("b", [["paint", a, "blue"]]),
    ]

    @some(50, Phase.generate)
    @given(plans.choices)
    def at_once(choices: list[int]) -> None:
        check(stage.city, stage.play(asked, choices))

    with pytest.raises(NotSerial, match="a: it logged"):
        at_once()
