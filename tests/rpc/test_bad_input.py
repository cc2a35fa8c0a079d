"""What is off about a call is told with its facts; nothing is logged, and the server goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from structlog.testing import capture_logs
from tests.rpc.hostile import METHODS, Harbour, served_harbour
from tests.rpc.hostile_requests import BERTH, COMMANDS, FACTS, GOOD, STORES, VIEWS, appending, asked, batch, json, opened

from blossm.core.errors import (
    BadRequest,
    BlossmError,
    NotFound,
    PayloadTooLarge,
    PermissionDenied,
    Unauthenticated,
)
from blossm.model.network import Ref
from blossm.rpc.bounds import MAX_MESSAGE
from blossm.rpc.keys import key_for
from blossm.rpc.status import error_of
from blossm.rpc.v1 import command_pb2, event_pb2, event_store_pb2, fact_pb2, view_store_pb2
from blossm.rpc.v1.envelope_pb2 import Json

RING, SHIP = "port.berth.ring", "port.berth.ship"


@pytest.fixture
async def harbour() -> AsyncIterator[Harbour]:
    async with served_harbour() as harbour:
        before = await harbour.heads()
        with capture_logs() as logs:
            yield harbour
        assert await harbour.heads() == before
        assert [line for line in logs if line["event"] == "a call broke"] == []
        await harbour.unharmed()


async def refused(harbour: Harbour, method: str, request: bytes | Message, **options: Any) -> BlossmError:
    """What is told of a call that is refused; for an append also what is told of its only commit."""
    told = await harbour.call(method, request, wait=10, **options)
    if told.answers and isinstance(answer := told.answers[0], event_store_pb2.AppendResponse):
        [result] = answer.results
        return error_of(result.error)
    assert told.error, told
    return told.error


def call(**parts: Any) -> command_pb2.CallRequest:
    return command_pb2.CallRequest(**{"address": RING, "payload": json('{"name": "bell"}'), **parts})


def ship(**parts: Any) -> fact_pb2.FactServiceReadRequest:
    return fact_pb2.FactServiceReadRequest(asked=fact_pb2.Asked(**{"address": SHIP, "root": BERTH, **parts}))


def of(name: str, value: bytes = b"") -> AnyMessage:
    return AnyMessage(type_url=f"type.googleapis.com/{name}", value=value)


# ---------------------------------------------------------------- payloads

UNREADABLE = {
    "an unknown type": of("moon.Shone"),
    "no type": AnyMessage(value=b"\x0a\x01a"),
    "the type of another action": of("port.berth.Occupied", b"\x0a\x01a"),
    "the type of a state": of("port.berth.BerthState"),
    "bytes that are not of the type": of("port.berth.Opened", b"\xff\xff\xff"),
    "JSON that is none": of("blossm.rpc.v1.Json", Json(text="{").SerializeToString()),
    "JSON that two readers understand differently": json('{"name": "a", "name": "b"}'),
    "JSON bytes that are none": of("blossm.rpc.v1.Json", b"\xff"),
}
UNFIT = {
    "too little": (json("{}"), {"name", "length"}),
    "other types": (json('{"name": 1, "length": "x"}'), {"name", "length"}),
    "too much": (json('{"name": "a", "length": 1, "odd": 1}'), {"odd"}),
    "no object": (json("[]"), set()),
}


@pytest.mark.parametrize("payload", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_payload_that_can_not_be_read_is_told_with_what_it_should_be(harbour: Harbour, payload: AnyMessage) -> None:
    for method, request, path in (
        (f"{STORES}/Append", appending(payload), "events[0].payload"),
        (f"{COMMANDS}/Call", call(payload=payload), "payload"),
        (f"{FACTS}/Read", ship(query=payload), "query"),
        (f"{FACTS}/Stream", asked(query=payload), "query"),
    ):
        error = await refused(harbour, method, request)
        assert isinstance(error, BadRequest), method
        assert error.fields
        assert all(field.path.startswith(path) for field in error.fields), error.fields


@pytest.mark.parametrize(("payload", "off"), UNFIT.values(), ids=UNFIT)
async def test_a_payload_that_does_not_fit_is_told_field_by_field(
    harbour: Harbour, payload: AnyMessage, off: set[str]
) -> None:
    error = await refused(harbour, f"{STORES}/Append", appending(payload))
    assert isinstance(error, BadRequest)
    paths = {field.path for field in error.fields}
    assert paths == ({f"events[0].payload.{name}" for name in off} or {"events[0].payload"})
    error = await refused(harbour, f"{COMMANDS}/Call", call(address="port.berth.occupy", root=BERTH, payload=payload))
    assert isinstance(error, BadRequest)


async def test_an_event_that_is_off_does_not_stop_its_neighbours(harbour: Harbour) -> None:
    """A refused commit beside a good one, in one request: each has its own answer."""
    off = appending(of("moon.Shone")).appends[0]
    with_good = event_store_pb2.AppendRequest(service="crew", appends=[off])
    answered = await harbour.call(f"{STORES}/Append", with_good)
    [answer] = answered.answers
    assert isinstance(answer, event_store_pb2.AppendResponse)
    assert [result.WhichOneof("result") for result in answer.results] == ["error"]


# ---------------------------------------------------------------- what there is not

NOWHERE: dict[str, tuple[str, Message]] = {
    "service": (f"{STORES}/Head", event_store_pb2.HeadRequest(service="moon")),
    "service to log to": (f"{STORES}/Append", event_store_pb2.AppendRequest(service="moon", appends=appending().appends)),
    "service to follow": (f"{STORES}/Stream", event_store_pb2.StreamRequest(service="moon", follow=True)),
    "service to watch": (f"{STORES}/Watch", event_store_pb2.WatchRequest(service="moon")),
    "domain": (f"{STORES}/Aggregate", event_store_pb2.AggregateRequest(service="port", domain="moon", root=BERTH)),
    "command": (f"{COMMANDS}/Call", call(address="port.berth.sail")),
    "fact": (f"{FACTS}/Read", ship(address="port.berth.depth")),
    "streamed fact": (f"{FACTS}/Stream", asked(address="letters")),
    "view": (f"{VIEWS}/Get", view_store_pb2.GetRequest(view="moons", id="a")),
    "row": (f"{VIEWS}/Get", view_store_pb2.GetRequest(view="berths", id="a")),
}


@pytest.mark.parametrize(("method", "request_"), NOWHERE.values(), ids=NOWHERE)
async def test_what_is_not_there_is_told(harbour: Harbour, method: str, request_: Message) -> None:
    error = await refused(harbour, method, request_)
    assert isinstance(error, NotFound), error
    assert error.message


@pytest.mark.parametrize(
    ("event", "path"),
    [({"domain": "moon"}, "domain"), ({"action": "sunk"}, "action"), ({"root": "x"}, "root"), ({"version": 7}, "version")],
)
async def test_an_event_of_no_store_is_told(harbour: Harbour, event: dict[str, Any], path: str) -> None:
    error = await refused(harbour, f"{STORES}/Append", appending(**event))
    assert isinstance(error, BadRequest)
    assert [field.path for field in error.fields] == [f"events[0].{path}"]


async def test_a_method_or_a_service_that_is_not_there_is_unimplemented(harbour: Harbour) -> None:
    for method in (f"{STORES}/Forget", "/blossm.rpc.v1.MoonService/Shine", "/", "nonsense"):
        with pytest.raises(grpc.aio.AioRpcError) as told:
            await harbour.channel.unary_unary(method)(b"", metadata=[("authorization", "Bearer x")])
        assert told.value.code() is grpc.StatusCode.UNIMPLEMENTED


# ---------------------------------------------------------------- bounds


@pytest.mark.parametrize("method", METHODS)
async def test_a_message_over_the_bound_is_refused_and_the_channel_lives(harbour: Harbour, method: str) -> None:
    """Our own channels refuse to send it; one that has no bound is told by the server."""
    data = b"\x0a" + b"\xff\xff\xff\x7f" + b"x" * MAX_MESSAGE
    async with boundless(harbour) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as told:
            await sent(channel, method, data, harbour.transport.operator_key)
        assert told.value.code() in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.OUT_OF_RANGE)
        assert await sent(channel, f"{STORES}/Head", GOOD[f"{STORES}/Head"].SerializeToString(), harbour.transport.operator_key)


def boundless(harbour: Harbour) -> Any:
    return grpc.aio.insecure_channel(harbour.transport.address, options=[("grpc.max_send_message_length", -1)])


async def sent(channel: Any, method: str, data: bytes, key: str) -> bytes:
    metadata = [("authorization", f"Bearer {key}")]
    streamed = METHODS[method].server_streaming
    answered: bytes = await (
        channel.unary_stream(method)(data, metadata=metadata).read()
        if streamed
        else channel.unary_unary(method)(data, metadata=metadata)
    )
    return answered


async def test_a_commit_over_its_bound_is_told_with_the_bound(harbour: Harbour) -> None:
    error = await refused(harbour, f"{STORES}/Append", appending(opened(name="x" * 2**20, length=1)))
    assert isinstance(error, PayloadTooLarge)
    assert error.facts


# ---------------------------------------------------------------- keys and edges

KEYS = {"none": "", "nonsense": "x", "another operator's": "operator:x", "unsigned": "command/port.berth.ring:x"}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
async def test_without_a_good_key_nothing_is_done(harbour: Harbour, key: str) -> None:
    for method in GOOD:
        assert isinstance(await refused_whole(harbour, method, key), Unauthenticated), method


async def test_a_key_for_another_callee_does_not_pass(harbour: Harbour) -> None:
    key = key_for(Ref("command", RING), b"the secret of another process")
    for method in GOOD:
        assert isinstance(await refused_whole(harbour, method, key), Unauthenticated), method


async def test_a_caller_without_an_edge_is_refused(harbour: Harbour) -> None:
    """A view gateway of the company may ask one view, and nothing else."""
    key = key_for(Ref("view-gateway", "v.company"), harbour.transport.secret)
    for method in GOOD:
        error = await refused_whole(harbour, method, key)
        assert isinstance(error, PermissionDenied), method
        assert error.facts["caller"] == "view-gateway:v.company", method


async def refused_whole(harbour: Harbour, method: str, key: str) -> BlossmError:
    """Nobody without a right is told anything of what he asked."""
    told = await harbour.call(method, GOOD[method], key=key, wait=10)
    if told.answers and isinstance(answer := told.answers[0], event_store_pb2.AppendResponse):
        return error_of(answer.results[0].error)  # each commit has its own answer
    assert told.error, told
    assert not told.answers
    return told.error


async def test_a_caller_without_the_domain_logs_nothing_beside_what_it_may(harbour: Harbour) -> None:
    """A commit is whole: one event that its caller may not log refuses the others too."""
    events = [
        event_pb2.Event(domain="berth", root=BERTH, action="opened", payload=opened()),
        event_pb2.Event(domain="crane", root=BERTH, action="lifted", payload=json('{"load": 1}')),
    ]
    request = event_store_pb2.AppendRequest(
        service="port", appends=[event_store_pb2.Appending(commit=event_pb2.Commit(events=events))]
    )
    key = key_for(Ref("command", RING), harbour.transport.secret)
    assert isinstance(await refused(harbour, f"{STORES}/Append", request, key=key), PermissionDenied)


async def test_changes_that_are_off_leave_the_view_as_it_was(harbour: Harbour) -> None:
    off = batch()
    off.batch.events[0].changes.add(op="set", id=BERTH, fields=Json(text='{"bells": "many"}'))
    error = await refused(harbour, f"{VIEWS}/Apply", off)
    assert isinstance(error, BadRequest)
    assert error.facts["position"] == 1
    assert await harbour.local.procedures.view_stores["berths"].checkpoints() == {}
