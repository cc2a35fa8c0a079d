"""A server that stops loses no call: each is answered, or told to come again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2
from tests.rpc.served_shop import event_stores, served
from tests.rpc.switchboard import COLORS, PAINT, SELL, Knowing, Telling, request, server, switchboard, until

from blossm.core.errors import Unavailable
from blossm.core.request import Answer, Request
from blossm.rpc.v1 import event_store_pb2

CALL = "/blossm.rpc.v1.CommandService/Call"
RED = {"color": "red"}
STORES = "/blossm.rpc.v1.EventStoreService"
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def stopping(board: Any, *, grace: float) -> asyncio.Task[None]:
    return asyncio.ensure_future(board.server.stop(grace=grace))


class Held:
    """Commands that wait until they are let go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.command = Telling(self._says)

    async def _says(self, request: Request) -> Answer:
        await self.go.wait()
        return Answer(tx=request.tx.id)


async def test_what_is_under_way_is_answered() -> None:
    held = Held()
    async with switchboard(commands={PAINT: held.command}) as board, board.clients(SELL) as clients:
        call = asyncio.ensure_future(clients.command(PAINT.address).call(request(PAINT, RED)))
        await held.command.begun.wait()
        stop = stopping(board, grace=10)
        await asyncio.sleep(0)
        assert not stop.done()
        held.go.set()
        assert (await call).tx == "t"
        await stop


async def test_what_takes_longer_than_the_grace_is_ended() -> None:
    held = Held()
    async with switchboard(commands={PAINT: held.command}) as board, board.clients(SELL) as clients:
        call = asyncio.ensure_future(clients.command(PAINT.address).call(request(PAINT, RED, within=0.5)))
        await held.command.begun.wait()
        await board.server.stop(grace=0.01)
        await asyncio.wait_for(held.command.stopped.wait(), 5)
        with pytest.raises(Exception, match="outcome is unknown"):
            await call


async def test_a_new_call_waits_for_the_server_that_takes_its_place() -> None:
    held, next = Held(), Telling()
    async with switchboard(commands={PAINT: held.command}) as board, board.clients(SELL) as clients:
        under_way = asyncio.ensure_future(clients.command(PAINT.address).call(request(PAINT, RED)))
        await held.command.begun.wait()
        stop = stopping(board, grace=10)
        await asyncio.sleep(0)
        late = asyncio.ensure_future(clients.command(PAINT.address).call(request(PAINT, RED, key="late", fresh=True)))
        await until(lambda: board.server.counts[CALL].errors)  # it is refused
        held.go.set()
        assert (await under_way).tx == "t"
        await stop
        async with switchboard(commands={PAINT: next}, address=board.address):
            assert (await late).tx == "t"
    assert [asked.key for asked in held.command.asked] == ["k"]
    assert [asked.key for asked in next.asked] == ["late"]


async def test_health_says_so_at_once_and_to_who_watches() -> None:
    held = Held()
    async with switchboard(commands={PAINT: held.command}) as board, board.clients(SELL) as clients:
        call = asyncio.ensure_future(clients.command(PAINT.address).call(request(PAINT, RED)))
        await held.command.begun.wait()
        async with grpc.aio.insecure_channel(board.address) as channel:
            make: Any = health_pb2.HealthCheckRequest.SerializeToString
            read: Any = health_pb2.HealthCheckResponse.FromString
            watch: Any = channel.unary_stream("/grpc.health.v1.Health/Watch", make, read)
            check: Any = channel.unary_unary("/grpc.health.v1.Health/Check", make, read)
            watching = watch(health_pb2.HealthCheckRequest())
            assert (await watching.read()).status == health_pb2.HealthCheckResponse.SERVING
            stop = stopping(board, grace=10)
            assert (await watching.read()).status == NOT_SERVING
            assert (await check(health_pb2.HealthCheckRequest())).status == NOT_SERVING
            assert await watching.read() is grpc.aio.EOF
            held.go.set()
            await stop
        await call


async def test_a_stream_of_items_comes_to_its_end() -> None:
    go, begun = asyncio.Event(), asyncio.Event()

    async def items(request: Request) -> AsyncIterator[Any]:
        yield "red"
        begun.set()
        await go.wait()
        yield "blue"

    async with switchboard(facts={COLORS: Knowing(items=items)}) as board, board.clients() as clients:
        stream = clients.fact(COLORS.address).stream(request(COLORS))
        assert await anext(stream) == "red"
        await begun.wait()
        stop = stopping(board, grace=10)
        await asyncio.sleep(0)
        go.set()
        assert [item async for item in stream] == ["blue"]
        await stop


async def test_streams_without_an_end_are_ended_at_once_and_told_to_come_again() -> None:
    async with served({"shop": event_stores()}) as shop, shop.line() as line:
        follow = event_store_pb2.StreamRequest(service="shop", follow=True)
        following = line.stream(f"{STORES}/Stream", follow, event_store_pb2.StreamResponse, timeout=None)
        watch = event_store_pb2.WatchRequest(service="shop")
        watching = line.stream(f"{STORES}/Watch", watch, event_store_pb2.WatchResponse, timeout=None)
        assert (await anext(watching)).head == 1
        next = asyncio.ensure_future(anext(following))
        await until(lambda: shop.server.counts[f"{STORES}/Stream"].in_flight)
        await shop.server.stop(grace=60)
        with pytest.raises(Unavailable, match="stopping"):
            await anext(watching)
        next.cancel()
        counts = shop.server.counts[f"{STORES}/Watch"]
        assert (counts.errors, counts.in_flight) == ({"UNAVAILABLE": 1}, 0)


async def test_under_load_no_call_is_lost() -> None:
    """Twenty callers call on and on while servers come and go at one address: all get an answer, of what was done once."""
    done: dict[str, int] = {}

    async def says(request: Request) -> Answer:
        await asyncio.sleep(0.001)
        done[request.key] = done.get(request.key, 0) + 1
        return Answer(tx=request.key)

    first = server(commands={PAINT: Telling(says)})
    address = await first.start("127.0.0.1:0")
    async with switchboard() as other, other.clients(SELL, address=address) as clients:
        paint = clients.command(PAINT.address)

        async def calls(caller: int) -> int:
            for number in range(30):
                key = f"{caller}.{number}"
                assert (await paint.call(request(PAINT, RED, key=key, within=30))).tx == key
            return 30

        calling = [asyncio.ensure_future(calls(caller)) for caller in range(20)]
        current = first
        for _ in range(4):
            await asyncio.sleep(0.05)
            await current.stop(grace=5)
            current = server(commands={PAINT: Telling(says)})
            await current.start(address)
        assert sum(await asyncio.gather(*calling)) == 600
        await current.stop(grace=5)
    assert len(done) == 600
    assert set(done.values()) == {1}


async def test_after_a_stop_nobody_is_there() -> None:
    async with switchboard(commands={PAINT: Telling()}) as board, board.clients(SELL) as clients:
        await board.server.stop(grace=1)
        await board.server.stop(grace=1)  # and again, which changes nothing
        with pytest.raises(Unavailable):
            await clients.command(PAINT.address).call(request(PAINT, RED, within=0.3))
