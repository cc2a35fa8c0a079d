"""What fits a field, what is refused, and in which words."""

from __future__ import annotations

from collections import UserString
from typing import Any, NamedTuple

import pytest

from blossm.core.errors import BadRequest
from blossm.core.payload import MAX_PROBLEMS, Contract
from blossm.model.fields import Field


def taken(field: Field, value: Any) -> Any:
    return Contract.of_field(field, at="it").take(value)


def problems(contract: Contract, value: Any) -> dict[str, str]:
    with pytest.raises(BadRequest) as refused:
        contract.validate(value)
    return {field.path: field.problem for field in refused.value.fields}


def problem(field: Field, value: Any) -> str:
    return problems(Contract.of_field(field, at="it"), value)["it"]


INTEGER, NUMBER, TEXT = Field(type="integer"), Field(type="number"), Field(type="string")
JSON = Field(type="json")


def test_all_problems_are_named_at_once_with_their_paths() -> None:
    person = Field(type="object", properties={"name": TEXT, "email": Field(type="string", format="email")})
    color, wheels = Field(type="string", choices=("red", "blue")), Field(type="list", items=INTEGER)
    contract = Contract.of({"frame_color": color, "wheels": wheels, "owner": person})
    assert problems(contract, {"frame_color": "purple", "wheels": [1, "two"], "owner": {"email": "x"}, "frame_colour": 1}) == {
        "payload.frame_color": 'must be one of "red", "blue", not "purple"',
        "payload.wheels[1]": 'must be an integer, not "two"',
        "payload.owner.name": "is required",
        "payload.owner.email": 'must be an e-mail address, not "x"',
        "payload.frame_colour": "is not known; did you mean frame_color?",
    }


@pytest.mark.parametrize(
    ("value", "kept"), [(1, 1), (1.0, 1), (-(2**63), -(2**63)), (2**63 - 1, 2**63 - 1), (-0.0, 0)]
)
def test_an_integer_has_64_bits_and_one_spelling(value: Any, kept: int) -> None:
    assert taken(INTEGER, value) == kept
    assert type(taken(INTEGER, value)) is int


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, float(2**63), 10**400])
def test_an_integer_beyond_64_bits_is_refused(value: Any) -> None:
    assert problem(INTEGER, value) == "is an integer beyond 64 bits"


@pytest.mark.parametrize("value", [1.5, True, "1", None])
def test_what_is_no_integer_is_refused(value: Any) -> None:
    assert problem(INTEGER, value).startswith("must be an integer, not ")


def test_a_number_is_a_float() -> None:
    assert type(taken(NUMBER, 1)) is float


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_is_finite(value: float) -> None:
    assert problem(NUMBER, value) == "is not a finite number"


def test_a_whole_number_beyond_64_bits_is_refused_as_a_number_too() -> None:
    assert problem(NUMBER, 2**70) == "is an integer beyond 64 bits"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000000Z"),
        ("2024-01-01t02:00:00+02:00", "2024-01-01T00:00:00.000000Z"),
        ("2024-01-01T00:00:00.1234567z", "2024-01-01T00:00:00.123456Z"),
    ],
)
def test_a_timestamp_is_kept_in_utc_with_microseconds(text: str, kept: str) -> None:
    assert taken(Field(type="timestamp"), text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-01",
        "2024-01-01T00:00:00",
        "2024-01-01 00:00:00Z",
        "2024-02-30T00:00:00Z",
        "2016-12-31T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "20240101T000000Z",
        "2024-W01-1T00:00:00Z",
        "٢٠٢٤-01-01T00:00:00Z",
    ],
)
def test_what_is_no_rfc_3339_time_is_refused(text: str) -> None:
    assert problem(Field(type="timestamp"), text).startswith("must be a timestamp (RFC 3339), not ")


@pytest.mark.parametrize("text", ["2023-02-29", "0000-01-01", "20240101", "2024-1-1", "2024-01-01T00:00:00Z"])
def test_what_is_no_date_is_refused(text: str) -> None:
    assert problem(Field(type="date"), text).startswith("must be a date (YYYY-MM-DD), not ")


