"""Which messages a network has, and how payloads are packed in them."""

from __future__ import annotations

import math
from collections import OrderedDict
from datetime import UTC, datetime
from decimal import Decimal
from enum import IntEnum
from typing import Any, NamedTuple

import pytest
from tests.contract.one_store import command, fact, network, store, view

from blossm.core.errors import BadRequest, FieldProblem, Internal, Unavailable
from blossm.core.payload import MAX_PROBLEMS, Contract
from blossm.model.fields import Field, Fields, FieldType
from blossm.rpc.codec import PREFIX
from blossm.rpc.types import JSON_URL, Types
from blossm.rpc.v1.event_pb2 import Event

COLOR = {"frame_color": Field(type="string")}
SHOP = network(
    stores=(store(schema=COLOR, painted=COLOR, sold={}),),
    commands=(
        command("shop.bicycle.paint", payload=COLOR, response=Field(type="boolean")),
        command("shop.bicycle.ring"),
    ),
    facts=(
        fact("price", query={"currency": Field(type="string")}, response=Field(type="object", properties=COLOR)),
        fact("anything"),
    ),
    views=(view("garage.bicycles", **COLOR), view("wheels", **COLOR)),
)
TYPES = Types(SHOP)
EXPECTED = "not shop.bicycle.Painted or blossm.rpc.v1.Json"


def packed(**arguments: Any) -> Any:
    return Event(payload=arguments).payload


def test_a_message_is_found_by_what_it_is_of() -> None:
    found = {
        "shop.bicycle.Painted": TYPES.event("shop", "bicycle", "painted"),
        "shop.bicycle.Sold": TYPES.event("shop", "bicycle", "sold"),
        "shop.bicycle.BicycleState": TYPES.state("shop", "bicycle"),
        "shop.bicycle.PaintRequest": TYPES.payload("shop.bicycle.paint"),
        "shop.bicycle.PaintResponse": TYPES.response("shop.bicycle.paint"),
        "shop.bicycle.RingRequest": TYPES.payload("shop.bicycle.ring"),
        "network.PriceRequest": TYPES.query("price"),
        "network.PriceResponse": TYPES.answer("price"),
        "views.garage.Bicycles": TYPES.row("garage.bicycles"),
        "views.Wheels": TYPES.row("wheels"),
    }
    assert {codec.type_url if codec else None for codec in found.values()} == {PREFIX + name for name in found}


def test_what_is_not_declared_has_no_message() -> None:
    assert TYPES.response("shop.bicycle.ring") is None
    assert TYPES.answer("anything") is None
    assert TYPES.event("shop", "bicycle", "stolen") is None
    assert TYPES.state("shop", "wheel") is None
    assert TYPES.payload("price") is None
    assert TYPES.row("bicycles") is None


def test_a_payload_that_fits_is_packed_in_its_type() -> None:
    codec = TYPES.payload("shop.bicycle.paint")
    message = packed(**TYPES.pack(codec, {"frame_color": "red"}))
    assert message.type_url == "type.googleapis.com/shop.bicycle.PaintRequest"
    assert TYPES.unpack(codec, message, strict=True, at="payload") == {"frame_color": "red"}


@pytest.mark.parametrize("value", [{"frame_color": 5}, {"color": "red"}, None, [1, 1.0, True], {"frame_color": "", "a": 2}])
def test_a_payload_that_does_not_fit_travels_as_json(value: Any) -> None:
    for codec in (TYPES.payload("shop.bicycle.paint"), None):
        message = packed(**TYPES.pack(codec, value))
        assert message.type_url == JSON_URL
        for strict in (True, False):
            assert repr(TYPES.unpack(codec, message, strict=strict, at="payload")) == repr(value)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"n": 2**63}, FieldProblem("payload.n", "is an integer beyond 64 bits")),
        ({"n": float("nan")}, FieldProblem("payload.n", "is not a finite number")),
        ({1: 2}, FieldProblem("payload['1']", "has a name that is no text, but of type int")),
        ([object()], FieldProblem("payload[0]", "is no JSON, but of type object")),
        ("\ud800", FieldProblem("payload", "is not UTF-8 (a lone surrogate)")),
    ],
)
def test_what_is_not_even_json_is_refused_by_who_sends_it(value: Any, field: FieldProblem) -> None:
    with pytest.raises(BadRequest) as caught:
        TYPES.pack(TYPES.payload("shop.bicycle.paint"), value)
    assert caught.value.fields[0] == field
    with pytest.raises(Internal, match="the state is off"):
        TYPES.pack(None, value, at="state", otherwise=Internal)


class Text(str):
    __slots__ = ()


class Pair(NamedTuple):
    first: str
    second: int


class Level(IntEnum):
    LOW = 1


def nested(depth: int) -> Any:
    inner: Any = 1
    for _ in range(depth):
        inner = {"a": inner}
    return inner


def in_itself() -> Any:
    value: dict[str, Any] = {}
    value["a"] = value
    return value


