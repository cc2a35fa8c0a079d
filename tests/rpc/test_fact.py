"""Facts over the wire, at once and item by item."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.rpc.switchboard import COLORS, PAINT, PRICE, SECRET, TOKEN, Knowing, request, switchboard, until

from blossm.core.errors import BadRequest, NotFound, PermissionDenied, PreconditionFailed
from blossm.core.read_set import NO_READS, Question, ReadSet
from blossm.core.request import FactAnswer, Request
from blossm.model.network import Ref
from blossm.rpc.calling.line import Line, open_channel
from blossm.rpc.keys import key_for, operator_key
from blossm.rpc.serving.fact import AHEAD
from blossm.rpc.v1 import fact_pb2

STREAM = "/blossm.rpc.v1.FactService/Stream"
ROOT = "7d1c1c1e-6f2e-4c53-9a43-0a6d0f5b000a"


async def test_a_fact_is_asked_and_answers() -> None:
    async def says(request: Request, reads: ReadSet) -> FactAnswer:
        return FactAnswer(response=request.payload["coats"] * 2.5)

    price = Knowing(says)
    async with switchboard(facts={PRICE: price}) as board, board.clients(PAINT) as clients:
        answer = await clients.fact(PRICE.address).read(request(PRICE, {"coats": 2}, root=ROOT, context={"garage": ROOT}))
    assert repr(answer.response) == "5.0"
    assert answer.reads == NO_READS
    (arrived, reads) = price.asked[0]
    assert (arrived.payload, arrived.root, arrived.context, reads) == ({"coats": 2}, ROOT, {"garage": ROOT}, NO_READS)


@pytest.mark.parametrize("response", [None, 7, "x", [1], {"a": 1}, True], ids=repr)
async def test_a_response_that_does_not_fit_its_type_travels_all_the_same(response: Any) -> None:
    async def says(request: Request, reads: ReadSet) -> FactAnswer:
        return FactAnswer(response=response)

    async with switchboard(facts={PRICE: Knowing(says)}) as board, board.clients(PAINT) as clients:
        answer = await clients.fact(PRICE.address).read(request(PRICE, {"coats": 2}))
    assert repr(answer.response) == repr(response)


async def test_what_was_read_travels_both_ways() -> None:
    asked = ReadSet("shop", 7)
    told = ReadSet(
        "shop",
        7,
        {("bicycle", ROOT): 3},
        (Question("bicycle", {"color": "red", "n": 1.0}, {ROOT: 3}, 7, {ROOT: (2, 3)}),),
    )

    async def says(request: Request, reads: ReadSet) -> FactAnswer:
        return FactAnswer(response=1.0, reads=told)

    price = Knowing(says)
    async with switchboard(facts={PRICE: price}) as board, board.clients(PAINT) as clients:
        answer = await clients.fact(PRICE.address).read(request(PRICE, {"coats": 2}), reads=asked)
    assert price.asked[0][1] == asked
    assert answer.reads == told


async def test_a_query_that_is_no_json_is_told_as_in_process() -> None:
    async with switchboard(facts={PRICE: Knowing()}) as board, board.clients(PAINT) as clients:
        with pytest.raises(BadRequest, match="the query is off") as raised:
            await clients.fact(PRICE.address).read(request(PRICE, {"coats": {1}}))
        assert [field.path for field in raised.value.fields] == ["query.coats"]
        stream = clients.fact(PRICE.address).stream(request(PRICE, {"coats": float("inf")}))
        with pytest.raises(BadRequest, match="the query is off"):
            await anext(stream)


async def test_who_has_no_edge_is_not_told() -> None:
    gateway = Ref("fact-gateway", "f.city.example")
    async with switchboard(facts={COLORS: Knowing()}) as board, board.clients(PAINT, key=key_for(gateway, SECRET)) as clients:
        with pytest.raises(PermissionDenied, match="fact-gateway"):
            await anext(clients.fact(COLORS.address).stream(request(COLORS)))


async def test_items_come_in_their_order_and_end() -> None:
    async def items(request: Request) -> AsyncIterator[Any]:
        for number in range(1000):
            yield f"{request.root}{number}"

    async with switchboard(facts={COLORS: Knowing(items=items)}) as board, board.clients(PAINT) as clients:
        found = [item async for item in clients.fact(COLORS.address).stream(request(COLORS, root="r"))]
    assert found == [f"r{number}" for number in range(1000)]


async def test_an_item_comes_when_it_is_made() -> None:
    go = asyncio.Event()

    async def items(request: Request) -> AsyncIterator[Any]:
        yield "red"
        await go.wait()
        yield "blue"

    async with switchboard(facts={COLORS: Knowing(items=items)}) as board, board.clients(PAINT) as clients:
        stream = clients.fact(COLORS.address).stream(request(COLORS))
        assert await anext(stream) == "red"
        go.set()
        assert [item async for item in stream] == ["blue"]


@pytest.mark.parametrize("item", [None, 1, {"a": [1.0]}], ids=repr)
async def test_an_item_that_does_not_fit_its_type_travels_all_the_same(item: Any) -> None:
    async def items(request: Request) -> AsyncIterator[Any]:
        yield item

    async with switchboard(facts={COLORS: Knowing(items=items)}) as board, board.clients(PAINT) as clients:
        assert repr([found async for found in clients.fact(COLORS.address).stream(request(COLORS))]) == repr([item])


async def test_a_stream_without_items_ends() -> None:
    async def items(request: Request) -> AsyncIterator[Any]:
        for _ in ():
            yield

    async with switchboard(facts={COLORS: Knowing(items=items)}) as board, board.clients(PAINT) as clients:
        assert [item async for item in clients.fact(COLORS.address).stream(request(COLORS))] == []


async def test_an_error_comes_after_the_items_before_it() -> None:
    async def items(request: Request) -> AsyncIterator[Any]:
        for number in range(250):
            yield str(number)
        raise PreconditionFailed("no more paint", facts={"left": 0})

    found: list[Any] = []
    async with switchboard(facts={COLORS: Knowing(items=items)}) as board, board.clients(PAINT) as clients:
        stream = clients.fact(COLORS.address).stream(request(COLORS))
        found += [await anext(stream) for _ in range(250)]
        with pytest.raises(PreconditionFailed) as raised:
            await anext(stream)
    assert found == [str(number) for number in range(250)]
    assert raised.value.facts == {"left": 0}


async def test_for_a_slow_reader_only_some_items_are_made_ahead() -> None:
    made = 0
    large = "x" * 10_000

    async def items(request: Request) -> AsyncIterator[Any]:
        nonlocal made
        for _ in range(20_000):
            made += 1
            yield large

    async with switchboard(facts={COLORS: Knowing(items=items)}) as board, board.clients(PAINT) as clients:
        stream: Any = clients.fact(COLORS.address).stream(request(COLORS, within=60))
        await anext(stream)
        before = -1
        while made != before:  # until the line is full
            before = made
            await asyncio.sleep(0.1)
        assert made < 2_000  # of 200 MB
        await stream.aclose()
        await until(lambda: not board.server.counts[STREAM].in_flight)


async def test_items_that_are_large_go_in_messages_within_the_bound() -> None:
    sizes = [10, 3_000_000, 3_000_000, 3_000_000, 20]

    async def items(request: Request) -> AsyncIterator[Any]:
        for size in sizes:
            yield "x" * size

    async with switchboard(facts={COLORS: Knowing(items=items)}) as board, board.clients(PAINT) as clients:
        assert [len(item) async for item in clients.fact(COLORS.address).stream(request(COLORS))] == sizes


async def test_who_reads_no_more_ends_the_making() -> None:
    ended = asyncio.Event()

    async def items(request: Request) -> AsyncIterator[Any]:
        try:
            yield "red"
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with switchboard(facts={COLORS: Knowing(items=items)}) as board, board.clients(PAINT) as clients:
        stream: Any = clients.fact(COLORS.address).stream(request(COLORS))
        assert await anext(stream) == "red"
        await stream.aclose()
        await asyncio.wait_for(ended.wait(), 5)


async def test_what_is_made_while_a_message_is_on_its_way_goes_in_one() -> None:
    async def items(request: Request) -> AsyncIterator[Any]:
        for number in range(AHEAD * 3):
            yield str(number)

    async with switchboard(facts={COLORS: Knowing(items=items)}) as board:
        line = Line(channel := open_channel(board.address), operator_key(TOKEN))
        message = fact_pb2.FactServiceStreamRequest(asked=fact_pb2.Asked(address=COLORS.address))
        answers = line.stream(STREAM, message, fact_pb2.FactServiceStreamResponse, timeout=5)
        counts = [len(answer.items) async for answer in answers]
        await channel.close()
    assert sum(counts) == AHEAD * 3
    assert max(counts) <= AHEAD
    assert len(counts) < AHEAD


async def test_a_fact_that_is_not_here_is_not_found() -> None:
    async with switchboard(facts={PRICE: Knowing()}) as board, board.clients(PAINT) as clients:
        with pytest.raises(NotFound):
            await anext(clients.fact(COLORS.address).stream(request(COLORS)))
