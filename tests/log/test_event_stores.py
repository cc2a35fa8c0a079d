"""Event stores: what their callers do not see."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from blossm.adapters.memory.bus import MemoryBus
from blossm.adapters.memory.clock import FakeClock
from blossm.adapters.memory.log import MemoryLogStore
from blossm.adapters.memory.states import MemoryStateStore
from blossm.core.appender import Appender
from blossm.core.commit import NOTHING, Appended, Commit, Expectation, NewEvent
from blossm.core.errors import Conflict
from blossm.core.event import LoggedEvent
from blossm.core.fold import Fold
from blossm.core.read_set import NO_READS, Question
from blossm.ports import LogStore
from blossm.procedures.event_store import QUIET_TRIES, EventStores
from blossm.testing.contracts.log_store import BLUE, RED, commit, placed
from blossm.testing.contracts.shop import GREEN, STORES, event_stores, folds, painted, trued


@pytest.fixture
def store() -> MemoryLogStore:
    return MemoryLogStore(service="shop", network="city.example")


async def test_a_follower_gets_what_is_there_and_what_comes_as_it_comes(store: MemoryLogStore, clock: FakeClock) -> None:
    client = event_stores(store, MemoryStateStore(), clock=clock)
    for _ in range(3):
        await client.append(commit(trued()))
    pages = client.stream(0, follow=True)
    assert len((await anext(pages)).commits) == 3
    coming = asyncio.ensure_future(anext(pages))
    await asyncio.sleep(0)
    await client.append(commit(trued()))
    assert [logged.position for logged in (await coming).commits] == [4]
    await client.close()


async def test_a_follower_of_a_rare_domain_moves_on_with_the_head(store: MemoryLogStore, clock: FakeClock) -> None:
    client = event_stores(store, MemoryStateStore(), clock=clock)
    await client.append(commit(trued()))
    page = await anext(client.stream(0, domains=["bicycle"], follow=True))
    assert (page.commits, page.scanned) == ((), 1)
    await client.close()


async def test_a_fold_that_takes_for_ever_holds_up_neither_appends_nor_other_reads(
    store: MemoryLogStore, clock: FakeClock
) -> None:
    go_on, begun = threading.Event(), threading.Event()

    def slow(state: dict[str, Any], event: LoggedEvent) -> dict[str, Any]:
        begun.set()
        assert go_on.wait(10)
        return {"slow": True}

    bus = MemoryBus()
    actions = STORES["bicycle"].actions
    client = EventStores(
        service="shop",
        network="city.example",
        stores=STORES,
        folds=folds() | {"bicycle": Fold(functions={"counted": slow}, upcasters={}, actions=actions, source="slow")},
        appender=Appender(store=store, clock=clock, bus=bus, service="shop"),
        log=store,
        states=MemoryStateStore(),
        clock=clock,
        bus=bus,
    )
    await store.insert_at(1, placed(commit(NewEvent("bicycle", RED, "counted", 1, {}))))
    loading = asyncio.ensure_future(client.aggregate("bicycle", RED))
    assert await asyncio.to_thread(begun.wait, 10)
    await client.append(commit(trued()))
    assert (await client.aggregate("wheel", RED)).value.number == 1
    assert not loading.done()
    go_on.set()
    assert (await loading).value.state == {"slow": True}
    await client.close()


class Restless(Appender):
    """Before every append, somebody else logs to the domain, and the answer stays the same."""

    def __init__(self, *, store: LogStore, clock: FakeClock, times: int) -> None:
        super().__init__(store=store, clock=clock, bus=MemoryBus(), service="shop")
        self.times = times
        self.tries = 0

    async def append(self, commit_: Commit, expect: Expectation = NOTHING) -> Appended:
        self.tries += 1
        if self.times:
            self.times -= 1
            await super().append(commit(painted("green", BLUE)))
        return await super().append(commit_, expect)


@pytest.mark.parametrize(("times", "tries"), [(0, 1), (1, 2), (QUIET_TRIES - 1, QUIET_TRIES)])
async def test_a_question_is_asked_again_while_only_its_quiet_fails(
    store: MemoryLogStore, clock: FakeClock, times: int, tries: int
) -> None:
    client = event_stores(store, MemoryStateStore(), clock=clock)
    client._appender = restless = Restless(store=store, clock=clock, times=times)
    reads = NO_READS.with_question(Question("bicycle", {"color": "red"}, {}), head=1)
    await client.append(commit(painted("black", GREEN)), reads=reads)
    assert restless.tries == tries
    await client.close()


async def test_a_domain_that_is_never_quiet_ends_in_a_conflict(store: MemoryLogStore, clock: FakeClock) -> None:
    client = event_stores(store, MemoryStateStore(), clock=clock)
    client._appender = restless = Restless(store=store, clock=clock, times=1_000)
    reads = NO_READS.with_question(Question("bicycle", {"color": "red"}, {}), head=1)
    with pytest.raises(Conflict):
        await client.append(commit(painted("black", GREEN)), reads=reads)
    assert restless.tries == QUIET_TRIES
    await client.close()
