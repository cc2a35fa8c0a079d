"""Commands over the wire: all that a request and its answer hold travels, and a foreign client may leave most of it out."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from tests.rpc.switchboard import NETWORK, PAINT, SELL, TOKEN, TYPES, Switchboard, Telling, request, switchboard

from blossm.adapters.clock import SystemClock
from blossm.adapters.memory.clock import FakeClock
from blossm.core.commit import EventRef
from blossm.core.errors import BadRequest, BlossmError, DeadlineExceeded
from blossm.core.event import Step, Tx
from blossm.core.payload import Contract
from blossm.core.request import Answer, Cookie, Request
from blossm.handlers.run import within
from blossm.rpc.calling.line import Line, open_channel
from blossm.rpc.keys import operator_key
from blossm.rpc.v1 import command_pb2, envelope_pb2

CALL = "/blossm.rpc.v1.CommandService/Call"
ROOT = "7d1c1c1e-6f2e-4c53-9a43-0a6d0f5b000a"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def foreign(board: Switchboard, message: command_pb2.CallRequest, **more: Any) -> command_pb2.CallResponse:
    """What a client in another language does: a call of its own making."""
    channel = open_channel(board.address)
    try:
        line = Line(channel, operator_key(TOKEN))
        return await line.ask(CALL, message, command_pb2.CallResponse, timeout=more.pop("timeout", 5), again=False)
    finally:
        await channel.close()


async def test_all_of_a_request_travels() -> None:
    paint = Telling()
    clock = FakeClock()
    sent = request(
        PAINT,
        {"color": "red", "coats": 2, "when": "2026-01-31T12:00:00Z"},
        root=ROOT,
        options={"dry": True, "n": 1.0, "list": [None]},
        context={"garage": ROOT},
        claims={"sub": "ada", "roles": ["mechanic"], "more": {"deep": 1}},
        key="the key",
        fresh=True,
        tx=Tx("t", (Step("command:shop.bicycle.sell", "s", "2026-01-31T12:00:00.000000Z"),), {"sub": "ada"}),
        traceparent=TRACE,
        deadline=clock.monotonic() + 30,
    )
    async with switchboard(commands={PAINT: paint}, clock=clock) as board, board.clients(SELL, clock=clock) as clients:
        await clients.command(PAINT.address).call(sent)
    (arrived,) = paint.asked
    for name in ("address", "payload", "root", "options", "context", "claims", "key", "fresh", "tx", "traceparent"):
        assert repr(getattr(arrived, name)) == repr(getattr(sent, name))
    assert arrived.deadline == sent.deadline  # on the callee's clock, which here is the same


async def test_all_of_an_answer_travels() -> None:
    told = Answer(
        response={"heard": "red"},
        root=ROOT,
        events=(EventRef("painted", "bicycle", ROOT, 1, 7), EventRef("sold", "bicycle", ROOT, 2, 8)),
        cookies=(Cookie(name="a", value="1"), Cookie(name="b", value="", max_age=0)),
        tx="t",
        status=201,
        service="shop",
        position=8,
    )

    async def says(request: Request) -> Answer:
        return told

    async with switchboard(commands={PAINT: Telling(says)}) as board, board.clients(SELL) as clients:
        assert await clients.command(PAINT.address).call(request(PAINT, {"color": "red"})) == told


@pytest.mark.parametrize("response", [None, {"heard": 1}, {"other": "x"}, [], 0, "", False, {}], ids=repr)
async def test_a_response_that_does_not_fit_its_type_travels_all_the_same(response: Any) -> None:
    async def says(request: Request) -> Answer:
        return Answer(response=response)

    async with switchboard(commands={PAINT: Telling(says)}) as board, board.clients(SELL) as clients:
        answer = await clients.command(PAINT.address).call(request(PAINT, {"color": "red"}))
    assert repr(answer.response) == repr(response)


@pytest.mark.parametrize("payload", [{}, {"color": 7}, {"color": "red", "coats": 1.0}, {"unknown": None}], ids=repr)
async def test_a_payload_that_does_not_fit_arrives_as_it_is(payload: dict[str, Any]) -> None:
    paint = Telling()
    async with switchboard(commands={PAINT: paint}) as board, board.clients(SELL) as clients:
        await clients.command(PAINT.address).call(request(PAINT, payload))
    assert repr(paint.asked[0].payload) == repr(payload)


@pytest.mark.parametrize(
    "payload",
    [{"color": float("nan")}, {"color": {1, 2}, "coats": "two"}, {"color": "\ud800"}, {"color": "red", "coats": 2**70}],
    ids=["not a number", "a set", "half a letter", "too large"],
)
async def test_of_a_payload_that_is_no_json_every_field_is_named_as_in_process(payload: dict[str, Any]) -> None:
    paint = Telling()
    async with switchboard(commands={PAINT: paint}) as board, board.clients(SELL) as clients:
        with pytest.raises(BadRequest) as raised:
            await clients.command(PAINT.address).call(request(PAINT, payload))
    assert paint.asked == []
    with pytest.raises(BadRequest) as in_process:
        Contract.of(NETWORK.commands[PAINT.address].payload, at="payload").take(payload)
    assert raised.value.as_dict() == in_process.value.as_dict()


@pytest.mark.parametrize("value", [{1}, float("nan"), date(2026, 1, 31)], ids=["a set", "not a number", "a time"])
async def test_options_that_are_no_json_are_told(value: Any) -> None:
    async with switchboard(commands={PAINT: Telling()}) as board, board.clients(SELL) as clients:
        with pytest.raises(BadRequest) as raised:
            await clients.command(PAINT.address).call(request(PAINT, {"color": "red"}, options={"x": value}))
    assert [field.path for field in raised.value.fields] == ["options.x"]


@pytest.mark.parametrize("seconds", [1e12, 1e300, float("inf")])
async def test_a_request_may_have_all_the_time_there_is(seconds: float) -> None:
    paint = Telling()
    async with switchboard(commands={PAINT: paint}) as board, board.clients(SELL) as clients:
        await clients.command(PAINT.address).call(request(PAINT, {"color": "red"}, within=seconds))
    assert paint.asked[0].deadline > SystemClock().monotonic() + 3_600


async def test_what_a_foreign_client_leaves_empty_is_filled_in() -> None:
    paint = Telling()
    clock = FakeClock()
    async with switchboard(commands={PAINT: paint}, clock=clock) as board:
        await foreign(board, command_pb2.CallRequest(address=PAINT.address), timeout=None)
        await foreign(board, command_pb2.CallRequest(address=PAINT.address))
        await foreign(board, command_pb2.CallRequest(address=PAINT.address, timeout=Duration(seconds=2)))
    first, second, third = paint.asked
    assert first.payload == first.options == first.context == first.claims == {}
    assert (len(first.key), first.fresh, len(first.tx.id)) == (32, True, 32)
    assert first.key != second.key
    assert first.tx.id != second.tx.id
    now = clock.monotonic()
    assert first.deadline == now + 60  # the command's own
    assert now < second.deadline < now + 10  # the call's: some 6 seconds, which gRPC rounds up as it likes
    assert third.deadline == now + 2


async def test_a_trace_may_come_in_the_metadata() -> None:
    paint = Telling()
    message = command_pb2.CallRequest(address=PAINT.address)
    metadata = (("authorization", f"Bearer {operator_key(TOKEN)}"), ("traceparent", TRACE))
    async with switchboard(commands={PAINT: paint}) as board, grpc.aio.insecure_channel(board.address) as channel:
        call: Any = channel.unary_unary(CALL)
        await call(message.SerializeToString(), metadata=metadata)
        message.traceparent = "00-1"
        await call(message.SerializeToString(), metadata=metadata)
    assert [asked.traceparent for asked in paint.asked] == [TRACE, "00-1"]


async def test_a_request_of_a_foreign_client_begins_with_who_asks() -> None:
    paint = Telling()
    claims = envelope_pb2.Json(text='{"sub": "ada", "email": "ada@city.example"}')
    async with switchboard(commands={PAINT: paint}) as board:
        await foreign(board, command_pb2.CallRequest(address=PAINT.address, claims=claims))
    assert paint.asked[0].tx.claims == {"sub": "ada"}
    assert paint.asked[0].claims == {"sub": "ada", "email": "ada@city.example"}


async def test_a_key_of_a_foreign_client_is_not_fresh_unless_it_says_so() -> None:
    paint = Telling()
    async with switchboard(commands={PAINT: paint}) as board:
        await foreign(board, command_pb2.CallRequest(address=PAINT.address, key="mine"))
    assert (paint.asked[0].key, paint.asked[0].fresh) == ("mine", False)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("options", "[]", "must be an object"),
        ("claims", '{"a": 1, "a": 2}', "is there more than once"),
        ("options", "{", "is not JSON"),
        ("claims", '{"a": NaN}', "is NaN, which is no JSON"),
    ],
)
async def test_json_that_is_off_is_told_with_its_place(name: str, text: str, problem: str) -> None:
    message = command_pb2.CallRequest(address=PAINT.address)
    getattr(message, name).text = text
    paint = Telling()
    async with switchboard(commands={PAINT: paint}) as board:
        with pytest.raises(BadRequest) as raised:
            await foreign(board, message)
    (field,) = raised.value.fields
    assert field.path.startswith(name)
    assert problem in field.problem
    assert paint.asked == []


async def test_a_context_that_no_store_can_keep_is_refused() -> None:
    message = command_pb2.CallRequest(address=PAINT.address, context={"ga\0rage": ROOT})
    async with switchboard(commands={PAINT: Telling()}) as board:
        with pytest.raises(BadRequest) as raised:
            await foreign(board, message)
    assert [field.path for field in raised.value.fields] == ["context"]


@pytest.mark.parametrize(
    "payload",
    [
        AnyMessage(),
        AnyMessage(type_url="type.googleapis.com/blossm.rpc.v1.Json", value=b"\xff"),
        AnyMessage(type_url="type.googleapis.com/shop.bicycle.PaintRequest", value=b"\xff"),
        AnyMessage(type_url="type.googleapis.com/nobody.Knows", value=b""),
        AnyMessage(type_url="☂", value=b"x" * 1000),
    ],
    ids=["no type", "no message", "no message of its type", "an unknown type", "no url"],
)
async def test_a_payload_that_can_not_be_read_is_told(payload: AnyMessage) -> None:
    paint = Telling()
    async with switchboard(commands={PAINT: paint}) as board:
        with pytest.raises(BadRequest) as raised:
            await foreign(board, command_pb2.CallRequest(address=PAINT.address, payload=payload))
    assert raised.value.fields
    assert paint.asked == []


async def test_a_typed_payload_of_a_foreign_client_arrives_as_a_plain_one() -> None:
    paint = Telling()
    packed = TYPES.pack(TYPES.payload(PAINT.address), {"color": "red", "coats": 2})
    assert packed["type_url"].endswith("/shop.bicycle.PaintRequest")
    async with switchboard(commands={PAINT: paint}) as board:
        await foreign(board, command_pb2.CallRequest(address=PAINT.address, payload=AnyMessage(**packed)))
    assert paint.asked[0].payload == {"color": "red", "coats": 2}


async def test_the_callee_says_itself_that_it_is_late() -> None:
    async def says(request: Request) -> Answer:
        clock = SystemClock()
        try:
            return await within(asyncio.sleep(60, Answer()), clock=clock, deadline=request.deadline)
        except BlossmError as error:
            error.facts["by"] = "the callee"
            raise

    async with switchboard(commands={PAINT: Telling(says)}) as board, board.clients(SELL) as clients:
        with pytest.raises(DeadlineExceeded, match="outcome is unknown") as raised:
            await clients.command(PAINT.address).call(request(PAINT, {"color": "red"}, within=0.1))
    assert raised.value.facts == {"by": "the callee"}
