"""What breaks whom, between two contracts: who writes and who reads decides."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from tests.contract.one_store import command, network, store, view
from tests.contract.test_text import networks

from blossm.model.contract.build import contract
from blossm.model.contract.changes import breaking, unreserved
from blossm.model.contract.keeping import kept
from blossm.model.contract.tree import File, Message, Range
from blossm.model.fields import Field
from blossm.model.network import Network

TEXT, WHOLE = Field(type="string"), Field(type="integer")
MAYBE = replace(TEXT, optional=True)


def changes(before: Network, after: Network) -> list[tuple[str, str]]:
    """Codes and the dotted path of the field."""
    old = contract(before)
    return [(change.code, ".".join(change.path)) for change in breaking(old, kept(contract(after), old))]


def with_numbers(files: tuple[File, ...], **numbers: int) -> tuple[File, ...]:
    """The same contract with other numbers for the fields of its first message."""
    file = files[0]
    first = file.messages[0]
    fields = tuple(replace(field, number=numbers.get(field.name, field.number)) for field in first.fields)
    return (replace(file, messages=(replace(first, fields=fields), *file.messages[1:])),)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_what_has_not_changed_breaks_nobody(network: Network) -> None:
    assert changes(network, network) == []
    assert unreserved(contract(network)) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks(), networks())
def test_whatever_changes_no_number_is_given_twice_and_none_is_lost(before: Network, after: Network) -> None:
    old = contract(before)
    new = kept(contract(after), old)
    assert unreserved(new) == []
    assert "B704" not in {change.code for change in breaking(old, new)}
    meant = names_by_number(old)
    assert all(meant.get(number, name) == name for number, name in names_by_number(new).items())


def names_by_number(files: tuple[File, ...]) -> dict[tuple[str, int], str]:
    return {
        (message.full_name, field.number): field.name
        for message in (message for file in files for message in file.messages)
        for field in message.fields
    }


def test_two_numbers_that_were_swapped_are_told() -> None:
    files = contract(network(stores=(store(painted={"color": TEXT, "coats": WHOLE}),)))
    swapped = with_numbers(files, color=2, coats=1)
    assert [(change.code, change.path) for change in breaking(files, swapped)] == [("B704", ("color",)), ("B704", ("coats",))]


def test_a_field_that_is_gone_and_not_reserved_is_told() -> None:
    files = contract(network(stores=(store(painted={"color": MAYBE, "coats": MAYBE}),)))
    without = contract(network(stores=(store(painted={"color": MAYBE}),)))
    assert [(change.code, change.path) for change in breaking(files, without)] == [("B704", ("coats",))]


def test_a_reserved_number_that_is_used_again_is_told() -> None:
    old = _reserving(contract(network(stores=(store(painted={"color": TEXT}),))), Range(2, 2))
    new = contract(network(stores=(store(painted={"color": TEXT, "coats": MAYBE}),)))
    assert [(change.code, change.path) for change in breaking(old, new)] == [("B705", ("coats",))]


def _reserving(files: tuple[File, ...], numbers: Range) -> tuple[File, ...]:
    first, *others = files[0].messages
    return (replace(files[0], messages=(replace(first, reserved_numbers=(numbers,)), *others)),)


def test_numbers_that_are_missing_were_taken_out_by_hand() -> None:
    message = Message(name="A", full_name="shop.bicycle.A", reserved_numbers=(Range(2, 3), Range(7, 7)))
    found = unreserved([File(path="shop/bicycle.proto", package="shop.bicycle", messages=(message,))])
    assert [change.message.partition(" in ")[0] for change in found] == [
        "the number 1 is neither used nor reserved",
        "the numbers 4 to 6 are neither used nor reserved",
    ]


def test_the_numbers_that_protobuf_keeps_are_not_missed() -> None:
    message = Message(name="A", full_name="shop.bicycle.A", reserved_numbers=(Range(1, 18999), Range(20000, 20001)))
    assert unreserved([File(path="shop/bicycle.proto", package="shop.bicycle", messages=(message,))]) == []


def test_a_view_that_loses_a_field_refuses_queries_that_name_it() -> None:
    before = network(views=(view("garage.bicycles", color=TEXT, coats=WHOLE),))
    assert changes(before, network(views=(view("garage.bicycles", color=TEXT),))) == [("B708", "coats")]


def test_a_state_may_lose_any_part() -> None:
    before = network(stores=(store(schema={"color": TEXT, "coats": WHOLE}),))
    assert changes(before, network(stores=(store(schema={"color": TEXT}),))) == []


def test_a_domain_that_is_gone_is_told_once() -> None:
    wheel = store("shop.wheel", turned={"by": TEXT})
    before = network(stores=(store(painted={"color": TEXT}), wheel))
    assert changes(before, network(stores=(wheel,))) == [("B709", "")]


def test_an_event_store_that_is_gone_is_told_once_and_not_each_of_its_actions() -> None:
    paint = command("shop.bicycle.paint")
    before = network(stores=(store(painted={"color": TEXT}, sold={}),), commands=(paint,))
    assert changes(before, network(commands=(paint,))) == [("B709", "")]


def test_a_command_that_is_gone_is_told_once_and_not_its_response_too() -> None:
    paint = command("shop.bicycle.paint", response=TEXT)
    before = network(stores=(store(painted={}),), commands=(paint,))
    assert changes(before, network(stores=(store(painted={}),))) == [("B709", "")]


def test_a_version_that_goes_back_is_told() -> None:
    new = store(painted={"color": TEXT})
    old = replace(new, actions={"painted": replace(new.actions["painted"], version=2)})
    assert changes(network(stores=(old,)), network(stores=(new,))) == [("B709", "")]


def test_a_command_that_comes_back_after_its_removal_is_told() -> None:
    stores = (store(painted={}),)
    full = network(stores=stores, commands=(command("shop.bicycle.paint", payload={"color": TEXT}),))
    removed = kept(contract(network(stores=stores)), contract(full))
    back = kept(contract(full), removed)
    assert [change.code for change in breaking(removed, back)] == ["B705"]
    request = next(message for message in back[0].messages if message.name == "PaintRequest")
    assert [(field.name, field.number) for field in request.fields] == [("color", 2)]
    assert request.reserved_numbers == (Range(1, 1),)
    assert request.reserved_names == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Field(type="list", items=TEXT), Field(type="list", items=TEXT, optional=True)),
        (Field(type="map", values=TEXT, optional=True), Field(type="map", values=TEXT)),
    ],
)
def test_a_list_or_map_that_may_be_absent_has_another_form(before: Field, after: Field) -> None:
    old, new = (network(stores=(store(painted={"notes": field}),)) for field in (before, after))
    assert changes(old, new) == [("B703", "notes")]
    (change,) = breaking(contract(old), kept(contract(new), contract(old)))
    assert "another form on the wire" in change.message


def test_what_is_in_objects_in_lists_has_its_path() -> None:
    def part(**fields: Field) -> Network:
        parts = Field(type="list", items=Field(type="object", properties=fields))
        return network(commands=(command("shop.bicycle.paint", payload={"parts": parts}),))

    assert changes(part(color=TEXT), part(color=TEXT, coats=WHOLE)) == [("B706", "parts.coats")]
    assert changes(part(color=TEXT), part(color=WHOLE)) == [("B703", "parts.color")]


def test_a_field_of_another_type_gets_another_number() -> None:
    old = contract(network(stores=(store(painted={"color": TEXT, "coats": TEXT}),)))
    painted = kept(contract(network(stores=(store(painted={"color": TEXT, "coats": WHOLE}),))), old)[0].messages[0]
    assert [(field.name, field.number) for field in painted.fields] == [("color", 1), ("coats", 3)]
    assert painted.reserved_numbers == (Range(2, 2),)
    assert painted.reserved_names == ()