KINDS: tuple[FieldType, ...] = ("string", "integer", "number", "boolean", "timestamp", "date", "uuid", "bytes", "json")
ANY_KIND: Fields = {
    **{f"a_{kind}": Field(type=kind, optional=True) for kind in KINDS},
    "texts": Field(type="list", items=Field(type="string"), optional=True),
    "counts": Field(type="map", values=Field(type="integer"), optional=True),
    "any": Field(type="map", values=Field(type="json"), optional=True),
    "wheel": Field(type="object", properties={"size": Field(type="string", optional=True)}, optional=True),
}
ODD: tuple[Any, ...] = (
    *(None, True, 1, 1.0, -0.0, 1e308, 2**63, -(2**63), 10**400, math.inf, math.nan, Level.LOW, Decimal(1)),
    *("", "x", Text("x"), "a\0b", "\ud800", b"x", memoryview(b"x"), "AA==", "AB=="),
    *(datetime(2024, 1, 1, tzinfo=UTC), "2024-01-01T00:00:00Z", "0000-01-01T00:00:00.000000Z", "2024-02-30T00:00:00.000000Z"),
    *((), ("a",), ("a", 1), Pair("a", 1), {"a"}, [], ["a", "\ud800"], [None], [Pair("a", 1)], OrderedDict(size="x"), object()),
    *({}, {"a": 1}, {"a\0": 1}, {"\ud800": 1}, {1: 2}, {Text("size"): "x"}, {"a": Pair("a", 1)}, {"a": None}, {"a": {1}}),
    *(nested(62), nested(63), nested(64), nested(65), nested(5000), in_itself()),
)


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: type(odd).__name__)
def test_whatever_a_handler_sends_is_taken_or_refused_as_in_process(odd: Any) -> None:
    codec = Types(network(commands=(command("shop.bicycle.paint", payload=ANY_KIND),))).payload("shop.bicycle.paint")
    contract = Contract.of(ANY_KIND)

    def told(value: Any, *, wire: bool) -> str:
        try:
            sent = TYPES.unpack(codec, packed(**TYPES.pack(codec, value)), strict=True, at="payload") if wire else value
            return repr(sorted(contract.take(sent).items()))
        except BadRequest as error:
            return repr((error.message, error.fields, error.facts))

    for payload in (odd, *({name: odd} for name in ANY_KIND), *([{odd: "x"}] if isinstance(odd, str) else [])):
        assert told(payload, wire=True) == told(payload, wire=False)


def test_what_can_not_be_sent_is_told_with_no_more_places_than_a_person_can_read() -> None:
    with pytest.raises(BadRequest) as raised:
        TYPES.pack(None, [b"x"] * 100_000)
    assert len(raised.value.fields) == MAX_PROBLEMS


def test_a_type_may_be_said_to_be_looked_up_elsewhere() -> None:
    message = packed(type_url="example.com/types/shop.bicycle.Sold", value=b"")
    assert TYPES.unpack(TYPES.event("shop", "bicycle", "sold"), message, strict=True, at="payload") == {}


@pytest.mark.parametrize(
    ("url", "value", "problem"),
    [
        ("", b"", f"has no type, {EXPECTED}"),
        (PREFIX + "shop.Stolen", b"", f"is of the type 'shop.Stolen', {EXPECTED}"),
        (PREFIX + "shop.bicycle.Sold", b"", f"is of the type 'shop.bicycle.Sold', {EXPECTED}"),
        (PREFIX + "shop.bicycle.Painted", b"\xff", "is no shop.bicycle.Painted"),
        (JSON_URL, b"\xff", "is not JSON"),
    ],
)
def test_what_can_not_be_understood_is_refused_by_a_callee_and_makes_a_reader_wait(url: str, value: bytes, problem: str) -> None:
    codec, message = TYPES.event("shop", "bicycle", "painted"), packed(type_url=url, value=value)
    with pytest.raises(BadRequest) as refused:
        TYPES.unpack(codec, message, strict=True, at="payload")
    assert refused.value.fields == (FieldProblem("payload", problem),)
    assert refused.value.facts == {"type": url, "expected": PREFIX + "shop.bicycle.Painted"}
    with pytest.raises(Unavailable) as waits:
        TYPES.unpack(codec, message, strict=False, at="payload")
    assert waits.value.help == "deploy it with the new blossm.yaml"
    assert waits.value.facts == refused.value.facts


def test_fields_of_a_newer_contract_are_refused_by_a_callee_and_dropped_for_a_reader() -> None:
    newer = Types(network(stores=(store(sold=COLOR),)))
    message = packed(**newer.pack(newer.event("shop", "bicycle", "sold"), {"frame_color": "red"}))
    codec = TYPES.event("shop", "bicycle", "sold")
    assert TYPES.unpack(codec, message, strict=False, at="payload") == {}
    with pytest.raises(BadRequest) as caught:
        TYPES.unpack(codec, message, strict=True, at="events[0].payload")
    assert caught.value.fields == (FieldProblem("events[0].payload", "has fields that are not known here, number 1"),)


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', "NaN", "1" * 30, "{", ""])
def test_json_is_strictly_read_as_at_a_door(text: str) -> None:
    message = packed(type_url=JSON_URL, value=TYPES.message("blossm.rpc.v1.Json")(text=text).SerializeToString())
    with pytest.raises(BadRequest) as caught:
        TYPES.unpack(None, message, strict=True, at="payload")
    assert all(field.path.startswith("payload") for field in caught.value.fields)


def test_two_networks_in_one_process_have_each_their_own_message_of_a_name() -> None:
    other = Types(network(stores=(store(painted={"count": Field(type="integer")}),)))
    codec = other.event("shop", "bicycle", "painted")
    assert codec
    assert codec.decode(codec.encode({"count": 5})) == {"count": 5}
    mine = TYPES.event("shop", "bicycle", "painted")
    assert mine
    assert mine.decode(mine.encode({"frame_color": "red"})) == {"frame_color": "red"}
