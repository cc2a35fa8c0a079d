"""The way from a process to others: what is sent again, what is not, and what is said when nobody answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from tests.rpc.switchboard import (
    COLORS,
    NETWORK,
    PAINT,
    PRICE,
    SELL,
    TYPES,
    VIEW,
    Knowing,
    Telling,
    reaching,
    request,
    server,
    switchboard,
)

from blossm.adapters.clock import SystemClock
from blossm.adapters.memory.clock import FakeClock
from blossm.core.errors import DeadlineExceeded, NotFound, PermissionDenied, Unavailable
from blossm.core.request import Answer, FactAnswer, Request
from blossm.model.network import Ref
from blossm.rpc.client import WireClients

RED = {"color": "red"}


@asynccontextmanager
async def breaking(answers: str, *, before_breaking: Callable[[], Awaitable[object]]) -> AsyncIterator[tuple[str, list[int]]]:
    """Passes bytes between a client and the server at `answers`, and breaks the first connection when something is true.

    What it gives: its own address, and a list with an entry for each connection that there was.
    """
    host, _, port = answers.rpartition(":")
    connections: list[int] = []
    tasks: list[asyncio.Task[None]] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        try:
            there, back = await asyncio.open_connection(host, int(port))
        except OSError:  # the server is gone
            writer.transport.abort()
            return
        passing = [asyncio.ensure_future(passed(reader, back)), asyncio.ensure_future(passed(there, writer))]
        tasks.extend(passing)
        if len(connections) == 1:
            await before_breaking()
        else:
            await asyncio.wait(passing)
        for each in (writer, back):
            each.transport.abort()

    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()

    proxy = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{proxy.sockets[0].getsockname()[1]}", connections
    finally:
        proxy.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def free_address() -> str:
    """Where nobody listens."""
    passing = server(commands={PAINT: Telling()})
    address = await passing.start("127.0.0.1:0")
    await passing.stop(grace=0)
    return address


async def test_a_callee_that_comes_up_late_answers_late() -> None:
    address = await free_address()
    async with switchboard() as other, other.clients(SELL, address=address) as clients:
        call = asyncio.ensure_future(clients.command(PAINT.address).call(request(PAINT, RED, fresh=True)))
        await asyncio.sleep(0.1)  # some tries fail
        paint = Telling()
        async with switchboard(commands={PAINT: paint}, address=address):
            assert (await call).tx == "t"
    assert len(paint.asked) == 1


async def test_a_callee_that_does_not_come_up_in_time_is_unavailable() -> None:
    async with switchboard() as other, other.clients(SELL, address=await free_address()) as clients:
        with pytest.raises(Unavailable) as raised:
            await clients.command(PAINT.address).call(request(PAINT, RED, within=0.2))
    assert raised.value.code() == "UNAVAILABLE"


async def test_a_request_without_time_is_not_sent() -> None:
    paint = Telling()
    async with switchboard(commands={PAINT: paint}) as board, board.clients(SELL) as clients:
        with pytest.raises(DeadlineExceeded):
            await clients.command(PAINT.address).call(request(PAINT, RED, within=-1))
    assert paint.asked == []


async def test_a_command_whose_connection_broke_is_asked_for_again_under_its_key() -> None:
    answered, clock = asyncio.Event(), FakeClock()

    async def says(request: Request) -> Answer:
        if not answered.is_set():
            clock.advance(1_000)
            answered.set()
            await asyncio.Event().wait()
        return Answer(tx="the second time")

    paint = Telling(says)
    asked = request(PAINT, RED, key="", fresh=False, deadline=clock.monotonic() + 2_000)
    async with (
        switchboard(commands={PAINT: paint}) as board,
        breaking(board.address, before_breaking=answered.wait) as (address, connections),
        board.clients(SELL, address=address, clock=clock) as clients,
    ):
        answer = await clients.command(PAINT.address).call(asked)
        assert answer.tx == "the second time"
        assert len(connections) == 2
    first, second = paint.asked
    assert first.key == second.key != ""
    assert (first.fresh, second.fresh) == (True, False)
    assert second.deadline < first.deadline - 500  # what is left by then


async def test_of_a_command_that_may_have_been_done_the_outcome_is_unknown() -> None:
    begun = asyncio.Event()

    async def says(request: Request) -> Answer:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with (
        switchboard(commands={PAINT: Telling(says)}) as board,
        breaking(board.address, before_breaking=begun.wait) as (address, _),
        board.clients(SELL, address=address) as clients,
    ):
        call = asyncio.ensure_future(clients.command(PAINT.address).call(request(PAINT, RED, within=1.0)))
        await begun.wait()
        await board.server.stop(grace=0)
        with pytest.raises(DeadlineExceeded, match="outcome is unknown"):
            await call


async def test_what_a_callee_says_of_itself_is_an_answer_and_not_asked_for_again() -> None:
    async def says(request: Request) -> Answer:
        raise Unavailable("the paint shop is closed", facts={"until": "nine"})

    paint = Telling(says)
    async with switchboard(commands={PAINT: paint}) as board, board.clients(SELL) as clients:
        with pytest.raises(Unavailable, match="closed") as raised:
            await clients.command(PAINT.address).call(request(PAINT, RED))
    assert raised.value.facts == {"until": "nine"}
    assert len(paint.asked) == 1


async def test_a_question_whose_connection_broke_is_asked_again() -> None:
    asked = asyncio.Event()

    async def says(request: Request, reads: Any) -> FactAnswer:
        if not asked.is_set():
            asked.set()
            await asyncio.Event().wait()
        return FactAnswer(response=2.5)

    async with (
        switchboard(facts={PRICE: Knowing(says)}) as board,
        breaking(board.address, before_breaking=asked.wait) as (address, connections),
        board.clients(PAINT, address=address) as clients,
    ):
        assert (await clients.fact(PRICE.address).read(request(PRICE, {"coats": 1}))).response == 2.5
        assert len(connections) == 2


async def test_a_stream_that_broke_after_its_first_item_is_not_begun_again() -> None:
    taken = asyncio.Event()
    streams = []

    async def items(request: Request) -> AsyncIterator[Any]:
        streams.append(1)
        yield "red"
        await asyncio.Event().wait()

    async with (
        switchboard(facts={COLORS: Knowing(items=items)}) as board,
        breaking(board.address, before_breaking=taken.wait) as (address, _),
        board.clients(PAINT, address=address) as clients,
    ):
        stream = clients.fact(COLORS.address).stream(request(COLORS))
        assert await anext(stream) == "red"
        taken.set()
        with pytest.raises(Unavailable):
            await anext(stream)
    assert len(streams) == 1


async def test_closing_the_clients_ends_what_is_under_way() -> None:
    async def says(request: Request) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    paint = Telling(says)
    async with switchboard(commands={PAINT: paint}) as board:
        async with board.clients(SELL) as clients:
            call = asyncio.ensure_future(clients.command(PAINT.address).call(request(PAINT, RED)))
            await paint.begun.wait()
        with pytest.raises(DeadlineExceeded, match="outcome is unknown"):
            await call
        with pytest.raises(Unavailable):
            await clients.command(PAINT.address).call(request(PAINT, RED, within=0.1))
        await asyncio.wait_for(paint.stopped.wait(), 5)


async def test_who_has_no_edge_is_refused_before_anything_is_sent() -> None:
    gateway = Ref("view-gateway", "v.city.example")
    clients = WireClients(network=NETWORK, types=TYPES, reach={}, clock=SystemClock(), caller=gateway)
    for reach_for in (
        lambda: clients.command(PAINT.address),
        lambda: clients.fact(PRICE.address),
        lambda: clients.view_store(VIEW.address),
    ):
        with pytest.raises(PermissionDenied, match="may not call"):
            reach_for()
    with pytest.raises(PermissionDenied, match=r"may not read event-store shop\.bicycle"):
        await clients.event_stores("shop").aggregate("bicycle", "7d1c1c1e-6f2e-4c53-9a43-0a6d0f5b000a")
    with pytest.raises(PermissionDenied):
        await clients.event_stores("shop").head()


async def test_what_the_network_does_not_have_is_not_found() -> None:
    async with switchboard() as board, board.clients() as clients:
        for reach_for in (
            lambda: clients.command("shop.bicycle.burn"),
            lambda: clients.fact("shop.bicycle.weight"),
            lambda: clients.view_store("garage.cars"),
            lambda: clients.event_stores("zoo"),
        ):
            with pytest.raises(NotFound):
                reach_for()


async def test_whose_place_nobody_told_is_unavailable() -> None:
    clients = WireClients(network=NETWORK, types=TYPES, reach={}, clock=SystemClock())
    with pytest.raises(Unavailable, match="nobody told where"):
        clients.command(PAINT.address)


async def test_all_that_is_at_one_address_shares_a_channel() -> None:
    async with switchboard(commands={PAINT: Telling(), SELL: Telling()}) as board:
        clients = reaching(None, key="operator:token", address=board.address)
        for callee in (PAINT, SELL):
            await clients.command(callee.address).call(request(callee, RED))
        assert len(clients._channels) == 1
        await clients.close()
