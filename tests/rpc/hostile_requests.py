"""Requests to the harbour: one good one for each method, and any that could be made of its words."""

from __future__ import annotations

from functools import cache
from typing import Any

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st
from tests.local.harbour import harbour

from blossm.rpc.types import Types
from blossm.rpc.v1 import command_pb2, event_pb2, event_store_pb2, fact_pb2, view_store_pb2
from blossm.rpc.v1.envelope_pb2 import Json

TYPES = Types(harbour())
BERTH = "0b5e0f6e-6b0d-4f0f-9d3f-3a0c5d1f7a11"
STORES, COMMANDS = "/blossm.rpc.v1.EventStoreService", "/blossm.rpc.v1.CommandService"
FACTS, VIEWS = "/blossm.rpc.v1.FactService", "/blossm.rpc.v1.ViewStoreService"


def json(text: str) -> AnyMessage:
    return AnyMessage(type_url="type.googleapis.com/blossm.rpc.v1.Json", value=Json(text=text).SerializeToString())


def opened(**payload: Any) -> AnyMessage:
    """The payload of an event of the berths."""
    packed = TYPES.pack(TYPES.event("port", "berth", "opened"), payload or {"name": "north", "length": 100})
    return AnyMessage(**packed)


def appending(payload: AnyMessage | None = None, **event: Any) -> event_store_pb2.AppendRequest:
    """A request to log one event."""
    parts = {"domain": "berth", "root": BERTH, "action": "opened", "payload": payload or opened(), **event}
    commit = event_pb2.Commit(events=[event_pb2.Event(**parts)])
    return event_store_pb2.AppendRequest(service="port", appends=[event_store_pb2.Appending(commit=commit)])


def batch(**parts: Any) -> view_store_pb2.ApplyRequest:
    """A request to change the view of berths."""
    change = view_store_pb2.Change(op="set", id=BERTH, fields=Json(text='{"name": "north"}'))
    event = view_store_pb2.EventChanges(service="port", position=1, changes=[change])
    after = view_store_pb2.Checkpoint(position=1, commit_id="c")
    made = view_store_pb2.Batch(service="port", after=after, events=[event], definition="d")
    return view_store_pb2.ApplyRequest(**{"view": "berths", "batch": made, **parts})


def asked(**parts: Any) -> fact_pb2.FactServiceStreamRequest:
    what = {"address": "numbers", "query": json('{"up_to": 3}'), **parts}
    return fact_pb2.FactServiceStreamRequest(asked=fact_pb2.Asked(**what))


GOOD: dict[str, Message] = {
    f"{STORES}/Append": appending(),
    f"{STORES}/ReplyTo": event_store_pb2.ReplyToRequest(service="port", key="k", fingerprint="f"),
    f"{STORES}/Aggregate": event_store_pb2.AggregateRequest(service="port", domain="berth", root=BERTH),
    f"{STORES}/Count": event_store_pb2.CountRequest(service="port", domain="berth", root=BERTH),
    f"{STORES}/Read": event_store_pb2.ReadRequest(service="port", limit=3),
    f"{STORES}/Stream": event_store_pb2.StreamRequest(service="port"),
    f"{STORES}/Head": event_store_pb2.HeadRequest(service="port"),
    f"{STORES}/Watch": event_store_pb2.WatchRequest(service="port"),
    f"{STORES}/CommitAt": event_store_pb2.CommitAtRequest(service="port", position=1),
    f"{STORES}/Root": event_store_pb2.RootRequest(service="port", domain="berth", root=BERTH),
    f"{COMMANDS}/Call": command_pb2.CallRequest(address="port.berth.ring", payload=json('{"name": "bell"}')),
    f"{FACTS}/Stream": asked(),
    f"{VIEWS}/Generations": view_store_pb2.GenerationsRequest(view="berths"),
    f"{VIEWS}/Checkpoints": view_store_pb2.CheckpointsRequest(view="berths"),
    f"{VIEWS}/Definition": view_store_pb2.DefinitionRequest(view="berths"),
    f"{VIEWS}/Apply": batch(),
    f"{VIEWS}/Query": view_store_pb2.QueryRequest(view="berths"),
}

# ---------------------------------------------------------------- any request

