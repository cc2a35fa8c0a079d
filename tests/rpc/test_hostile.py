"""Whatever bytes a caller with a key sends, it is told what is off, and the server goes on unharmed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import grpc
from google.protobuf.message import DecodeError, Message
from tests.rpc.switchboard import COLORS, PAINT, PRICE, TOKEN, VIEW, Knowing, Telling, switchboard
from tests.rpc.test_view_store import view_store

from blossm.core.request import FactAnswer, Request
from blossm.rpc.keys import operator_key
from blossm.rpc.v1 import command_pb2, envelope_pb2, event_pb2, fact_pb2, view_store_pb2

KEY = (("authorization", f"Bearer {operator_key(TOKEN)}"),)
RULED_OUT = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
JSON = envelope_pb2.Json(text='{"a": [1, 2.5, null]}')
ASKED = fact_pb2.Asked(address=PRICE.address, root="r", options=JSON, context={"a": "b"}, claims=JSON, traceparent="00")


def valid() -> Iterator[tuple[str, Message]]:
    command = command_pb2.CallRequest(address=PAINT.address, root="r", options=JSON, context={"a": "b"}, claims=JSON, key="k")
    command.payload.Pack(JSON)
    command.tx.id = "t"
    command.timeout.seconds = 5
    yield "/blossm.rpc.v1.CommandService/Call", command
    reads = event_pb2.ReadSet(service="shop", head=3)
    yield "/blossm.rpc.v1.FactService/Read", fact_pb2.FactServiceReadRequest(asked=ASKED, reads=reads)
    where = [view_store_pb2.Comparison(field="color", op="eq", value=envelope_pb2.Json(text='"red"'))]
    query = view_store_pb2.QueryRequest(view=VIEW.address, where=where, limit=5, count=True, generation=1)
    yield "/blossm.rpc.v1.ViewStoreService/Query", query
    change = view_store_pb2.Change(op="put", id="a", fields=envelope_pb2.Json(text='{"color": "red"}'))
    events = [view_store_pb2.EventChanges(service="shop", position=1, changes=[change])]
    checkpoint = view_store_pb2.Checkpoint(position=2, commit_id="c")
    batch = view_store_pb2.Batch(service="shop", before=checkpoint, after=checkpoint, events=events)
    yield "/blossm.rpc.v1.ViewStoreService/Apply", view_store_pb2.ApplyRequest(view=VIEW.address, batch=batch)


def mangled(data: bytes, chance: random.Random) -> bytes:
    """The bytes cut off, with some of them changed, left out, doubled; or quite other ones."""
    match chance.randrange(5):
        case 0:
            return data[: chance.randrange(len(data))]
        case 1:
            return chance.randbytes(chance.randrange(200))
        case 2:
            at = chance.randrange(len(data))
            return data[:at] + data[at + 1 + chance.randrange(3) :]
        case 3:
            at = chance.randrange(len(data))
            return data[:at] + data[at // 2 :]
        case _:
            changed = bytearray(data)
            for _ in range(1 + chance.randrange(4)):
                changed[chance.randrange(len(data))] = chance.randrange(256)
            return bytes(changed)


def readable(message: Message, data: bytes) -> bool:
    try:
        type(message).FromString(data)
    except DecodeError:
        return False
    return True


async def status(call: Any, sent: bytes) -> grpc.StatusCode:
    answered = call(sent, metadata=KEY, timeout=5)
    code: grpc.StatusCode = await answered.code()
    return code


async def test_bytes_of_any_kind_do_no_harm() -> None:
    async def says(request: Request, reads: object) -> FactAnswer:
        return FactAnswer(response=1.0)

    chance = random.Random(4)
    codes: set[grpc.StatusCode] = set()
    async with (
        switchboard(
            commands={PAINT: Telling()}, facts={PRICE: Knowing(says), COLORS: Knowing()}, view_stores={VIEW: view_store()}
        ) as board,
        grpc.aio.insecure_channel(board.address) as channel,
    ):
        for method, message in valid():
            call: Any = channel.unary_unary(method)
            data = message.SerializeToString()
            assert await call(data, metadata=KEY) is not None
            for _ in range(250):
                sent = mangled(data, chance)
                code = await status(call, sent)
                assert code not in RULED_OUT, (method, sent)
                assert readable(message, sent) or code is grpc.StatusCode.INVALID_ARGUMENT
                codes.add(code)
            assert board.server.counts[method].in_flight == 0
    assert grpc.StatusCode.INVALID_ARGUMENT in codes
