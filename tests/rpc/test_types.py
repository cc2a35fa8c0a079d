"""Which messages a network has, and how payloads are packed in them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.contract.one_store import command, fact, network, store, view

from blossm.core.errors import BadRequest, FieldProblem, Internal, Unavailable
from blossm.model.fields import Field
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
    assert caught.value.fields == (field,)
    with pytest.raises(Internal, match="the state is off"):
        TYPES.pack(None, value, at="state", otherwise=Internal)


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