def test_a_uuid_is_kept_in_lower_case() -> None:
    assert taken(Field(type="uuid"), "7D1C1C1E-6F2E-4C53-9A43-0A6D0F5B0005") == "7d1c1c1e-6f2e-4c53-9a43-0a6d0f5b0005"


@pytest.mark.parametrize("text", ["7d1c1c1e6f2e4c539a430a6d0f5b0005", "{7d1c1c1e-6f2e-4c53-9a43-0a6d0f5b0005}", ""])
def test_what_is_no_uuid_is_refused(text: str) -> None:
    assert problem(Field(type="uuid"), text).startswith("must be a UUID, not ")


@pytest.mark.parametrize("text", ["YQ", "YR==", "Y Q==", "YQ==\n", "_-8=", "é"])
def test_bytes_are_padded_base64_in_its_one_spelling(text: str) -> None:
    assert taken(Field(type="bytes"), "YQ==") == "YQ=="
    assert problem(Field(type="bytes"), text).startswith("must be padded base64, not ")


def test_lengths_of_bytes_count_the_bytes() -> None:
    field = Field(type="bytes", min_length=1, max_length=2)
    assert taken(field, "YWE=") == "YWE="
    assert problem(field, "YWFh") == "must have at most 2 bytes"
    assert problem(field, "") == "must have at least 1 bytes"


LIST, MAP = Field(type="list", items=JSON), Field(type="map", values=JSON)


@pytest.mark.parametrize("field", [TEXT, INTEGER, Field(type="object"), LIST, MAP])
def test_null_is_no_value_of_a_field(field: Field) -> None:
    assert problem(field, None).endswith("not null")


def test_null_is_json() -> None:
    assert taken(JSON, {"a": [None]}) == {"a": [None]}


@pytest.mark.parametrize(
    ("value", "path", "words"),
    [
        ({"a": [2**64]}, "it.a[0]", "is an integer beyond 64 bits"),
        ({"a": float("nan")}, "it.a", "is not a finite number"),
        ({"a\0b": 1}, "it['a\\x00b']", "has NUL in its name"),
        ({1: 2}, "it['1']", "has a name that is no text, but of type int"),
        ({"a": "\ud800"}, "it.a", "is not UTF-8 (a lone surrogate)"),
        ({"a": UserString("a")}, "it.a", "is no JSON, but of type UserString"),
        ({"a": {1, 2}}, "it.a", "is no JSON, but of type set"),
    ],
)
def test_inside_json_everything_is_plain(value: Any, path: str, words: str) -> None:
    assert problems(Contract.of_field(None, at="it"), value) == {path: words}


def test_a_value_that_holds_itself_is_refused() -> None:
    value: dict[str, Any] = {}
    value |= {"a": value, "b": value}
    assert len(problems(Contract.of_field(None, at="it"), value)) == MAX_PROBLEMS


def test_what_is_no_json_is_named_beside_what_does_not_fit() -> None:
    contract = Contract.of({"wheels": INTEGER, "color": Field(type="string", choices=("red",))})
    assert problems(contract, {"wheels": object(), "color": "blue"}) == {
        "payload.wheels": "is no JSON, but of type object",
        "payload.color": 'must be "red", not "blue"',
    }


def test_a_tuple_with_names_is_no_list() -> None:
    class Pair(NamedTuple):
        first: str

    assert problem(JSON, Pair("a")) == "is no JSON, but of type Pair"


def test_a_name_that_is_no_text_is_told_where_it_is() -> None:
    contract = Contract.of({"a": Field(type="string", optional=True)}, at="it")
    assert problems(contract, {"\ud800": 1}) == {"it['\\ud800']": "has a name that is not UTF-8"}


def test_a_tuple_is_a_list() -> None:
    assert taken(Field(type="list", items=INTEGER), (1.0, 2)) == [1, 2]


