"""What is only the wire's about event stores: the same errors as in process, bounds, rights. The rest is the shipped suite."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.rpc.served_shop import PAINTING, SECRET, SERVICE, Served, event_stores, served

from blossm.core.commit import Commit, Expectation, Later, NewEvent
from blossm.core.errors import BlossmError, PayloadTooLarge, PermissionDenied
from blossm.core.event import LoggedEvent, Tx
from blossm.core.read_set import Question, ReadSet
from blossm.model.network import Ref
from blossm.ports import EventStoreClient
from blossm.procedures.callers import Callers
from blossm.procedures.event_store import EventStores
from blossm.rpc.calling.event_store import WireEventStores
from blossm.rpc.keys import key_for
from blossm.testing.contracts.log_store import BLUE, RED, commit
from blossm.testing.contracts.shop import painted, sold, trued

PAINT = Ref("command", "shop.bicycle.paint")
STRANGER = Ref("command", "staff.person.hire")


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


# ---------------------------------------------------------------- the same errors as in process


def calls(client: EventStoreClient) -> list[Any]:
    small = NewEvent("bicycle", RED, "painted", 2, {"coats": 0, "size": 1})
    off = commit(painted("red"), small, NewEvent("moon", "7", "x", 0, {}))
    odd: Any = {"color": {1}, "coats": float("nan")}
    anything: Any = None
    return [
        client.append(off),
        client.append(commit(NewEvent("bicycle", RED, "painted", 2, odd))),
        client.append(commit(NewEvent("bicycle", RED, "painted", 2, {"color": "\ud800", "coats": 2**70}))),
        client.append(commit(NewEvent("bicycle", RED, "painted", 2, anything))),
        client.append(commit(painted("red"), root_not_there())),
        client.append(commit(painted("x" * 2**20))),
        client.append(commit(*[trued()] * 1_001)),
        client.append(commit(painted("red")), expect=Expectation(roots={("bicycle", RED): 1})),
        client.append(commit(painted("red")), expect=Expectation(quiet={"moon": 1})),
        client.append(commit(painted("red")), reads=ReadSet("staff", 1)),
        client.append(commit(painted("red")), reads=ReadSet("shop", 1, {}, (Question("bicycle", {"coats": 1}, {}),))),
        client.aggregate("moon", RED),
        client.aggregate("bicycle", "7"),
        client.aggregate("bicycle", RED, number=-1),
        client.aggregate("bicycle", RED, time="soon"),
        client.query_aggregates("bicycle", {}),
        client.query_aggregates("bicycle", {"color": 1}),
        client.query_aggregates("bicycle", {"coats": 1}),
        client.count("bicycle", "7"),
        client.root("moon", RED),
    ]


def root_not_there() -> NewEvent:
    nothing: Any = None
    return NewEvent("bicycle", nothing, "painted", 2, {"color": "red"})


@pytest.mark.parametrize("index", range(20))
async def test_an_error_over_the_wire_is_the_one_in_process(stores: EventStores, client: WireEventStores, index: int) -> None:
    told: list[BlossmError] = []
    for each in (stores, client):
        asked = calls(each)
        for other in asked[:index] + asked[index + 1 :]:
            other.close()
        with pytest.raises(BlossmError) as caught:
            await asked[index]
        told.append(caught.value)
    here, there = told
    assert there.as_dict() == here.as_dict()
    assert await stores.head() == 1


# ---------------------------------------------------------------- bounds


async def test_a_long_root_comes_in_several_answers(shop: Served, client: WireEventStores, stores: EventStores) -> None:
    for n in range(5):
        await stores.append(commit(*(painted("x" * 5_000 + f"{n}") for _ in range(150))))
    events = await client.root("bicycle", RED, after=10)
    assert [event.number for event in events] == list(range(11, 751))
    assert events == await stores.root("bicycle", RED, after=10)
    assert shop.server.counts[f"{SERVICE}/Root"].requests == 2


async def test_of_a_long_root_no_answer_reads_more_than_it_gives(
    shop: Served, client: WireEventStores, stores: EventStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stores.append(commit(*(painted(f"{n}") for n in range(10))))
    monkeypatch.setattr("blossm.rpc.serving.event_store.ROOT_EVENTS", 4)
    read: list[int] = []
    whole = stores.root

    async def root(domain: str, root: str, *, after: int = 0, until: int | None = None) -> list[LoggedEvent]:
        events = await whole(domain, root, after=after, until=until)
        read.append(len(events))
        return events

    monkeypatch.setattr(stores, "root", root)
    assert [event.number for event in await client.root("bicycle", RED)] == list(range(1, 11))
    assert read == [4, 4, 2]


async def test_an_answer_that_no_message_holds_is_an_error_with_facts(client: WireEventStores, stores: EventStores) -> None:
    for n in range(10):
        root = f"00000000-0000-4000-8000-0000000001{n:02}"
        await stores.append(commit(sold("ada", root), painted(f"{n}" * 900_000, root)))
    with pytest.raises(PayloadTooLarge) as caught:
        await client.query_aggregates("bicycle", {"owner.email": "ada"})
    assert caught.value.facts["bytes"] > caught.value.facts["limit"] == 8 * 1024 * 1024


async def test_a_commit_that_no_message_holds_is_refused_as_one_that_is_too_large(client: WireEventStores) -> None:
    with pytest.raises(PayloadTooLarge, match="a commit may have 1048576 bytes"):
        await client.append(commit(painted("x" * 9_000_000)))
    assert [event.position for event in (await client.append(commit(painted("red")))).events] == [1]


async def test_a_page_is_as_long_as_is_good_to_send_and_says_how_far_it_goes(client: WireEventStores) -> None:
    await asyncio.gather(*(client.append(commit(painted("x" * 1_000, RED), trued())) for _ in range(300)))
    page = await client.read(0)
    assert (len(page.commits), page.scanned) == (250, 500)
    rest = await client.read(page.scanned)
    assert (len(rest.commits), rest.scanned) == (50, 600)
    assert (await client.read(0, limit=3)).scanned == 6
    assert await client.read(0, limit=0) == await client.read(0, limit=-1)
    assert ((await client.read(0, domains=[])).commits, (await client.read(0, domains=[])).scanned) == ((), 600)


async def test_a_page_has_at_most_2_mib_but_a_commit_is_whole(client: WireEventStores) -> None:
    for _ in range(5):
        await client.append(commit(painted("x" * 900_000)))
    assert [logged.position for logged in (await client.read(0)).commits] == [1, 2]


# ---------------------------------------------------------------- rights


@pytest.mark.parametrize("caller", [PAINT, STRANGER], ids=["one of the service", "a stranger"])
async def test_a_caller_may_do_what_it_may_in_process(stores: EventStores, caller: Ref) -> None:
    window = Callers(PAINTING).window(caller, "shop", stores)
    async with (
        served({"shop": stores}, network=PAINTING) as shop,
        shop.client(key=key_for(caller, SECRET)) as client,
    ):

        async def told(stores: EventStoreClient) -> list[Any]:
            asked = (
                stores.append(commit(painted("red"))),
                stores.append(commit(painted("red"), trued())),
                stores.reply_to("k", ""),
                stores.aggregate("bicycle", BLUE),
                stores.query_aggregates("bicycle", {"color": "none"}),
                stores.count("bicycle", BLUE),
                stores.read(10, domains=["bicycle"]),
                stores.read(10),
                anext(stores.stream(0, domains=["moon"])),
                stores.commit_at(0),
                stores.root("bicycle", BLUE),
            )
            answers = [(await asyncio.gather(each, return_exceptions=True))[0] for each in asked]
            return [answer.as_dict() if isinstance(answer, BlossmError) else type(answer) for answer in answers]

        here, there = await told(window), await told(client)
    assert there == here
    assert any(isinstance(answer, dict) and answer["code"] == "PERMISSION_DENIED" for answer in there)


async def test_nobody_has_later_done_what_it_may_not_do_now(stores: EventStores) -> None:
    def entry(address: str) -> Commit:
        later = (Later(address, {}, "", "2026-01-01T00:00:00.000000Z"),)
        return Commit(id=address, key=address, events=(painted("red"),), tx=Tx("t"), later=later, created=later[0].at)

    async with served({"shop": stores}, network=PAINTING) as shop, shop.client(key=key_for(PAINT, SECRET)) as client:
        await client.append(entry("shop.bicycle.sell"))
        with pytest.raises(PermissionDenied):
            await client.append(entry("shop.bicycle.paint"))
    assert await stores.head() == 2
