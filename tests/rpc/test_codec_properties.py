"""What is true of every schema and every value on the wire: hypothesis looks for the ones that break it."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings
from tests.contract.one_store import command, network, store, with_payload
from tests.payload.test_properties import JSON, field_and_value, payload

from blossm.core.errors import BlossmError
from blossm.core.payload import Contract
from blossm.model.fields import Field, Fields, loosened
from blossm.rpc.codec import PREFIX, Codec, Unfit, Unreadable
from blossm.rpc.types import JSON_URL, Types
from blossm.rpc.v1.event_pb2 import Event

Case = tuple[Fields, dict[str, Any]]
TYPE_URLS = st.sampled_from(["", JSON_URL, PREFIX + "shop.bicycle.Painted"]) | st.text(max_size=9)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Fields and a payload that fits them; lists, maps and objects may be optional too, at the top or at every depth."""
    fields, value = draw(payload())
    looseness = draw(st.sampled_from(["none", "some", "all"]))
    if looseness == "all":
        return loosened(fields), value
    if looseness == "some":
        return {name: replace(field, optional=field.optional or draw(st.booleans())) for name, field in fields.items()}, value
    return fields, value


slow = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def exactly(value: Any) -> str:
    """A text that tells 1, 1.0 and true apart, and 0.0 and -0.0."""
    return json.dumps(value, sort_keys=True)


def codec_of(fields: Fields) -> Codec:
    codec = Types(with_payload(fields)).event("shop", "bicycle", "painted")
    assert codec
    return codec


def sent(types: Types, codec: Codec | None, value: Any, *, strict: bool) -> Any:
    """What arrives, by way of a message's bytes."""
    data = Event(payload=types.pack(codec, value)).SerializeToString()
    return types.unpack(codec, Event.FromString(data).payload, strict=strict, at="payload")


@slow
@given(cases())
def test_a_valid_payload_travels_in_its_type_and_comes_back_identical(case: Case) -> None:
    fields, value = case
    taken = Contract.of(fields).take(value)
    codec = codec_of(fields)
    data = codec.encode(taken)
    assert exactly(codec.decode(data)) == exactly(taken)
    assert exactly(codec.decode_strictly(data)) == exactly(taken)


@slow
@given(cases(), st.data())
def test_any_part_of_a_schema_is_a_state_and_comes_back_identical(case: Case, data: st.DataObject) -> None:
    fields, value = case
    taken = Contract.of(fields).take(value)
    part = {name: inner for name, inner in taken.items() if data.draw(st.booleans())}
    codec = Types(network(stores=(store(schema=fields),))).state("shop", "bicycle")
    assert codec
    assert exactly(codec.decode(codec.encode(part))) == exactly(part)


@slow
@given(field_and_value())
def test_a_valid_response_comes_back_identical(case: tuple[Field, Any]) -> None:
    field, value = case
    taken = Contract.of_field(field, at="response").take(value)
    codec = Types(network(commands=(command("shop.bicycle.paint", response=field),))).response("shop.bicycle.paint")
    assert codec
    data = codec.encode(taken)
    assert exactly(codec.decode(data)) == exactly(taken)
    assert exactly(codec.decode_strictly(data)) == exactly(taken)


@slow
@given(cases(), cases(), JSON)
def test_any_json_comes_back_identical_whether_it_fits_or_not(case: Case, other: Case, value: Any) -> None:
    types = Types(with_payload(case[0]))
    codec = types.event("shop", "bicycle", "painted")
    for one in (case[1], other[1], value, {**case[1], **other[1]}):
        for strict in (True, False):
            assert exactly(sent(types, codec, one, strict=strict)) == exactly(one)


@slow
@given(cases(), JSON)
def test_what_is_encoded_is_what_comes_back(case: Case, value: Any) -> None:
    fields, fitting = case
    codec = codec_of(fields)
    for one in (value, fitting, dict.fromkeys(fields, value)):
        with contextlib.suppress(Unfit):
            assert exactly(codec.decode(codec.encode(one))) == exactly(one)


@slow
@given(cases(), st.binary(max_size=40))
def test_any_bytes_are_a_value_or_unreadable(case: Case, data: bytes) -> None:
    codec = codec_of(case[0])
    for decode in (codec.decode, codec.decode_strictly):
        with contextlib.suppress(Unreadable):
            decode(data)


@slow
@given(cases(), st.data())
def test_damaged_bytes_are_a_value_or_unreadable(case: Case, data: st.DataObject) -> None:
    fields, value = case
    codec = codec_of(fields)
    whole = bytearray(codec.encode(Contract.of(fields).take(value)))
    if whole:
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    for decode in (codec.decode, codec.decode_strictly):
        with contextlib.suppress(Unreadable):
            json.dumps(decode(bytes(whole)))


@slow
@given(cases(), TYPE_URLS, st.binary(max_size=9))
def test_a_payload_is_taken_or_refused_with_an_error_of_ours(case: Case, url: str, data: bytes) -> None:
    types = Types(with_payload(case[0]))
    message = Event(payload={"type_url": url, "value": data}).payload
    for codec in (types.event("shop", "bicycle", "painted"), None):
        for strict in (True, False):
            with contextlib.suppress(BlossmError):
                types.unpack(codec, message, strict=strict, at="payload")
