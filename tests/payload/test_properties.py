"""What is true of every field and every value: hypothesis looks for the ones that break it."""

from __future__ import annotations

import base64
import copy
from functools import cache
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from blossm.core.errors import BadRequest
from blossm.core.payload import Contract
from blossm.core.plain_json import is_plain
from blossm.core.text_formats import decoded_length
from blossm.model.fields import Field, Fields, FieldType

NAMES = st.sampled_from(["a", "b", "c", "frame_color"])
TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | INTEGERS | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
VALUES: dict[FieldType, st.SearchStrategy[Any]] = {
    "string": TEXT,
    "integer": INTEGERS | st.integers(-1000, 1000).map(float),
    "number": NUMBERS | INTEGERS,
    "boolean": st.booleans(),
    "timestamp": st.datetimes().map(lambda time: time.isoformat() + "Z"),
    "date": st.dates().map(str),
    "uuid": st.uuids().map(lambda id: str(id).upper()),
    "bytes": st.binary(max_size=8).map(lambda data: base64.b64encode(data).decode()),
    "json": JSON,
}


DEFAULTS = {kind: st.none() if kind == "json" else st.none() | values for kind, values in VALUES.items()}
PLAIN: st.SearchStrategy[FieldType] = st.sampled_from([*VALUES])
NESTED: st.SearchStrategy[FieldType] = st.sampled_from([*VALUES, "list", "object", "map"])
MAP_NAMES = TEXT.filter(lambda name: "\0" not in name)


@cache  # a strategy that is made anew is looked through anew, which takes longer than to draw from it
@st.composite
def field_and_value(draw: st.DrawFn, depth: int = 2) -> tuple[Field, Any]:
    """A field and a value that fits it."""
    kind = draw(NESTED if depth else PLAIN)
    if kind in VALUES:
        value = draw(VALUES[kind])
        default = draw(DEFAULTS[kind])
        return Field(type=kind, optional=draw(st.booleans()), default=default), value
    field, value = draw(field_and_value(depth - 1))
    if kind == "list":
        return Field(type="list", items=field), [value] * draw(st.integers(0, 2))
    if kind == "map":
        return Field(type="map", values=field), draw(st.dictionaries(MAP_NAMES, st.just(value), max_size=2))
    fields, values = draw(payload(depth - 1))
    return Field(type="object", properties=dict(fields)), values


@cache
@st.composite
def payload(draw: st.DrawFn, depth: int = 2) -> tuple[Fields, dict[str, Any]]:
    fields = draw(st.dictionaries(NAMES, field_and_value(depth), max_size=3))
    left_out = {name for name, (field, _) in fields.items() if not field.required and draw(st.booleans())}
    return (
        {name: field for name, (field, _) in fields.items()},
        {name: value for name, (_, value) in fields.items() if name not in left_out},
    )


slow = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@slow
@given(payload())
def test_taking_what_was_taken_changes_nothing(case: tuple[Fields, dict[str, Any]]) -> None:
    fields, value = case
    contract = Contract.of(fields)
    once = contract.take(value)
    assert contract.take(once) == once


@slow
@given(payload())
def test_taking_leaves_what_was_given_alone(case: tuple[Fields, dict[str, Any]]) -> None:
    fields, value = case
    before = copy.deepcopy(value)
    Contract.of(fields).take(value)
    assert value == before


@slow
@given(payload())
def test_defaults_only_fill_what_is_absent(case: tuple[Fields, dict[str, Any]]) -> None:
    fields, value = case
    complete = Contract.of(fields).defaults(value)
    flat = [name for name in value if fields[name].type not in ("list", "map", "object")]
    assert [complete[name] for name in flat] == [value[name] for name in flat]
    absent = {name for name, field in fields.items() if field.default is not None} - set(value)
    assert set(complete) - set(value) == absent


@settings(max_examples=300, deadline=None)
@given(JSON | st.dictionaries(st.text(max_size=3), st.floats() | st.text(max_size=3) | st.integers(), max_size=3))
def test_any_json_is_taken_exactly_when_it_is_plain(value: Any) -> None:
    contract = Contract.of_field(None, at="it")
    if is_plain(value):
        assert contract.take(value) == value
    else:
        with pytest.raises(BadRequest):
            contract.validate(value)


@given(st.binary(max_size=20))
def test_the_length_of_bytes_is_that_of_what_they_decode_to(data: bytes) -> None:
    assert decoded_length(base64.b64encode(data).decode()) == len(data)
