"""Numbers of fields stay what they were committed as, whatever happens to the fields."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from tests.contract.one_store import network, store, with_payload
from tests.payload.test_properties import payload

from blossm.model.contract.build import contract, numbered
from blossm.model.contract.keeping import kept, numbers_of
from blossm.model.contract.tree import File, Message, MessageField, Range, all_messages
from blossm.model.fields import Field, Fields, loosened
from blossm.model.network import from_json, to_json

TEXT = Field(type="string")
PAINTED = "shop.bicycle.Painted"


def wheel(*names: str) -> Field:
    return Field(type="object", properties=dict.fromkeys(names, TEXT))


def texts(*names: str) -> dict[str, Field]:
    return dict.fromkeys(names, TEXT)


def written(fields: Fields, before: tuple[File, ...] = ()) -> tuple[File, ...]:
    """What is committed when the payload of `painted` becomes `fields`."""
    return kept(contract(with_payload(fields)), before)


def message(files: tuple[File, ...], name: str = PAINTED) -> Message:
    return next(message for message in all_messages(files) if message.full_name == name)


def numbers(files: tuple[File, ...], name: str = PAINTED) -> dict[str, int]:
    return {field.name: field.number for field in message(files, name).fields}


def test_without_committed_files_numbers_go_in_the_order_of_the_fields() -> None:
    made = numbers_of(written({"b": TEXT, "a": wheel("size", "color")}))
    assert made[PAINTED] == {"b": 1, "a": 2}
    assert made[PAINTED + ".A"] == {"size": 1, "color": 2}
    assert made["shop.bicycle.BicycleState"] == {}


def test_a_network_without_numbers_has_them_in_the_order_of_the_fields() -> None:
    shop = network(stores=(store(painted=texts("b", "a"), sold=texts("c")),), numbers={PAINTED: {"a": 7}})
    assert numbers(contract(shop)) == {"b": 8, "a": 7}
    assert numbers(contract(shop), "shop.bicycle.Sold") == {"c": 1}


def test_numbers_travel_with_the_network() -> None:
    shop = with_payload(texts("a"))
    shop = replace(shop, numbers=numbers_of(contract(shop)))
    assert from_json(to_json(shop)) == shop


def test_a_committed_number_stays_when_fields_change_places() -> None:
    before = written(texts("a", "b", "c"))
    assert numbers(written(texts("c", "b", "new", "a"), before)) == {"c": 3, "b": 2, "new": 4, "a": 1}


def test_a_removed_field_is_reserved_and_its_number_never_given_again() -> None:
    before = written(texts("a", "b", "c"))
    after = written(texts("a", "new"), before)
    assert numbers(after) == {"a": 1, "new": 4}
    assert message(after).reserved_numbers == (Range(2, 3),)
    assert message(after).reserved_names == ("b", "c")


def test_a_field_that_comes_back_has_a_new_number_and_its_name_again() -> None:
    without = written(texts("a"), written(texts("a", "b")))
    after = written(texts("a", "b"), without)
    assert numbers(after) == {"a": 1, "b": 3}
    assert (message(after).reserved_numbers, message(after).reserved_names) == ((Range(2, 2),), ())


def test_what_was_reserved_stays_reserved_when_more_is_removed() -> None:
    after = written(texts("d"), written(texts("b", "c", "d"), written(texts("a", "b", "c", "d"))))
    assert numbers(after) == {"d": 4}
    assert message(after).reserved_numbers == (Range(1, 3),)
    assert message(after).reserved_names == ("a", "b", "c")


def test_nested_messages_keep_their_numbers_too() -> None:
    before = written({"wheel": wheel("size", "color"), "all": Field(type="list", items=wheel("a", "b"), optional=True)})
    after = written({"all": Field(type="list", items=wheel("b", "c"), optional=True), "wheel": wheel("color", "size")}, before)
    assert numbers(after, PAINTED + ".Wheel") == {"color": 2, "size": 1}
    assert numbers(after, PAINTED + ".All") == {"values": 1}
    assert numbers(after, PAINTED + ".All.Values") == {"b": 2, "c": 3}
    assert message(after, PAINTED + ".All.Values").reserved_names == ("a",)


def test_a_nested_message_keeps_its_numbers_when_it_has_to_be_called_otherwise() -> None:
    before = written({"parts_entry": wheel("size", "color")})
    parts = Field(type="map", values=TEXT)
    after = written({"parts": parts, "parts_entry": wheel("color", "size")}, before)
    assert message(before).nested[0].name == "PartsEntry"
    assert numbers(after, PAINTED + ".PartsEntryPart") == {"color": 2, "size": 1}


@pytest.mark.parametrize(
    ("known", "reserved", "expected"),
    [
        ({}, [], {"a": 1, "b": 2}),
        ({"b": 5}, [], {"a": 6, "b": 5}),
        ({"gone": 9}, [], {"a": 10, "b": 11}),
        ({}, [Range(1, 1), Range(4, 7)], {"a": 8, "b": 9}),
        ({"a": 18998}, [], {"a": 18998, "b": 18999}),
        ({"a": 18999}, [], {"a": 18999, "b": 20000}),
        ({"z": 18998}, [], {"a": 18999, "b": 20000}),
        ({"a": 2**29 - 1}, [], {"a": 2**29 - 1, "b": 1}),
        ({"a": 3}, [Range(1, 1), Range(5, 2**29 - 1)], {"a": 3, "b": 2}),
    ],
)
def test_a_new_number_comes_after_all_that_were_in_use(
    known: dict[str, int], reserved: list[Range], expected: dict[str, int]
) -> None:
    assert numbered(["a", "b"], known, reserved=reserved) == expected


@settings(max_examples=100, deadline=None)
@given(payload(), payload(), st.data())
def test_once_committed_a_number_means_one_field_for_ever(
    first: tuple[Fields, Any], second: tuple[Fields, Any], data: st.DataObject
) -> None:
    before = written(first[0])
    middle = written(second[0], before)
    order = data.draw(st.permutations(list({**first[0], **second[0]})))
    both = {**first[0], **second[0]}
    last = written({name: both[name] for name in order}, middle)
    meant: dict[tuple[str, int], str] = {}
    for files in (before, middle, last):
        for name, number in numbers(files).items():
            assert meant.setdefault((PAINTED, number), name) == name


@settings(max_examples=100, deadline=None)
@given(payload(), st.data())
def test_the_order_of_fields_means_nothing_once_they_are_committed(case: tuple[Fields, Any], data: st.DataObject) -> None:
    fields = loosened(case[0])
    before = written(fields)
    order = data.draw(st.permutations(list(fields)))
    after = written({name: fields[name] for name in order}, before)
    assert numbers_of(after) == numbers_of(before)


def test_a_message_nobody_committed_is_numbered_beside_those_that_were() -> None:
    before = (File(path="a.proto", package="a", messages=(Message(name="B", full_name="a.B", fields=(_field("x", 5),)),)),)
    assert numbers(written(texts("a"), before)) == {"a": 1}


def _field(name: str, number: int) -> MessageField:
    return MessageField(name=name, number=number, type="string", label="optional")