def test_a_map_may_have_any_names() -> None:
    assert taken(Field(type="map", values=NUMBER), {"a b": 1}) == {"a b": 1.0}


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        (Field(type="integer", min=1), 0, "must be at least 1, not 0"),
        (Field(type="number", max=1.5), 2.0, "must be at most 1.5, not 2.0"),
        (Field(type="string", min_length=2), "é", "must have at least 2 characters"),
        (Field(type="string", max_length=2), "abc", "must have at most 2 characters"),
        (Field(type="list", items=JSON, max_length=1), [1, 2], "must have at most 1 items"),
        (Field(type="map", values=JSON, min_length=1), {}, "must have at least 1 entries"),
        (Field(type="string", equals="dev.city.example"), "x", 'must be "dev.city.example", not "x"'),
        (Field(type="string", format="hostname"), "-a", 'must be a host name, not "-a"'),
        (Field(type="string", format="phone"), "030", 'must be a phone number like +493012345678, not "030"'),
        (Field(type="string", format="url"), "mailto:a@b.c", 'must be an http or https URL, not "mailto:a@b.c"'),
        (Field(type="string", format="url", pattern="z$"), "https://a.b", 'must match "z$", and "https://a.b" does not'),
    ],
)
def test_bounds_and_formats_say_what_they_want(field: Field, value: Any, words: str) -> None:
    assert problem(field, value) == words


def test_a_pattern_is_found_anywhere() -> None:
    assert taken(Field(type="string", pattern="a+b"), "xxaabyy") == "xxaabyy"


def test_a_pattern_takes_linear_time() -> None:
    assert problem(Field(type="string", pattern="^(a+)+$"), "a" * 100_000 + "b").startswith("must match")


def test_a_glimpse_of_a_huge_value_is_short() -> None:
    assert problem(Field(type="integer"), "x" * 1_000_000) == f'must be an integer, not "{"x" * 40}…" (1000000 characters)'


def test_no_more_problems_are_named_than_a_person_can_read() -> None:
    with pytest.raises(BadRequest) as refused:
        Contract.of_field(Field(type="list", items=INTEGER), at="it").validate(["x"] * 10_000)
    assert len(refused.value.fields) == MAX_PROBLEMS
    assert refused.value.facts == {"more": "there are more"}


def test_defaults_are_filled_at_every_depth_but_absent_objects_stay_absent() -> None:
    wheel = Field(type="object", optional=True, properties={"spokes": Field(type="integer", default=36)})
    contract = Contract.of({"wheels": Field(type="list", items=wheel, default=[]), "spare": wheel})
    assert contract.take({}) == {"wheels": []}
    assert contract.take({"wheels": [{}, {"spokes": 20}]}) == {"wheels": [{"spokes": 36}, {"spokes": 20}]}


def test_a_default_is_nobodys_own_list() -> None:
    contract = Contract.of({"wheels": Field(type="list", items=INTEGER, default=[])})
    contract.defaults({})["wheels"].append(1)
    assert contract.defaults({}) == {"wheels": []}


def test_what_is_taken_may_be_changed_without_harm_to_what_was_given() -> None:
    contract = Contract.of({"notes": Field(type="json"), "wheels": Field(type="list", items=INTEGER)})
    given: dict[str, Any] = {"notes": {"a": []}, "wheels": [1]}
    got = contract.take(given)
    got["notes"]["a"].append(1)
    got["wheels"].clear()
    assert given == {"notes": {"a": []}, "wheels": [1]}


def test_a_choice_of_times_holds_in_both_spellings() -> None:
    field = Field(type="timestamp", choices=("2024-01-01T00:00:00+02:00",))
    assert taken(field, taken(field, "2024-01-01T00:00:00+02:00")) == "2023-12-31T22:00:00.000000Z"


def test_a_field_without_a_name_for_it_takes_any_json() -> None:
    assert Contract.of_field(None, at="response").take(None) is None
