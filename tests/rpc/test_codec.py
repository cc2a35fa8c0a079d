"""What a message carries, what it does not, and what is said of bytes that are none."""

from __future__ import annotations

from typing import Any

import pytest
from tests.contract.one_store import command, network, with_payload

from blossm.core.errors import FieldProblem
from blossm.model.fields import Field, Fields
from blossm.rpc.codec import Codec, Unfit, Unreadable
from blossm.rpc.types import Types

TEXT, JSON = Field(type="string"), Field(type="json")
TEXTS = Field(type="list", items=TEXT)
NUMBERS = Field(type="map", values=Field(type="number"))
WHEEL = Field(type="object", properties={"size": Field(type="integer"), "note": TEXT})


def codec_of(**fields: Field) -> Codec:
    return _event(fields)


def _event(fields: Fields) -> Codec:
    codec = Types(with_payload(fields)).event("shop", "bicycle", "painted")
    assert codec
    return codec


def response_codec(field: Field) -> Codec:
    codec = Types(network(commands=(command("shop.bicycle.paint", response=field),))).response("shop.bicycle.paint")
    assert codec
    return codec


def again(codec: Codec, value: Any) -> Any:
    return codec.decode_strictly(codec.encode(value))


def optional(field: Field) -> Field:
    return Field(type=field.type, optional=True, items=field.items, values=field.values, properties=field.properties)


def test_an_action_without_a_payload_is_an_empty_message() -> None:
    codec = codec_of()
    assert codec.encode({}) == b""
    assert codec.decode(b"") == {}


def test_a_scalar_that_is_absent_stays_absent_and_an_empty_one_stays() -> None:
    codec = codec_of(text=TEXT, count=Field(type="integer"), sold=Field(type="boolean"), at=Field(type="number"))
    assert again(codec, {}) == {}
    assert again(codec, {"text": "", "count": 0, "sold": False, "at": 0.0}) == {"text": "", "count": 0, "sold": False, "at": 0.0}


def test_a_required_list_is_there_when_it_is_empty() -> None:
    codec = codec_of(notes=TEXTS, prices=NUMBERS)
    assert again(codec, {"notes": [], "prices": {}}) == {"notes": [], "prices": {}}


def test_a_required_list_that_is_absent_does_not_fit_because_it_would_come_back_empty() -> None:
    with pytest.raises(Unfit):
        codec_of(notes=TEXTS).encode({})


@pytest.mark.parametrize("value", [{}, {"notes": []}, {"notes": ["a"]}, {"prices": {}}, {"prices": {"a": 1.0}}, {"wheel": {}}])
def test_an_optional_list_map_or_object_that_is_absent_is_no_empty_one(value: Any) -> None:
    codec = codec_of(notes=optional(TEXTS), prices=optional(NUMBERS), wheel=optional(WHEEL))
    assert again(codec, value) == value


@pytest.mark.parametrize("value", [[], [[]], [[], [{}], []], [[{"size": 1}, {}], [{"note": ""}]]])
def test_lists_of_lists_are_kept_with_every_empty_one(value: Any) -> None:
    codec = codec_of(rows=Field(type="list", items=Field(type="list", items=WHEEL)))
    assert again(codec, {"rows": value}) == {"rows": value}


@pytest.mark.parametrize("value", [{}, {"": {}}, {"a": {"b": []}, "c": {}}, {"a\0": {"é": ["x", ""]}}])
def test_maps_of_maps_are_kept_with_every_empty_one(value: Any) -> None:
    codec = codec_of(of=Field(type="map", values=Field(type="map", values=TEXTS)))
    assert again(codec, {"of": value}) == {"of": value}


@pytest.mark.parametrize("number", [0.0, -0.0, 1.0, 1e308, 5e-324, 0.1])
def test_a_number_is_the_same_to_its_last_bit(number: float) -> None:
    codec = codec_of(one=Field(type="number"), all=Field(type="list", items=Field(type="number")), by=NUMBERS)
    value = {"one": number, "all": [number], "by": {"a": number}}
    assert repr(again(codec, value)) == repr(value)


@pytest.mark.parametrize("integer", [0, -1, 2**63 - 1, -(2**63)])
def test_an_integer_has_64_bits(integer: int) -> None:
    assert again(codec_of(count=Field(type="integer")), {"count": integer}) == {"count": integer}


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00.000000Z", "2026-01-31T12:00:00.000001Z", "9999-12-31T23:59:59.999999Z"])
def test_a_time_keeps_its_microseconds_in_all_years(time: str) -> None:
    codec = codec_of(at=Field(type="timestamp"), all=Field(type="list", items=Field(type="timestamp")))
    assert again(codec, {"at": time, "all": [time]}) == {"at": time, "all": [time]}


@pytest.mark.parametrize("value", [None, True, 1, 1.0, -0.0, "", "\0", [], {}, [None, [1, 1.0]], {"a": {"": None}}, 2**63 - 1])
def test_json_may_be_anything(value: Any) -> None:
    codec = codec_of(one=JSON, all=Field(type="list", items=JSON), by=Field(type="map", values=JSON))
    whole = {"one": value, "all": [value, value], "by": {"a": value}}
    assert repr(again(codec, whole)) == repr(whole)


