from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blossm.core.errors import BadRequest
from blossm.core.strict_json import MAX_DEPTH, parse


def refused(text: str | bytes) -> list[tuple[str, str]]:
    with pytest.raises(BadRequest) as refusal:
        parse(text.encode() if isinstance(text, str) else text)
    return [(field.path, field.problem) for field in refusal.value.fields]


def test_json_is_read_as_it_is_written() -> None:
    assert parse(b'{"a": [1, 2.5, true, null, "\\u00e9"]}') == {"a": [1, 2.5, True, None, "é"]}


@pytest.mark.parametrize("text", ["", "{", "[1,]", "{'a': 1}", "01", "1 2", '"\t"', '{"a" 1}', "\ufeff{}", "truely"])
def test_malformed_text_is_refused_with_its_place(text: str) -> None:
    [(path, problem)] = refused(text)
    assert path == "body"
    assert "line 1, column" in problem


def test_bytes_that_are_no_utf_8_are_refused() -> None:
    assert refused(b'{"a": "\xff"}') == [("body", "is not UTF-8: byte 7")]


def test_a_lone_surrogate_is_refused() -> None:
    assert "surrogate" in refused('{"a": "\\ud800"}')[0][1]


def test_a_name_that_is_there_twice_is_refused_where_it_is() -> None:
    assert refused('{"payload": {"wheels": [{"a": 1, "a": 1}]}}') == [("payload.wheels[0].a", "is there more than once")]


def test_a_nul_in_a_name_is_refused() -> None:
    assert refused('{"a\\u0000b": 1}') == [("a\0b", "has a NUL in its name")]


@pytest.mark.parametrize(
    "number", [str(2**63), str(-(2**63) - 1), "9" * 100_000, "1e400", "-1e999", "NaN", "Infinity", "-Infinity"]
)
def test_numbers_beyond_64_bits_are_refused(number: str) -> None:
    [(path, _)] = refused(f'{{"a": [{number}]}}')
    assert path == "a[0]"


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63), 0, -0.0, 1e308, 5e-324])
def test_numbers_within_64_bits_are_taken(number: float) -> None:
    assert parse(json.dumps(number).encode()) == number


def test_everything_that_is_off_is_named_at_once() -> None:
    assert [path for path, _ in refused('{"a": NaN, "b": {"c": 1, "c": 2}, "d": 1e999}')] == ["a", "b.c", "d"]


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_nesting_is_bounded(opening: str) -> None:
    closing = {"[": "]", '{"a":': "}"}[opening]
    parse((opening * MAX_DEPTH + "1" + closing * MAX_DEPTH).encode())
    for depth in (MAX_DEPTH + 1, 1_500, 100_000):
        [(_, problem)] = refused(opening * depth + "1" + closing * depth)
        assert problem == f"is nested deeper than {MAX_DEPTH}"


def test_many_brackets_side_by_side_are_no_nesting() -> None:
    assert len(parse(b"[" + b"[]," * 5_000 + b"[]]")) == 5_001


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text().filter(lambda name: "\0" not in name), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(values)
def test_what_json_can_write_comes_back(value: object) -> None:
    assert parse(json.dumps(value).encode()) == value
    assert parse(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary() | st.text(alphabet='{}[]",:0123456789eE.-+\\u dDtrufalsn').map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(BadRequest):
        parse(data)
