"""Streams of commits: in batches, no faster than they are read, and on from where a connection broke."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.rpc.served_shop import NETWORK, Served, event_stores, served
from tests.rpc.shop_process import shop_process
from tests.rpc.test_appends_broken_off import client_of

from blossm.adapters.memory.clock import FakeClock
from blossm.core.commit import NewEvent
from blossm.core.errors import Internal, Unavailable
from blossm.model.fields import Field
from blossm.model.network import Action
from blossm.ports import ReadPage
from blossm.procedures.event_store import EventStores
from blossm.rpc.calling.event_store import WireEventStores
from blossm.rpc.calling.line import BrokenOff, Line
from blossm.rpc.types import Types
from blossm.rpc.v1 import event_store_pb2 as pb
from blossm.testing.contracts.log_store import BLUE, RED, commit
from blossm.testing.contracts.shop import painted, trued

TYPES = Types(NETWORK)


@pytest.fixture
async def stores() -> AsyncIterator[EventStores]:
    stores = event_stores()
    yield stores
    await stores.close()


@pytest.fixture
async def shop(stores: EventStores) -> AsyncIterator[Served]:
    async with served({"shop": stores}) as shop:
        yield shop


@pytest.fixture
async def client(shop: Served) -> AsyncIterator[WireEventStores]:
    async with shop.client() as client:
        yield client


def positions(page: ReadPage) -> list[int]:
    return [position for logged in page.commits for position in range(logged.position, logged.end)]


async def taken(stream: AsyncGenerator[ReadPage, None], *, up_to: int) -> list[int]:
    """The positions of a stream, up to one of them."""
    found: list[int] = []
    async with aclosing(stream) as pages:
        async for page in pages:
            found += positions(page)
            if found and found[-1] >= up_to:
                return found
    return found


# ---------------------------------------------------------------- batches


async def test_a_stream_comes_in_batches_that_say_how_far_they_go(client: WireEventStores, stores: EventStores) -> None:
    for _ in range(13):
        await stores.append(commit(*[painted("red")] * 100))
    pages = [page async for page in client.stream(100)]
    assert [(len(page.commits), page.scanned) for page in pages] == [(5, 600), (5, 1_100), (2, 1_300)]
    assert [position for page in pages for position in positions(page)] == list(range(101, 1_301))


async def test_a_commit_is_whole_however_long_it_is(client: WireEventStores, stores: EventStores) -> None:
    for size in (1, 1_000, 1):
        await stores.append(commit(*[painted("red")] * size))
    assert [page.scanned async for page in client.stream(0)] == [1, 1_001, 1_002]


async def test_a_batch_has_at_most_2_mib(client: WireEventStores, stores: EventStores) -> None:
    for _ in range(5):
        await stores.append(commit(painted("x" * 900_000)))
    assert [page.scanned async for page in client.stream(0)] == [2, 4, 5]


async def test_what_does_not_concern_a_reader_is_stepped_over(client: WireEventStores, stores: EventStores) -> None:
    for _ in range(10):
        await stores.append(commit(painted("red")))
    await stores.append(commit(trued()))
    await stores.append(commit(painted("red")))
    (page,) = [page async for page in client.stream(0, domains=["wheel"])]
    assert (positions(page), page.scanned) == ([11], 12)


async def test_a_stream_is_the_same_as_in_process(client: WireEventStores, stores: EventStores) -> None:
    for n in range(20):
        await stores.append(commit(painted(f"{n}", BLUE), trued(n)))
    (here,) = [page async for page in stores.stream(0)]
    (there,) = [page async for page in client.stream(0)]
    assert there == here


# ---------------------------------------------------------------- a slow reader


class Watched:
    """Event stores of which is seen how far streams have read, and that they ended."""

    def __init__(self, stores: EventStores) -> None:
        self._stores = stores
        self.scanned = 0
        self.ended = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stores, name)

    async def stream(self, after: int, **more: Any) -> AsyncGenerator[ReadPage, None]:
        try:
            async with aclosing(self._stores.stream(after, **more)) as pages:
                async for page in pages:
                    self.scanned = page.scanned
                    yield page
        finally:
            self.ended.set()


async def test_a_reader_that_stops_reading_stops_the_server(stores: EventStores) -> None:
    for _ in range(100):
        await stores.append(commit(painted("x" * 1_000_000)))
    watched: Any = Watched(stores)
    async with served({"shop": watched}) as shop, shop.client() as client, aclosing(client.stream(0)) as pages:
        found = positions(await anext(pages))
        for _ in range(100):  # as many round trips as would bring all of it
            await client.head()
        assert watched.scanned < 30
        async for page in pages:
            found += positions(page)
    assert found == list(range(1, 101))


async def test_a_reader_that_goes_away_ends_the_servers_stream(stores: EventStores) -> None:
    await stores.append(commit(painted("red")))
    watched: Any = Watched(stores)
    async with served({"shop": watched}) as shop, shop.client() as client:
        reader = asyncio.create_task(taken(client.stream(0, follow=True), up_to=2))
        while not watched.scanned:
            await client.head()
        reader.cancel()
        await asyncio.wait_for(watched.ended.wait(), 10)


# ---------------------------------------------------------------- following, and connections that break


async def test_a_follower_gets_what_comes_as_it_comes(client: WireEventStores, stores: EventStores) -> None:
    async with aclosing(client.stream(0, follow=True)) as pages:
        for position in range(1, 5):
            await stores.append(commit(painted("red")))
            assert positions(await anext(pages)) == [position]


async def test_a_follower_goes_on_at_the_server_that_comes_next(stores: EventStores) -> None:
    async with served({"shop": stores}) as shop, shop.client() as client, aclosing(client.stream(0, follow=True)) as pages:
        await stores.append(commit(painted("red")))
        assert positions(await anext(pages)) == [1]
        await shop.server.stop(grace=5)
        await stores.append(commit(painted("red")))
        async with served({"shop": stores}, address=shop.address):
            assert positions(await anext(pages)) == [2]


async def test_a_follower_of_a_server_that_is_killed_misses_nothing_and_gets_nothing_twice(tmp_path: Path) -> None:
    log = tmp_path / "shop.log"
    async with shop_process(log) as first, client_of(first.address) as client:
        follower = asyncio.create_task(taken(client.stream(0, follow=True), up_to=60))
        for _ in range(30):
            await client.append(commit(painted("red")))
        first.process.kill()
        await first.died()
        async with shop_process(log, address=first.address):
            for _ in range(30):
                await client.append(commit(painted("red")))
            assert await asyncio.wait_for(follower, 30) == list(range(1, 61))


class ALine(Line):
    """A line whose streams bring what the script says: positions, and at last an error."""

    def __init__(self, *script: Iterable[int | Exception]) -> None:
        self.script = list(script)
        self.asked: list[int] = []

    async def stream(self, method: str, request: Any, answer: Any, **more: Any) -> AsyncGenerator[Any, None]:
        self.asked.append(request.after)
        for scanned in self.script.pop(0):
            if isinstance(scanned, Exception):
                raise scanned
            yield pb.StreamResponse(scanned=scanned)


def over(line: Line, clock: Any) -> WireEventStores:
    return WireEventStores(line, network=NETWORK, types=TYPES, service="shop", clock=clock)


class Hurried(FakeClock):
    """A clock on which every sleep is over at once, and takes its time."""

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)


async def test_a_stream_goes_on_from_the_last_position_that_it_brought() -> None:
    line = ALine([0, 3, BrokenOff()], [3, BrokenOff()], [3, 5, 9])
    assert [page.scanned async for page in over(line, Hurried()).stream(0)] == [3, 5, 9]
    assert line.asked == [0, 3, 3]


async def test_a_followed_stream_that_ends_is_asked_for_again() -> None:
    line = ALine([0, 3], [3, 4], [Internal()])
    pages = over(line, Hurried()).stream(0, follow=True)
    assert [(await anext(pages)).scanned, (await anext(pages)).scanned] == [3, 4]
    with pytest.raises(Internal):
        await anext(pages)


async def test_a_stream_that_can_not_be_begun_any_more_is_given_up() -> None:
    line = ALine([1, BrokenOff()], [Unavailable("nobody there")])
    with pytest.raises(Unavailable, match="nobody there"):
        _ = [page async for page in over(line, Hurried()).stream(0, follow=True)]


async def test_a_stream_that_only_ever_breaks_is_given_up_after_some_time() -> None:
    line = ALine(*[(0, BrokenOff("it broke"))] * 1_000)
    clock = Hurried()
    with pytest.raises(Unavailable, match="it broke"):
        _ = [page async for page in over(line, clock).stream(0, follow=True)]
    assert 10 < clock.monotonic() < 11


async def test_a_stream_that_stood_for_long_gets_its_time_anew_when_it_breaks() -> None:
    clock = Hurried()

    class Long(ALine):
        async def stream(self, *words: Any, **more: Any) -> AsyncGenerator[Any, None]:
            async for message in super().stream(*words, **more):
                yield message
                clock.advance(60)

    line = Long(*[(0, 0, 0)] * 5, [Internal("the end")])
    with pytest.raises(Internal, match="the end"):
        _ = [page async for page in over(line, clock).stream(0, follow=True)]


# ---------------------------------------------------------------- another contract


async def test_a_reader_with_an_older_contract_waits_rather_than_steps_over_an_event() -> None:
    bicycle = NETWORK.event_stores["shop.bicycle"]
    polished = Action(name="polished", payload={"with": Field(type="string")})
    newer = replace(bicycle, actions=bicycle.actions | {"polished": polished})
    network = replace(NETWORK, event_stores=NETWORK.event_stores | {"shop.bicycle": newer})
    stores = event_stores(network=network)
    async with served({"shop": stores}, network=network) as shop, shop.client() as client:
        event = NewEvent("bicycle", RED, "polished", 1, {"with": "wax"})
        await client.append(commit(painted("red")))
        await client.append(commit(event))
        async with client_of(shop.address) as old:
            with pytest.raises(Unavailable, match="older contract"):
                await anext(old.stream(0, follow=True))
            with pytest.raises(Unavailable):
                await old.read(1)
    await stores.close()