@pytest.mark.parametrize("name", ["from", "class", "self", "message", "values", "key", "mro", "to_json", "descriptor", "def"])
def test_a_field_may_have_a_name_that_means_something_elsewhere(name: str) -> None:
    codec = codec_of(**{name: WHEEL, f"{name}_x": optional(TEXTS)})
    assert again(codec, {name: {"size": 1}, f"{name}_x": []}) == {name: {"size": 1}, f"{name}_x": []}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (TEXT, 1),
        (TEXT, None),
        (TEXT, b"bytes"),
        (TEXT, "\ud800"),
        (Field(type="integer"), True),
        (Field(type="integer"), 1.0),
        (Field(type="integer"), 2**63),
        (Field(type="integer"), "1"),
        (Field(type="number"), 1),
        (Field(type="number"), False),
        (Field(type="number"), float("nan")),
        (Field(type="number"), float("inf")),
        (Field(type="boolean"), 1),
        (Field(type="boolean"), None),
        (Field(type="timestamp"), "2026-01-31T12:00:00Z"),
        (Field(type="timestamp"), "2026-01-31T12:00:00.000000+00:00"),
        (Field(type="timestamp"), "2026-01-31t12:00:00.000000z"),
        (Field(type="timestamp"), "2026-02-30T12:00:00.000000Z"),
        (Field(type="timestamp"), "0000-01-01T00:00:00.000000Z"),
        (Field(type="timestamp"), "2026-01-31T24:00:00.000000Z"),
        (Field(type="timestamp"), "2026-01-31T23:59:60.000000Z"),
        (Field(type="timestamp"), "2026-01-31T12:00:00.000000Z\n"),
        (Field(type="timestamp"), 5),
        (Field(type="bytes"), "YQ"),
        (Field(type="bytes"), "YR=="),
        (Field(type="bytes"), "YQ==\n"),
        (Field(type="bytes"), "é"),
        (Field(type="bytes"), b"YQ=="),
        (JSON, float("nan")),
        (JSON, 2**63),
        (JSON, {1: 2}),
        (JSON, "\ud800"),
        (JSON, {"a": object()}),
        (TEXTS, "ab"),
        (TEXTS, None),
        (TEXTS, [None]),
        (TEXTS, ("a",)),
        (NUMBERS, {1: 1.0}),
        (NUMBERS, {"\ud800": 1.0}),
        (NUMBERS, {"a": None}),
        (NUMBERS, []),
        (WHEEL, []),
        (WHEEL, {"other": 1}),
        (WHEEL, {"size": 1.0}),
        (WHEEL, {1: 1}),
    ],
)
def test_what_would_not_come_back_identical_does_not_fit(field: Field, value: Any) -> None:
    many, by_name = Field(type="list", items=field), Field(type="map", values=field)
    cases = [(field, value), (optional(field), value), (many, [value]), (optional(many), [value]), (by_name, {"a": value})]
    for kind, given in cases:
        with pytest.raises(Unfit):
            codec_of(it=kind).encode({"it": given})
        with pytest.raises(Unfit):
            response_codec(kind).encode(given)


@pytest.mark.parametrize("value", [None, [], "text", 1, {"other": 1}, {1: 2}])
def test_a_payload_is_an_object_of_its_fields(value: Any) -> None:
    for codec in (codec_of(text=TEXT), codec_of(text=TEXT, notes=optional(TEXTS))):
        with pytest.raises(Unfit):
            codec.encode(value)


@pytest.mark.parametrize("value", [[], ["a", ""]])
def test_a_response_may_be_a_list(value: Any) -> None:
    codec = response_codec(TEXTS)
    assert codec.decode(codec.encode(value)) == value


def test_a_response_of_no_bytes_is_no_text() -> None:
    with pytest.raises(Unreadable, match=r"is a shop.bicycle.PaintResponse without a value"):
        response_codec(TEXT).decode(b"")


def test_what_a_newer_contract_added_is_dropped_and_strictly_refused_at_every_depth() -> None:
    newer = Field(type="object", properties={**WHEEL.properties, "color": TEXT})
    value = {"wheels": [{"size": 1, "color": "red"}], "by": {"a": [{"size": 2, "color": "blue"}]}}

    def codec(wheel: Field) -> Codec:
        by = Field(type="map", values=Field(type="list", items=wheel))
        return codec_of(wheels=optional(Field(type="list", items=wheel)), by=by)

    data = codec(newer).encode(value)
    assert codec(WHEEL).decode(data) == {"wheels": [{"size": 1}], "by": {"a": [{"size": 2}]}}
    with pytest.raises(Unreadable) as caught:
        codec(WHEEL).decode_strictly(data)
    assert caught.value.fields == (FieldProblem(".wheels[]", "has fields that are not known here, number 3"),)


@pytest.mark.parametrize(
    ("seconds", "nanos"), [(2**62, 0), (-(2**62), 0), (0, -1), (0, 10**9), (253402300800, 0), (-62135596801, 0)]
)
def test_a_time_that_nobody_can_write_is_unreadable(seconds: int, nanos: int) -> None:
    types = Types(with_payload({"at": Field(type="timestamp")}))
    message = types.message("shop.bicycle.Painted")(at={"seconds": seconds, "nanos": nanos})
    codec = types.event("shop", "bicycle", "painted")
    assert codec
    with pytest.raises(Unreadable, match=r"\.at is no time of the years 1 to 9999"):
        codec.decode(message.SerializeToString())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", ".it is not JSON: Expecting value at line 1, column 1"),
        (b"\xff", ".it is not UTF-8: byte 0"),
        (b"{", ".it is not JSON: Expecting property name enclosed in double quotes at line 1, column 2"),
        (b'{"a":1,"a":2}', ".it.a is there more than once"),
        (b"18446744073709551616", ".it is an integer beyond 64 bits"),
    ],
)
def test_json_inside_a_message_is_strictly_read_as_at_a_door(text: bytes, problem: str) -> None:
    types = Types(with_payload({"it": JSON}))
    data = types.message("shop.bicycle.Painted")(it=text).SerializeToString()
    codec = types.event("shop", "bicycle", "painted")
    assert codec
    with pytest.raises(Unreadable) as caught:
        codec.decode_strictly(data)
    assert str(caught.value) == problem
