"""A server of procedures: who may call, how long, how much, and what it counts."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from grpc_health.v1 import health_pb2
from tests.rpc.switchboard import (
    COLORS,
    PAINT,
    PRICE,
    SECRET,
    SELL,
    TOKEN,
    Knowing,
    Telling,
    request,
    server,
    switchboard,
)

from blossm.core.errors import (
    BadRequest,
    DeadlineExceeded,
    Internal,
    NotFound,
    PayloadTooLarge,
    PermissionDenied,
    Unauthenticated,
    Unavailable,
)
from blossm.core.request import Answer, FactAnswer, Request
from blossm.model.network import Ref
from blossm.rpc import bounds
from blossm.rpc.bounds import MAX_MESSAGE
from blossm.rpc.calling.line import Line, open_channel
from blossm.rpc.keys import key_for, operator_key
from blossm.rpc.v1 import command_pb2

CALL = "/blossm.rpc.v1.CommandService/Call"
RED = {"color": "red"}


async def test_a_caller_with_an_edge_is_answered() -> None:
    async with switchboard(commands={PAINT: Telling()}) as board, board.clients(SELL) as clients:
        assert (await clients.command(PAINT.address).call(request(PAINT, RED))).tx == "t"


async def test_the_operator_may_call_everything() -> None:
    async with switchboard(commands={PAINT: Telling(), SELL: Telling()}) as board, board.clients() as clients:
        for callee in (PAINT, SELL):
            assert (await clients.command(callee.address).call(request(callee, RED))).tx == "t"


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("", Unauthenticated),
        ("wrong", Unauthenticated),
        (key_for(SELL, b"the secret of another callee"), Unauthenticated),
        (operator_key("another token"), Unauthenticated),
        (key_for(Ref("command", "shop.bicycle.paint"), SECRET), PermissionDenied),
        (key_for(Ref("view-gateway", "v.city.example"), SECRET), PermissionDenied),
    ],
    ids=["none", "wrong", "for another callee", "another operator", "without an edge", "unknown to the model"],
)
async def test_another_key_does_not_pass(key: str, problem: type[Exception]) -> None:
    paint = Telling()
    async with switchboard(commands={PAINT: paint}) as board, board.clients(SELL, key=key) as clients:
        with pytest.raises(problem):
            await clients.command(PAINT.address).call(request(PAINT, RED))
    assert paint.asked == []


async def test_who_sends_odd_metadata_is_nobody_and_the_server_goes_on() -> None:
    key = ("authorization", f"Bearer {operator_key(TOKEN)}")
    message = command_pb2.CallRequest(address=PAINT.address).SerializeToString()
    async with switchboard(commands={PAINT: Telling()}) as board, grpc.aio.insecure_channel(board.address) as channel:
        call: Any = channel.unary_unary(CALL)
        for metadata, code in (
            ((key, key), grpc.StatusCode.UNAUTHENTICATED),
            ((("authorization-bin", b"\xff"),), grpc.StatusCode.UNAUTHENTICATED),
            ((("authorization", "Bearer " + "x" * 5_000),), grpc.StatusCode.UNAUTHENTICATED),
            ((("authorization", "Bearer " + "x" * 100_000),), grpc.StatusCode.RESOURCE_EXHAUSTED),
            ((("authorization", ""), key), grpc.StatusCode.UNAUTHENTICATED),
            ((key, ("x-odd-bin", b"\x00\xff"), ("x-odd", "")), grpc.StatusCode.OK),
        ):
            assert await call(message, metadata=metadata).code() is code


async def test_a_refusal_is_the_same_as_in_process() -> None:
    caller = Ref("fact", PRICE.address)
    key = key_for(caller, SECRET)
    async with switchboard(commands={PAINT: Telling()}) as board, board.clients(SELL, key=key) as clients:
        with pytest.raises(PermissionDenied) as raised:
            await clients.command(PAINT.address).call(request(PAINT, RED))
    assert raised.value.message == "fact shop.bicycle.price may not call command shop.bicycle.paint"
    assert raised.value.facts == {"caller": "fact:shop.bicycle.price", "callee": "command:shop.bicycle.paint"}


async def test_what_a_server_does_not_host_is_not_found_there() -> None:
    async with switchboard(commands={SELL: Telling()}) as board, board.clients() as clients:
        with pytest.raises(NotFound) as raised:
            await clients.command(PAINT.address).call(request(PAINT, RED))
        assert raised.value.facts == {"callee": "command:shop.bicycle.paint"}
        with pytest.raises(NotFound, match="Method not found"):  # no facts at all: the service is not there
            await clients.fact(PRICE.address).read(request(PRICE))


async def test_a_command_is_stopped_at_its_deadline() -> None:
    async def says(request: Request) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    paint = Telling(says)
    async with switchboard(commands={PAINT: paint}) as board:
        line = Line(channel := open_channel(board.address), operator_key(TOKEN))
        message = command_pb2.CallRequest(address=PAINT.address)
        with pytest.raises(DeadlineExceeded):
            await line.ask(CALL, message, command_pb2.CallResponse, timeout=0.05, again=True)
        await asyncio.wait_for(paint.stopped.wait(), 5)
        await channel.close()
    assert board.server.counts[CALL].errors == {"CANCELLED": 1}


async def test_who_stops_waiting_stops_the_callee() -> None:
    async def says(request: Request) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    paint = Telling(says)
    async with switchboard(commands={PAINT: paint}) as board, board.clients(SELL) as clients:
        call = asyncio.ensure_future(clients.command(PAINT.address).call(request(PAINT, RED)))
        await paint.begun.wait()
        assert board.server.counts[CALL].in_flight == 1
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.wait_for(paint.stopped.wait(), 5)


async def test_a_handler_that_cancels_itself_is_told_as_broken() -> None:
    async def says(request: Request) -> Answer:
        raise asyncio.CancelledError

    async with switchboard(commands={PAINT: Telling(says)}) as board, board.clients(SELL) as clients:
        with pytest.raises(Internal):
            await clients.command(PAINT.address).call(request(PAINT, RED))


async def test_a_request_over_the_bound_is_not_sent() -> None:
    async with switchboard(commands={PAINT: Telling()}) as board, board.clients(SELL) as clients:
        with pytest.raises(PayloadTooLarge) as raised:
            await clients.command(PAINT.address).call(request(PAINT, {"color": "x" * MAX_MESSAGE}))
        assert raised.value.facts["limit"] == MAX_MESSAGE
        assert raised.value.facts["bytes"] > MAX_MESSAGE
        await clients.command(PAINT.address).call(request(PAINT, RED))
    assert board.server.counts[CALL].requests == 1


async def test_a_request_over_the_bound_is_refused_where_it_arrives() -> None:
    async with switchboard(commands={PAINT: Telling()}) as board, board.clients(SELL) as clients:
        await clients.command(PAINT.address).call(request(PAINT, RED))
        async with grpc.aio.insecure_channel(board.address) as foreign:
            call: Any = foreign.unary_unary(CALL)
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await call(b"\0" * (MAX_MESSAGE + 1))
            assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await call(b"")
            assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED
        await clients.command(PAINT.address).call(request(PAINT, RED))


async def test_an_answer_over_the_bound_is_told_and_the_connection_goes_on() -> None:
    async def says(request: Request) -> Answer:
        return Answer(response={"heard": "x" * (MAX_MESSAGE if request.payload["color"] == "red" else 1)})

    async with switchboard(commands={PAINT: Telling(says)}) as board, board.clients(SELL) as clients:
        with pytest.raises(PayloadTooLarge) as raised:
            await clients.command(PAINT.address).call(request(PAINT, RED))
        assert raised.value.facts["limit"] == MAX_MESSAGE
        assert (await clients.command(PAINT.address).call(request(PAINT, {"color": "blue"}))).response == {"heard": "x"}


async def test_messages_near_the_bound_pass_both_ways() -> None:
    large = "x" * (MAX_MESSAGE - 1024)

    async def says(request: Request) -> Answer:
        return Answer(response={"heard": request.payload["color"]})

    async with switchboard(commands={PAINT: Telling(says)}) as board, board.clients(SELL) as clients:
        answer = await clients.command(PAINT.address).call(request(PAINT, {"color": large}))
    assert answer.response == {"heard": large}


async def raw(address: str, method: str, data: bytes) -> grpc.aio.AioRpcError:
    """What a foreign client gets for bytes that are no request."""
    async with grpc.aio.insecure_channel(address) as channel:
        call: Any = channel.unary_unary(method)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call(data, metadata=[("authorization", f"Bearer {operator_key(TOKEN)}")])
    return raised.value


async def test_bytes_that_are_no_request_are_told() -> None:
    async with switchboard(commands={PAINT: Telling()}) as board:
        error = await raw(board.address, CALL, b"\xff\xff\xff")
    assert (error.code(), error.details()) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "the request is no blossm.rpc.v1.CallRequest",
    )


async def test_fields_of_a_newer_contract_are_not_overlooked() -> None:
    newer = command_pb2.CallRequest(address=PAINT.address).SerializeToString() + b"\xa2\x06\x01x"  # field 100
    paint = Telling()
    async with switchboard(commands={PAINT: paint}) as board:
        error = await raw(board.address, CALL, newer)
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert paint.asked == []


async def test_a_payload_of_another_type_is_told_with_what_it_should_be() -> None:
    payload = AnyMessage(type_url="type.googleapis.com/shop.bicycle.PriceRequest")
    message = command_pb2.CallRequest(address=PAINT.address, payload=payload)
    async with switchboard(commands={PAINT: Telling()}) as board:
        line = Line(channel := open_channel(board.address), operator_key(TOKEN))
        with pytest.raises(BadRequest) as raised:
            await line.ask(CALL, message, command_pb2.CallResponse, timeout=5, again=False)
        await channel.close()
    assert raised.value.fields[0].path == "payload"
    assert raised.value.facts["expected"] == "type.googleapis.com/shop.bicycle.PaintRequest"


async def test_an_unknown_method_is_not_implemented() -> None:
    async with switchboard(commands={PAINT: Telling()}) as board:
        for method in ("/blossm.rpc.v1.CommandService/Sing", "/nobody/Call", "/", "/blossm.rpc.v1.FactService/Read"):
            assert (await raw(board.address, method, b"")).code() is grpc.StatusCode.UNIMPLEMENTED


async def test_foreign_clients_get_what_their_default_bounds_can_take() -> None:
    async def says(request: Request) -> Answer:
        raise BadRequest("☂" * 10_000, facts={"much": "☂" * 10_000, "little": 1}, help="☂" * 10_000)

    async with switchboard(commands={PAINT: Telling(says)}) as board:
        data = command_pb2.CallRequest(address=PAINT.address).SerializeToString()
        error = await raw(board.address, CALL, data)
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert sum(len(name) + len(value) for name, value in error.trailing_metadata()) < 8192


async def test_calls_are_counted_by_method_with_their_errors() -> None:
    async def says(request: Request) -> Answer:
        if request.payload["color"] == "red":
            raise BadRequest("not red")
        return Answer()

    async def known(request: Request, reads: object) -> FactAnswer:
        return FactAnswer(response=1.0)

    async with switchboard(commands={PAINT: Telling(says)}, facts={PRICE: Knowing(known)}) as board, board.clients() as clients:
        for color in ("red", "blue", "red"):
            with suppress(BadRequest):
                await clients.command(PAINT.address).call(request(PAINT, {"color": color}))
        await clients.fact(PRICE.address).read(request(PRICE, {"coats": 1}))
        counts = board.server.counts
        assert (counts[CALL].requests, counts[CALL].errors, counts[CALL].in_flight) == (3, {"BAD_REQUEST": 2}, 0)
        assert counts["/blossm.rpc.v1.FactService/Read"].requests == 1


def stub(channel: grpc.aio.Channel) -> Any:
    return channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
        response_deserializer=health_pb2.HealthCheckResponse.FromString,
    )


async def test_health_is_told_to_everybody_of_each_service() -> None:
    async with switchboard(commands={PAINT: Telling()}) as board, grpc.aio.insecure_channel(board.address) as channel:
        check = stub(channel)
        for service in ("", "blossm.rpc.v1.CommandService"):
            assert (await check(health_pb2.HealthCheckRequest(service=service))).status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await check(health_pb2.HealthCheckRequest(service="blossm.rpc.v1.FactService"))
        assert raised.value.code() is grpc.StatusCode.NOT_FOUND
    assert "/grpc.health.v1.Health/Check" not in board.server.counts


async def test_an_address_that_is_taken_is_told() -> None:
    async with switchboard(commands={PAINT: Telling()}) as board:
        with pytest.raises(Unavailable, match="can't listen"):
            await server(commands={PAINT: Telling()}).start(board.address)


def test_channels_ping_no_more_often_than_servers_allow() -> None:
    channel, serving = dict(bounds.CHANNEL), dict(bounds.SERVER)
    allowed = serving["grpc.http2.min_recv_ping_interval_without_data_ms"]
    assert channel["grpc.keepalive_time_ms"] >= 2 * allowed


async def test_two_servers_may_share_a_port_when_they_both_say_so() -> None:
    first, second = server(commands={PAINT: Telling()}), server(commands={PAINT: Telling()})
    address = await first.start("127.0.0.1:0", share_port=True)
    assert await second.start(address, share_port=True) == address
    await first.stop(grace=0)
    await second.stop(grace=0)


async def test_a_server_that_never_started_stops() -> None:
    await server(facts={COLORS: Knowing()}).stop(grace=1)
