"""A root that was loaded lately is folded from where that ended, and the answer is what the log says all the same."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

import pytest
from tests.log.test_states import Watched

from blossm.adapters.memory.clock import FakeClock
from blossm.adapters.memory.states import MemoryStateStore
from blossm.core.commit import NewEvent
from blossm.core.errors import Conflict
from blossm.core.event import Aggregate
from blossm.procedures.event_store import EventStores
from blossm.procedures.recent_states import ENTRY, LARGEST, RecentStates
from blossm.testing.contracts.log_store import BLUE, RED, commit, placed
from blossm.testing.contracts.shop import event_stores, painted, sold, trued


@pytest.fixture
def log() -> Watched:
    return Watched()


@pytest.fixture
async def client(log: Watched) -> AsyncIterator[EventStores]:
    stores = event_stores(log, MemoryStateStore(), clock=FakeClock())
    yield stores
    await stores.close()


async def fresh(log: Watched, domain: str, root: str, *, number: int | None = None) -> Aggregate:
    """What a process says that has loaded nothing yet."""
    stores = event_stores(log, MemoryStateStore(), clock=FakeClock())
    found = (await stores.aggregate(domain, root, number=number)).value
    await stores.close()
    return found


async def test_a_root_is_read_from_where_it_was_read_up_to(client: EventStores, log: Watched) -> None:
    await client.append(commit(trued(1), trued(2)))
    for last in (2, 3):
        await client.aggregate("wheel", RED)
        assert (await client.aggregate("wheel", RED)).value == Aggregate(RED, {"turns": last}, last, last)
        await client.append(commit(trued(last + 1)))
    assert log.read_after == [0, 2, 2, 3]


async def test_what_another_process_logs_is_seen(client: EventStores, log: Watched) -> None:
    other = event_stores(log, MemoryStateStore(), clock=FakeClock())
    await client.append(commit(painted("red")))
    await client.aggregate("bicycle", RED)
    await other.append(commit(sold("ada@shop.example")))
    found = (await client.aggregate("bicycle", RED)).value
    assert (found.number, found.state) == (2, {"color": "red", "coats": 1, "owner": {"email": "ada@shop.example"}})
    await other.close()


async def test_what_is_done_to_a_state_that_was_handed_out_is_seen_by_nobody(client: EventStores) -> None:
    await client.append(commit(sold("ada@shop.example")))
    for _ in range(3):
        state = (await client.aggregate("bicycle", RED)).value.state
        assert state == {"owner": {"email": "ada@shop.example"}}
        state["owner"]["email"] = "changed"
        state["color"] = "changed"


async def test_a_fold_that_changes_the_state_it_gets_changes_no_kept_one(client: EventStores, log: Watched) -> None:
    await client.append(commit(NewEvent("bicycle", RED, "counted", 1, {})))
    await client.aggregate("bicycle", RED)
    await client.append(commit(NewEvent("bicycle", RED, "counted", 1, {})))
    assert [(await client.aggregate("bicycle", RED)).value.state["count"] for _ in range(3)] == [2, 2, 2]
    assert (await fresh(log, "bicycle", RED)).state == {"count": 2}


async def test_the_past_is_not_what_was_read_last(client: EventStores) -> None:
    for turns in range(1, 5):
        await client.append(commit(trued(turns)))
    await client.aggregate("wheel", RED)
    assert [(await client.aggregate("wheel", RED, number=at)).value.number for at in (0, 2, 4)] == [0, 2, 4]
    assert (await client.aggregate("wheel", RED, time="2024-12-31T00:00:00Z")).value == Aggregate(RED, {})
    assert (await client.aggregate("wheel", RED)).value.number == 4


async def test_a_read_at_an_older_head_does_not_get_what_came_after_it(client: EventStores) -> None:
    await client.append(commit(trued(1)))
    await client.append(commit(trued(2)))
    await client.aggregate("wheel", RED)
    loaded = await client._states.load("wheel", RED, head=2)
    assert (loaded.aggregate, loaded.latest) == (Aggregate(RED, {"turns": 1}, 1, 1), 2)
    with pytest.raises(Conflict):
        await client.aggregate("wheel", RED, head=2)
    assert (await client.aggregate("wheel", RED, head=3)).value.number == 2


async def test_old_payloads_are_lifted_before_they_are_kept(client: EventStores, log: Watched) -> None:
    await log.insert_at(1, placed(commit(NewEvent("bicycle", RED, "painted", 1, {"colour": "red"}))))
    for _ in range(2):
        assert (await client.aggregate("bicycle", RED)).value.state == {"color": "red", "coats": 1}


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_two_processes_do_the_answer_is_that_of_one_that_knows_nothing(log: Watched, seed: int) -> None:
    chance = random.Random(seed)
    processes = [event_stores(log, MemoryStateStore(), clock=FakeClock()) for _ in range(2)]
    for step in range(60):
        root = chance.choice((RED, BLUE))
        client = chance.choice(processes)
        if chance.random() < 0.5:
            event = chance.choice((painted(str(step), root), NewEvent("bicycle", root, "counted", 1, {})))
            await client.append(commit(*[event] * chance.randint(1, 3)))
        number = chance.choice((None, None, chance.randint(0, step)))
        assert (await client.aggregate("bicycle", root, number=number)).value == await fresh(log, "bicycle", root, number=number)
    for process in processes:
        await process.close()


# ---------------------------------------------------------------- what is kept


def aggregate(root: str, number: int, **state: str) -> Aggregate:
    return Aggregate(root, dict(state), number, number)


def test_the_newest_state_of_a_root_is_kept() -> None:
    kept = RecentStates()
    for number in (2, 3, 1):
        kept.keep("bicycle", aggregate("a", number))
    assert kept.get("bicycle", "a") == aggregate("a", 3)
    assert kept.get("wheel", "a") is None


def test_what_was_not_used_for_longest_is_forgotten_first() -> None:
    kept = RecentStates(capacity=3 * (ENTRY + 2))
    for root in "abc":
        kept.keep("bicycle", aggregate(root, 1))
    kept.get("bicycle", "a")
    kept.keep("bicycle", aggregate("d", 1))
    assert [root for root in "abcd" if kept.get("bicycle", root)] == ["a", "c", "d"]


def test_a_large_state_does_not_push_out_the_others() -> None:
    kept = RecentStates()
    kept.keep("bicycle", aggregate("a", 1))
    kept.keep("bicycle", aggregate("b", 1, color="r" * LARGEST))
    assert [root for root in "ab" if kept.get("bicycle", root)] == ["a"]
