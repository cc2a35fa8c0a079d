"""Whatever callers do at once, the log is as if they had come one by one, in its order."""

from __future__ import annotations

import asyncio
import random
import tempfile
import uuid
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blossm.adapters.clock import SystemClock
from blossm.adapters.memory.bus import MemoryBus
from blossm.adapters.memory.log import MemoryLogStore
from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.core.appender import Appender
from blossm.core.commit import Appended, Commit, Expectation, NewEvent, RootKey
from blossm.core.errors import Conflict, KeyReused
from blossm.core.event import Tx
from blossm.ports import LogStore

DOMAINS = ["bicycle", "wheel"]
ROOTS = [str(uuid.UUID(int=n, version=4)) for n in range(3)]
KEYS = [(domain, root) for domain in DOMAINS for root in ROOTS]


@dataclass(frozen=True)
class Try:
    """One append: to which roots, what it expects, under which key."""

    roots: list[RootKey]
    expect: dict[RootKey, int]
    quiet: dict[str, int]
    key: int | None
    fingerprint: str
    appender: int


@dataclass
class Model:
    """The log, one by one."""

    head: int = 1
    numbers: dict[RootKey, int] = field(default_factory=lambda: defaultdict(int))
    last: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def holds(self, attempt: Try) -> bool:
        roots = all(self.numbers[key] == number for key, number in attempt.expect.items())
        return roots and all(self.last[domain] < position for domain, position in attempt.quiet.items())

    def append(self, attempt: Try) -> list[tuple[int, int]]:
        """The positions and numbers that its events get."""
        given = []
        for domain, root in attempt.roots:
            self.numbers[domain, root] += 1
            self.last[domain] = self.head
            given.append((self.head, self.numbers[domain, root]))
            self.head += 1
        return given


roots = st.sampled_from(KEYS)
tries = st.builds(
    Try,
    roots=st.lists(roots, min_size=1, max_size=4),
    expect=st.dictionaries(roots, st.integers(0, 4), max_size=2),
    quiet=st.dictionaries(st.sampled_from(DOMAINS), st.integers(1, 20), max_size=1),
    key=st.one_of(st.none(), st.integers(0, 3)),
    fingerprint=st.sampled_from(["one", "two"]),
    appender=st.integers(0, 1),
)


def commit(attempt: Try) -> Commit:
    id = uuid.uuid4().hex
    return Commit(
        id=id,
        key=id if attempt.key is None else f"key {attempt.key}",
        fingerprint=attempt.fingerprint,
        events=tuple(NewEvent(domain, root, "painted", 1, {"id": id}) for domain, root in attempt.roots),
        tx=Tx(id),
        created="",
    )


async def run(store: LogStore, attempts: list[Try], *, seed: int) -> None:
    chance = random.Random(seed)
    appenders = [Appender(store=store, clock=SystemClock(), bus=MemoryBus(), service="shop") for _ in range(2)]
    commits = [commit(attempt) for attempt in attempts]

    async def caller(index: int) -> Appended | Conflict | KeyReused:
        for _ in range(chance.randint(0, 6)):
            await asyncio.sleep(0)
        attempt = attempts[index]
        try:
            return await appenders[attempt.appender].append(
                commits[index], Expectation(roots=attempt.expect, quiet=attempt.quiet)
            )
        except (Conflict, KeyReused) as error:
            return error

    results = await asyncio.gather(*(caller(index) for index in range(len(attempts))))
    logged = (await store.read(0, 1_000)).commits

    # Every commit of the log, in its order, is what the model makes of its append at that point.
    model = Model()
    index_of = {each.id: index for index, each in enumerate(commits)}
    firsts: dict[str, Appended] = {}
    for entry in logged:
        index = index_of.pop(entry.commit.id)
        assert entry.position == model.head
        assert entry.commit.key not in firsts
        assert model.holds(attempts[index])
        given = model.append(attempts[index])
        result = results[index]
        assert isinstance(result, Appended)
        assert not result.repeated
        assert [(event.position, event.number) for event in result.events] == given
        assert list(zip(range(entry.position, entry.end), entry.numbers, strict=True)) == given
        firsts[entry.commit.key] = result
    assert await store.head() == model.head
    assert await store.latest(KEYS) == {key: number for key, number in model.numbers.items() if number}

    # Whoever logged nothing was told why, truthfully.
    for index in index_of.values():
        result, first = results[index], firsts.get(commits[index].key)
        if isinstance(result, Appended):
            assert first is not None
            assert result.repeated
            assert result.events == first.events
        elif isinstance(result, KeyReused):
            assert first is not None
        else:
            attempt = attempts[index]
            assert attempt.expect or attempt.quiet
    assert [committed.committed for committed in logged] == sorted(committed.committed for committed in logged)


def memory(folder: Path) -> LogStore:
    return MemoryLogStore(service="shop", network="city.example")


def sqlite(folder: Path) -> LogStore:
    return SqliteLogStore.open(folder / "shop.log", service="shop", network="city.example", synchronous="OFF")


@pytest.mark.parametrize(("make", "examples"), [(memory, 150), (sqlite, 40)], ids=["memory", "sqlite"])
def test_appends_at_once_equal_appends_one_by_one(make: Callable[[Path], LogStore], examples: int) -> None:
    @settings(max_examples=examples, deadline=None, derandomize=True, database=None)
    @given(attempts=st.lists(tries, min_size=1, max_size=25), seed=st.integers(0, 1_000))
    def check(attempts: list[Try], seed: int) -> None:
        folder: AbstractContextManager[str] = tempfile.TemporaryDirectory() if make is sqlite else nullcontext("")
        with folder as name:

            async def session() -> None:
                store = make(Path(name))
                await run(store, attempts, seed=seed)
                await store.close()

            asyncio.run(session())

    check()
