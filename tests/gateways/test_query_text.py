from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blossm.core.errors import BadRequest
from blossm.core.query_text import typed
from blossm.model.fields import Field, FieldType


@pytest.mark.parametrize(
    ("type", "text", "value"),
    [
        ("string", " as it is ", " as it is "),
        ("bytes", "YQ==", "YQ=="),
        ("integer", "-7", -7),
        ("integer", "9223372036854775807", 2**63 - 1),
        ("number", "1e3", 1000.0),
        ("boolean", "true", True),
        ("date", "2025-02-28", "2025-02-28"),
        ("timestamp", "2025-01-01T01:00:00+01:00", "2025-01-01T00:00:00.000000Z"),
        ("uuid", "0B4F0D7E-1111-4111-8111-111111111111", "0b4f0d7e-1111-4111-8111-111111111111"),
        ("json", "[1]", [1]),
        ("object", '{"x": null}', {"x": None}),
    ],
)
def test_text_is_read_as_its_fields_type(type: FieldType, text: str, value: Any) -> None:
    assert typed(Field(type=type), text, at="x") == value


@pytest.mark.parametrize(
    ("type", "text"),
    [
        ("integer", "1.0"),
        ("integer", "007"),
        ("integer", "1_000"),
        ("integer", "-9223372036854775809"),
        ("number", "nan"),
        ("number", "1e9999"),
        ("number", "0x1"),
        ("boolean", "True"),
        ("date", "2025-02-30"),
        ("timestamp", "2025-01-01T00:00:00"),
        ("timestamp", "0001-01-01T00:00:00+23:59"),
        ("uuid", "0b4f"),
        ("json", "{"),
    ],
)
def test_text_that_does_not_fit_is_named(type: FieldType, text: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        typed(Field(type=type), text, at="query.x")
    assert [field.path for field in refusal.value.fields] == ["query.x"]


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_integer_of_64_bits_can_be_asked_for(number: int) -> None:
    assert typed(Field(type="integer"), str(number), at="x") == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_can_be_asked_for(number: float) -> None:
    assert typed(Field(type="number"), repr(number), at="x") == number