# What means something here, beside what means nothing. `explode` breaks and `linger` takes its time: that is what they are for.
WORDS = [
    "", "port", "crew", "berth", "crane", "pilot", "moon", "opened", "occupied", "rung", "lifted", "name", "length", "bells",
    BERTH, BERTH.upper(), "port.berth.ring", "port.berth.add", "port.berth.occupy", "port.crane.lift", "port.berth.ship",
    "numbers", "berths", "company.ships", "k", "put", "set", "increment", "remove", "eq", "in", "prefix", "garage",
    "2026-01-31T12:00:00Z", "2026-13-31", '{"name": "north"}', '{"length": 1}', "[", "null", '"x"', '{"a": 1e999}', "\0", "💥",
]  # fmt: skip
NUMBERS = [0, 1, 2, 3, 500, 501, -1, 2**31 - 1, -(2**31)]
LARGE = [*NUMBERS, 2**63 - 1, -(2**63), 10**9]
URLS = ["", "x", "type.googleapis.com/blossm.rpc.v1.Json", "type.googleapis.com/port.berth.Opened", "port.berth.Rung", "a/b.C"]

# What a field of this name most often has: else nothing would get past the first question.
MEANT = {
    "service": ["port"],
    "view": ["berths"],
    "address": ["port.berth.ring", "port.berth.add", "port.berth.occupy", "port.berth.ship", "numbers"],
    "domain": ["berth", "crane"],
    "names": ["berth", "crane"],
    "root": [BERTH, ""],
    "action": ["opened", "occupied", "rung", "lifted"],
    "op": ["put", "set", "unset", "add", "discard", "increment", "remove", "eq", "gt", "in", "prefix"],
    "field": ["name", "bells"],
    "id": [BERTH, "b"],
}

text = st.sampled_from(WORDS) | st.text(max_size=8)
anything = st.sampled_from([opened(), json("{}"), json('{"name": "north"}'), json('{"seconds": 1}'), json("[1]")]) | st.builds(
    AnyMessage, type_url=st.sampled_from(URLS), value=st.binary(max_size=12)
)
_SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.TYPE_STRING: text,
    FieldDescriptor.TYPE_BYTES: st.binary(max_size=12),
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_INT32: st.sampled_from(NUMBERS),
    FieldDescriptor.TYPE_INT64: st.sampled_from(LARGE),
}


@cache  # a strategy that is made anew is looked through anew, which takes longer than to draw from it
@st.composite
def messages(draw: st.DrawFn, descriptor: Descriptor) -> Message:
    """A message of this type, with any of its fields."""
    made: Any = draw(anything) if descriptor.full_name == "google.protobuf.Any" else GetMessageClass(descriptor)()
    if isinstance(made, AnyMessage):
        return made
    if descriptor.full_name == "google.protobuf.Duration":
        made.seconds, made.nanos = draw(st.sampled_from([0, 5, 60, -1])), draw(st.sampled_from([0, 1, -1, 2_000_000_000]))
    for field in descriptor.fields:
        if not draw(st.integers(0, 9 if field.name in MEANT else 2)) or descriptor.full_name == "google.protobuf.Duration":
            continue
        if field.message_type and field.message_type.GetOptions().map_entry:
            if field.name != "min_position":  # it makes a reader wait, and the clock stands still
                _fill_map(draw, getattr(made, field.name), field.message_type)
        elif field.is_repeated:
            getattr(made, field.name).extend(draw(st.lists(_value(field), max_size=2)))
        elif field.message_type:
            getattr(made, field.name).CopyFrom(draw(_value(field)))
        else:
            setattr(made, field.name, draw(_value(field)))
    assert isinstance(made, Message)
    return made


def _fill_map(draw: st.DrawFn, container: Any, entry: Descriptor) -> None:
    key, value = entry.fields_by_name["key"], entry.fields_by_name["value"]
    for name in draw(st.lists(_value(key), max_size=2)):
        if value.message_type:
            container[name].CopyFrom(draw(_value(value)))
        else:
            container[name] = draw(_value(value))


@cache
def _value(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.message_type:
        return messages(field.message_type)
    if meant := MEANT.get(field.name):
        return st.integers(0, 9).flatmap(lambda chance: st.sampled_from(meant) if chance else text)
    return _SCALARS[field.type]


def damaged(data: bytes) -> st.SearchStrategy[bytes]:
    """The bytes, with something cut off, left out, doubled or changed."""
    at = st.integers(0, len(data))
    return st.one_of(
        at.map(lambda end: data[:end]),
        st.tuples(at, st.integers(1, 8)).map(lambda cut: data[: cut[0]] + data[sum(cut) :]),
        st.tuples(at, at).map(lambda part: data[: max(part)] + data[min(part) :]),
        st.lists(st.tuples(st.integers(0, max(len(data) - 1, 0)), st.integers(0, 255)), min_size=1, max_size=4).map(
            lambda changes: _changed(data, changes)
        ),
    )


def _changed(data: bytes, changes: list[tuple[int, int]]) -> bytes:
    made = bytearray(data)
    for at, value in changes:
        made[at : at + 1] = bytes([value])
    return bytes(made)
