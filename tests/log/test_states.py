"""States are never the truth: deleted, damaged, stale or of another log, the answers are the same, only later."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.log.conftest import in_time

from blossm.adapters.memory.clock import FakeClock
from blossm.adapters.memory.log import MemoryLogStore
from blossm.adapters.memory.states import MemoryStateStore
from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.adapters.sqlite.states import SqliteStateStore
from blossm.core.commit import NewEvent
from blossm.core.errors import Unavailable
from blossm.core.event import LoggedEvent
from blossm.ports import LogStore, StateStore
from blossm.procedures.event_store import EventStores
from blossm.testing.contracts.log_store import BLUE, RED, commit
from blossm.testing.contracts.shop import GREEN, event_stores, painted, trued

COLORS = {RED: "red", BLUE: "blue", GREEN: "red"}


class Watched(MemoryLogStore):
    """A log that notes from which number roots are read."""

    def __init__(self) -> None:
        super().__init__(service="shop", network="city.example")
        self.read_after: list[int] = []

    async def root(
        self, domain: str, root: str, *, after: int = 0, until: int | None = None, until_time: str | None = None
    ) -> list[LoggedEvent]:
        self.read_after.append(after)
        return await super().root(domain, root, after=after, until=until, until_time=until_time)


@asynccontextmanager
async def shop(
    log: LogStore, states: StateStore, *, clock: FakeClock | None = None, source: str = ""
) -> AsyncIterator[EventStores]:
    stores = event_stores(log, states, clock=clock or FakeClock(), source=source)
    yield stores
    await stores.close()


async def saved(client: EventStores, clock: FakeClock) -> None:
    """Let what is saved behind the reply be saved."""
    if saving := client._states._saving:
        await in_time(saving, clock)


# ---------------------------------------------------------------- what they are good for


async def test_a_root_is_folded_from_its_last_saved_state() -> None:
    log, states, clock = Watched(), MemoryStateStore(), FakeClock()
    async with shop(log, states, clock=clock) as client:
        for _ in range(12):
            await client.append(commit(trued()))
            await saved(client, clock)
        log.read_after.clear()
        assert (await client.aggregate("wheel", RED)).value.number == 12
        assert log.read_after == [10]  # every 5 events


async def test_one_commit_of_many_events_saves_a_state_too() -> None:
    log, states, clock = Watched(), MemoryStateStore(), FakeClock()
    async with shop(log, states, clock=clock) as client:
        await client.append(commit(*[trued(n) for n in range(13)]))
        await saved(client, clock)
        log.read_after.clear()
        await client.aggregate("wheel", RED)
        assert log.read_after == [13]


async def test_reading_a_long_root_saves_its_state() -> None:
    log, states, clock = Watched(), MemoryStateStore(), FakeClock()
    async with shop(log, states) as client:
        await client.append(commit(*[trued(n) for n in range(13)]))
    async with shop(log, states, clock=clock) as client:  # the first one was closed before it could save
        await client.aggregate("wheel", RED)
        await saved(client, clock)
        log.read_after.clear()
        assert (await client.aggregate("wheel", RED)).value.state == {"turns": 12}
        assert log.read_after == [13]


async def test_a_domain_with_indexes_is_saved_behind_the_reply() -> None:
    log, states, clock = Watched(), MemoryStateStore(), FakeClock()
    async with shop(log, states, clock=clock) as client:
        await client.append(commit(*(painted(color, root) for root, color in COLORS.items())))
        await saved(client, clock)
        assert [found.root for found in await states.find("bicycle", {"color": "red"})] == [RED, GREEN]
        log.read_after.clear()
        found = await client.query_aggregates("bicycle", {"color": "red"})
        assert [aggregate.root for aggregate in found.value] == [RED, GREEN]
        assert log.read_after == []


async def test_a_past_state_does_not_start_from_a_later_one() -> None:
    log, states, clock = Watched(), MemoryStateStore(), FakeClock()
    async with shop(log, states, clock=clock) as client:
        await client.append(commit(*[trued(n) for n in range(1, 14)]))
        await saved(client, clock)
        assert (await client.aggregate("wheel", RED, number=7)).value.state == {"turns": 7}
        assert (await client.aggregate("wheel", RED, number=13)).value.state == {"turns": 13}


async def test_a_saved_state_that_was_handed_out_can_be_changed_without_harm() -> None:
    log, states, clock = Watched(), MemoryStateStore(), FakeClock()
    async with shop(log, states, clock=clock) as client:
        await client.append(commit(*[trued(n) for n in range(5)]))
        await saved(client, clock)
        (await client.aggregate("wheel", RED)).value.state["turns"] = "changed"
        assert (await client.aggregate("wheel", RED)).value.state == {"turns": 4}


# ---------------------------------------------------------------- what can happen to them


async def answers(client: EventStores) -> list[Any]:
    """All that states have a part in."""
    found = [await client.query_aggregates("bicycle", {"color": color}) for color in ("red", "blue", "green", "black")]
    loaded = [await client.aggregate(domain, root) for domain in ("bicycle", "wheel") for root in COLORS]
    counts = [await client.count("wheel", root) for root in COLORS]
    return [reading.value for reading in (*found, *loaded, *counts)]


async def fill(client: EventStores, clock: FakeClock, *, color: str = "") -> None:
    events: list[NewEvent] = [painted(color or each, root) for root, each in COLORS.items()]
    await client.append(commit(*events, *[trued(n, root) for n in range(7) for root in COLORS]))
    await saved(client, clock)
    await client.query_aggregates("bicycle", {"color": "red"})
    await saved(client, clock)


def delete(file: Path) -> None:
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()


def empty(file: Path) -> None:
    file.write_bytes(b"")


def spoil_the_head(file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(b"\xff" * 100 + whole[100:])


def spoil_the_pages(file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))


def cut(file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])


def sql(statement: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        connection = apsw.Connection(str(file))
        connection.execute(statement)
        connection.close()

    return change


@pytest.mark.parametrize(
    "harm",
    [
        delete,
        empty,
        spoil_the_head,
        spoil_the_pages,
        cut,
        sql("UPDATE states SET state = replace(state, 'red', 'black')"),
        sql("UPDATE states SET number = number - 1"),
        sql("UPDATE states SET root = 'x' || root"),
        sql("UPDATE domains SET fold = 'another'"),
        sql("UPDATE domains SET covered = 0"),
        sql("DELETE FROM domains"),
        sql("DROP TABLE keys"),
        sql("PRAGMA user_version = 9"),
        sql("PRAGMA application_id = 9"),
    ],
)
async def test_whatever_is_done_to_the_file_the_answers_are_the_same(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    file, clock = tmp_path / "shop.states", FakeClock()
    log = SqliteLogStore.open(tmp_path / "shop.log", service="shop", network="city.example")
    states = SqliteStateStore.open(file)
    async with shop(log, states, clock=clock) as client:
        await fill(client, clock)
        expected = await answers(client)
    await states.close()
    harm(file)
    states = SqliteStateStore.open(file)
    async with shop(log, states, clock=clock) as client:
        assert await answers(client) == expected
        await fill(client, clock, color="green")
        after = await answers(client)
        assert after != expected
    async with shop(log, MemoryStateStore()) as client:
        assert await answers(client) == after
    await states.close()
    await log.close()


async def test_a_file_that_is_damaged_while_it_is_in_use_is_made_anew(tmp_path: Path) -> None:
    file, clock = tmp_path / "shop.states", FakeClock()
    log = SqliteLogStore.open(tmp_path / "shop.log", service="shop", network="city.example")
    states = SqliteStateStore.open(file)
    async with shop(log, states, clock=clock) as client:
        await fill(client, clock)
        expected = await answers(client)
        sql("DROP TABLE states")(file)
        assert await answers(client) == expected
        assert await states.get("bicycle", RED) is not None
        delete(file)
        assert await answers(client) == expected
    await states.close()
    await log.close()


async def test_a_stale_copy_of_the_file_is_brought_up_to_the_head(tmp_path: Path) -> None:
    file, clock = tmp_path / "shop.states", FakeClock()
    log = SqliteLogStore.open(tmp_path / "shop.log", service="shop", network="city.example")
    states = SqliteStateStore.open(file)
    async with shop(log, states, clock=clock) as client:
        await fill(client, clock)
    await states.close()
    shutil.copy(file, tmp_path / "copy")
    states = SqliteStateStore.open(file)
    async with shop(log, states, clock=clock) as client:
        await fill(client, clock, color="black")
        expected = await answers(client)
    await states.close()
    shutil.copy(tmp_path / "copy", file)
    states = SqliteStateStore.open(file)
    async with shop(log, states, clock=clock) as client:
        assert await answers(client) == expected
    await states.close()
    await log.close()


@pytest.mark.parametrize("grown", [0, 1, 2], ids=["shorter", "as long", "longer"])
async def test_states_of_a_log_that_lost_its_tail_and_grew_another_start_anew(grown: int) -> None:
    states, clock = MemoryStateStore(), FakeClock()
    log, restored = Watched(), Watched()
    async with shop(log, states, clock=clock) as client:
        await fill(client, clock)
        await fill(client, clock, color="black")
    async with shop(restored, MemoryStateStore(), clock=clock) as other:
        for n in range(grown):
            await fill(other, clock, color="blue" if n == grown - 1 else "")
        expected = await answers(other)
    async with shop(restored, states, clock=clock) as client:
        assert await answers(client) == expected


async def test_another_fold_starts_anew() -> None:
    log, states, clock = Watched(), MemoryStateStore(), FakeClock()
    async with shop(log, states, clock=clock) as client:
        await client.append(commit(*[trued(n) for n in range(5)]))
        await saved(client, clock)
    log.read_after.clear()
    async with shop(log, states, clock=clock, source="changed") as client:
        assert (await client.aggregate("wheel", RED)).value.state == {"turns": 4}
    assert log.read_after == [0]


async def test_without_any_state_store_everything_still_works() -> None:
    log, clock = Watched(), FakeClock()
    async with shop(log, MemoryStateStore(), clock=clock) as client:
        await fill(client, clock)
        expected = await answers(client)

    class Absent(MemoryStateStore):
        async def ready(self, domain: str, **more: Any) -> int:
            raise Unavailable("no room for states")

    async with shop(log, Absent(), clock=clock) as client:
        assert await answers(client) == expected
        await fill(client, clock)


# ---------------------------------------------------------------- what a load takes


class Counting(Watched):
    """Counts the events that are read."""

    def __init__(self) -> None:
        super().__init__()
        self.events = 0

    async def root(
        self, domain: str, root: str, *, after: int = 0, until: int | None = None, until_time: str | None = None
    ) -> list[LoggedEvent]:
        found = await super().root(domain, root, after=after, until=until, until_time=until_time)
        self.events += len(found)
        return found


async def events_read(log: Counting, client: EventStores, domain: str, root: str = RED) -> int:
    before = log.events
    assert (await client.aggregate(domain, root)).value.number == (await client.count(domain, root)).value
    return log.events - before - 1  # `count` looks at the last one


EVERY = 5  # events after which the state of a wheel, or a bicycle, is saved


@pytest.mark.parametrize("domain", ["wheel", "bicycle"])
@pytest.mark.parametrize("burst", [1, 3, 7])
async def test_a_load_reads_only_what_came_after_the_last_saved_state(domain: str, burst: int) -> None:
    log, states, clock = Counting(), MemoryStateStore(), FakeClock()
    async with shop(log, states, clock=clock) as writer, shop(log, states, clock=clock) as reader:
        for _ in range(200 // burst):
            await writer.append(commit(*[trued() if domain == "wheel" else painted("red")] * burst))
            assert await events_read(log, reader, domain) <= max(burst, EVERY)  # before anybody could save
            await saved(writer, clock)
        async with shop(log, states, clock=clock) as cold:
            assert await events_read(log, cold, domain) < max(burst, EVERY)


async def test_a_root_that_others_have_moved_far_on_is_not_read_from_where_it_was_known() -> None:
    log, states, clock = Counting(), MemoryStateStore(), FakeClock()
    async with shop(log, states, clock=clock) as writer, shop(log, states, clock=clock) as reader:
        await writer.append(commit(trued()))
        await saved(writer, clock)
        await reader.aggregate("wheel", RED)
        for _ in range(10):
            await writer.append(commit(*[trued()] * 100))
            await saved(writer, clock)
        async with shop(log, states, clock=clock) as cold:  # where states were saved before it began
            assert await events_read(log, cold, "wheel") < EVERY
            await writer.append(commit(*[trued()] * 1_000))
            await saved(writer, clock)
            assert await events_read(log, cold, "wheel") <= EVERY


async def test_a_thousand_events_that_nobody_has_saved_are_read_once() -> None:
    log, states, clock = Counting(), MemoryStateStore(), FakeClock()
    async with shop(log, states, clock=clock) as killed:
        await killed.append(commit(*[trued()] * 1_000))
    async with shop(log, states, clock=clock) as first:  # the one before was closed before it could save
        assert await events_read(log, first, "wheel") == 1_000
        assert await events_read(log, first, "wheel") == 0
        await saved(first, clock)
    async with shop(log, states, clock=clock) as cold:
        assert await events_read(log, cold, "wheel") == 0


async def test_a_read_at_a_head_that_others_have_left_behind_does_not_begin_with_the_first_event() -> None:
    log, states, clock = Counting(), MemoryStateStore(), FakeClock()
    async with shop(log, states, clock=clock) as client:
        for turns in range(1, 101):
            await client.append(commit(trued(turns)))
            await client.aggregate("wheel", RED)
            head, before = await client.head(), log.events
            await client.append(commit(trued(0)))
            await client.aggregate("wheel", RED)
            assert (await client._states.load("wheel", RED, head=head)).aggregate.state == {"turns": turns}
            assert log.events - before <= 1 + 2 * EVERY
