"""A contract as text: what it says, that it is the same each time, and that it is read back as it was."""

from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings
from tests.contract.one_store import command, network, store, view, with_payload
from tests.payload.test_properties import field_and_value, payload

from blossm.model.contract.build import contract
from blossm.model.contract.keeping import kept
from blossm.model.contract.proto_syntax import declared
from blossm.model.contract.text import GENERATED, proto_text
from blossm.model.contract.tree import File, Message, MessageField
from blossm.model.contract.understanding import Understood
from blossm.model.fields import Field, Fields
from blossm.model.network import Network

TEXT = Field(type="string")
slow = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Z")), max_size=9)
NAMES = st.lists(st.from_regex(r"[a-z]([a-z0-9_]{0,6}[a-z0-9])?", fullmatch=True), min_size=1, max_size=3, unique=True)


def read(text: str, path: str) -> File:
    return Understood(declared(text), path).file()


def text_of(network: Network, path: str = "shop/bicycle.proto") -> str:
    return next(proto_text(file) for file in contract(network) if file.path == path)


def read_back(file: File) -> File:
    return read(proto_text(file), file.path)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """A store, a command and a view of any fields, in a domain of any name; some say what they are for."""
    service, domain = draw(st.sampled_from(["shop", "google", "blossm"])), draw(st.sampled_from(["bicycle", "google", "rpc"]))
    schema, payloads, row = (described(draw(payload())[0], draw(st.lists(WORDS))) for _ in range(3))
    actions = dict.fromkeys(draw(NAMES), schema)
    response = draw(st.none() | field_and_value().map(lambda pair: pair[0]))
    return network(
        stores=(store(f"{service}.{domain}", schema=schema, **actions),),
        commands=(command(f"{service}.{domain}.paint", payload=payloads, response=response),),
        views=(view("garage.bicycles", **row),),
    )


def described(fields: Fields, words: list[str]) -> Fields:
    return {
        name: replace(field, description=" ".join(words), title="\n".join(words) if words and words[0] else "")
        for name, field in fields.items()
    }


@slow
@given(networks())
def test_a_contract_is_read_back_from_its_text_as_it_was(network: Network) -> None:
    for file in contract(network):
        named = replace(file, comment="services/shop/bicycle/blossm.yaml, blossm.yaml")
        assert without_spaces_at_ends(read_back(named)) == without_spaces_at_ends(named)


@slow
@given(networks(), networks())
def test_what_is_kept_of_another_contract_is_read_back_as_it_was(before: Network, after: Network) -> None:
    old = contract(before)
    for file in kept(contract(after), old):
        assert without_spaces_at_ends(read_back(replace(file, comment="blossm.yaml"))) == without_spaces_at_ends(
            replace(file, comment="blossm.yaml")
        )


def without_spaces_at_ends(file: File) -> File:
    """Comments without the spaces at the ends of their lines, which text does not keep."""
    return replace(file, messages=tuple(_message(message) for message in file.messages))


def _message(message: Message) -> Message:
    return replace(
        message,
        comment=_trimmed(message.comment),
        fields=tuple(_field(field) for field in message.fields),
        nested=tuple(_message(inner) for inner in message.nested),
    )


def _field(field: MessageField) -> MessageField:
    return replace(field, comment=_trimmed(field.comment))


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.split("\n"))


@slow
@given(networks(), networks())
def test_a_contract_kept_twice_is_the_same(before: Network, after: Network) -> None:
    once = kept(contract(after), contract(before))
    assert [proto_text(file) for file in kept(contract(after), once)] == [proto_text(file) for file in once]


def test_the_first_line_says_what_it_is_generated_from_and_by_what() -> None:
    file = replace(contract(with_payload({"color": TEXT}))[0], comment="services/shop/bicycle/blossm.yaml")
    assert proto_text(file).startswith(f"{GENERATED}services/shop/bicycle/blossm.yaml: edit that, not this.")


def test_a_message_says_whose_it_is_and_what_it_is_for() -> None:
    made = network(stores=(replace(store(painted={"color": TEXT}), description="A bicycle.\n\nOr a tandem."),))
    assert "// State of shop.bicycle.\n// A bicycle.\n//\n// Or a tandem.\nmessage BicycleState {}" in text_of(made)
    assert "// Event of shop.bicycle: painted.\nmessage Painted {" in text_of(made)


def test_a_name_in_json_is_said_where_protobuf_would_choose_another() -> None:
    text = text_of(with_payload({"frame_color": replace(TEXT, optional=True), "wheels": replace(TEXT, optional=True)}))
    assert 'optional string frame_color = 1 [json_name = "frame_color"];' in text
    assert "optional string wheels = 2;" in text


def test_rules_are_one_text_whatever_is_in_them() -> None:
    field = Field(type="string", pattern=r"^'\d+\"$", choices=("it's", "\\", '"', "é", "\n"))
    file = contract(with_payload({"color": field}))[0]
    assert read_back(replace(file, comment="blossm.yaml")) == replace(file, comment="blossm.yaml")


def test_a_package_that_is_named_like_another_says_the_whole_name() -> None:
    made = network(stores=(store("shop.google", painted={"at": Field(type="timestamp"), "color": TEXT}),))
    assert ".google.protobuf.Timestamp at = 1" in text_of(made, "shop/google.proto")
