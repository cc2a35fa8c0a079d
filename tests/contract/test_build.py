"""A network's contract: which files, messages and fields it has."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.contract.one_store import command, fact, network, store, view, with_payload

from blossm.model.contract.build import contract
from blossm.model.contract.tree import Message, MessageField, all_messages
from blossm.model.fields import Field, Fields, FieldType

TEXT = Field(type="string")
TEXTS = Field(type="list", items=TEXT)
WHEEL = Field(type="object", properties={"size": Field(type="integer")})


def painted(fields: Fields) -> Message:
    return contract(with_payload(fields))[0].messages[0]


def only(field: Field) -> tuple[str, str]:
    """How a field named `it` is declared: its label and type."""
    made = painted({"it": field}).field("it")
    assert made
    return made.label, made.type


def test_each_domain_has_a_file_and_what_has_none_has_the_networks() -> None:
    shop = network(
        stores=(store(painted={}),),
        commands=(command("shop.bicycle.paint", response=TEXT), command("shop.wheel.mount")),
        facts=(fact("price", response=TEXT),),
        views=(view("bicycles"), view("garage.bicycles")),
    )
    assert {file.path: (file.package, [message.name for message in file.messages]) for file in contract(shop)} == {
        "shop/bicycle.proto": ("shop.bicycle", ["Painted", "BicycleState", "PaintRequest", "PaintResponse"]),
        "shop/wheel.proto": ("shop.wheel", ["MountRequest"]),
        "network.proto": ("network", ["PriceRequest", "PriceResponse"]),
        "views.proto": ("views", ["Bicycles"]),
        "views/garage.proto": ("views.garage", ["Bicycles"]),
    }


def test_a_message_says_what_it_is_of() -> None:
    shop = network(
        stores=(store(painted={}),),
        commands=(replace(command("shop.bicycle.paint", response=TEXT), description="Paints."),),
        views=(view("bicycles"),),
    )
    messages = {message.name: message for message in all_messages(contract(shop))}
    assert {name: (message.role, message.address, message.action, message.version) for name, message in messages.items()} == {
        "Painted": ("event", "shop.bicycle", "painted", 1),
        "BicycleState": ("state", "shop.bicycle", "", 0),
        "PaintRequest": ("request", "shop.bicycle.paint", "", 0),
        "PaintResponse": ("response", "shop.bicycle.paint", "", 0),
        "Bicycles": ("row", "bicycles", "", 0),
    }
    assert messages["PaintRequest"].comment == "Paints."


@pytest.mark.parametrize(
    ("type", "declared"),
    [
        ("string", ("optional", "string")),
        ("integer", ("optional", "int64")),
        ("number", ("optional", "double")),
        ("boolean", ("optional", "bool")),
        ("timestamp", ("", "google.protobuf.Timestamp")),
        ("date", ("optional", "string")),
        ("uuid", ("optional", "string")),
        ("bytes", ("optional", "bytes")),
        ("json", ("optional", "bytes")),
    ],
)
def test_every_type_has_its_protobuf_type(type: FieldType, declared: tuple[str, str]) -> None:
    assert only(Field(type=type)) == declared
    assert only(Field(type="list", items=Field(type=type))) == ("repeated", declared[1])
    assert only(Field(type="map", values=Field(type=type))) == ("map", declared[1])


def test_an_object_is_a_nested_message_named_after_its_field() -> None:
    message = painted({"front_wheel": WHEEL})
    assert message.field("front_wheel") == MessageField(
        name="front_wheel", number=1, type="shop.bicycle.Painted.FrontWheel", rules={"required": True}
    )
    assert [(part.name, part.role, [field.name for field in part.fields]) for part in message.nested] == [
        ("FrontWheel", "part", ["size"])
    ]


@pytest.mark.parametrize(
    "field",
    [replace(TEXTS, optional=True), replace(TEXTS, default=["a"]), replace(TEXTS, items=TEXTS)],
)
def test_a_list_that_may_be_absent_or_is_in_a_list_has_a_message_around_it(field: Field) -> None:
    message = painted({"notes": field})
    assert [part.full_name for part in message.nested] == ["shop.bicycle.Painted.Notes"]
    assert message.nested[0].fields == (MessageField(name="values", number=1, type="string", label="repeated"),)


def test_a_map_of_lists_of_objects_nests_each_in_the_one_before() -> None:
    wheels = Field(type="map", values=Field(type="list", items=WHEEL), optional=True)
    found = {part.full_name: (part.fields[0].label, part.fields[0].type) for part in _with_parts(painted({"wheels": wheels}))}
    assert found == {
        "shop.bicycle.Painted": ("", "shop.bicycle.Painted.Wheels"),
        "shop.bicycle.Painted.Wheels": ("map", "shop.bicycle.Painted.Wheels.Values"),
        "shop.bicycle.Painted.Wheels.Values": ("repeated", "shop.bicycle.Painted.Wheels.Values.ValuesPart"),
        "shop.bicycle.Painted.Wheels.Values.ValuesPart": ("optional", "int64"),
    }


def test_no_nested_message_is_called_like_another_thing_around_it() -> None:
    inner = Field(type="object", properties={"painted": WHEEL, "parts": Field(type="map", values=TEXT), "parts_entry": WHEEL})
    message = painted({"painted": inner, "values": Field(type="list", items=Field(type="list", items=TEXTS))})
    names = [part.full_name.removeprefix("shop.bicycle.") for part in _with_parts(message)]
    assert names == [
        "Painted",
        "Painted.PaintedPart",
        "Painted.PaintedPart.PaintedPartPart",
        "Painted.PaintedPart.PartsEntryPart",
        "Painted.Values",
        "Painted.Values.ValuesPart",
    ]


def _with_parts(message: Message) -> list[Message]:
    return [message, *(part for inner in message.nested for part in _with_parts(inner))]


def test_a_response_that_is_no_object_is_the_field_value() -> None:
    shop = network(commands=(command("shop.bicycle.ring", response=replace(TEXTS, optional=True)),))
    assert contract(shop)[0].messages[1].fields == (
        MessageField(name="value", number=1, type="string", label="repeated", rules={"required": True}),
    )


def test_a_state_and_a_row_may_lack_anything_and_nothing_is_filled_in() -> None:
    schema = {"color": Field(type="string", default="red"), "notes": TEXTS, "wheel": WHEEL}
    shop = network(stores=(store(schema=schema),), views=(view("bicycles", **schema),))
    state, row = (file.messages[0] for file in contract(shop))
    for message in (state, row):
        assert [(field.label, field.type.rpartition(".")[2], field.rules) for field in message.fields] == [
            ("optional", "string", {}),
            ("", "Notes", {}),
            ("", "Wheel", {}),
        ]
    assert state.nested[1].fields[0].rules == {}
    assert row.nested[1].fields[0].rules == {"required": True}


@pytest.mark.parametrize(
    ("field", "rules"),
    [
        (Field(type="uuid"), {"required": True, "type": "uuid"}),
        (Field(type="json", optional=True), {"type": "json"}),
        (Field(type="integer", default=2, min=1, max=3), {"default": 2, "minimum": 1, "maximum": 3}),
        (Field(type="string", min_length=1, max_length=2, pattern="a", format="email", optional=True),
         {"minLength": 1, "maxLength": 2, "pattern": "a", "format": "email"}),
        (Field(type="string", choices=("a", "b")), {"required": True, "enum": ["a", "b"]}),
        (Field(type="boolean", equals=True), {"required": True, "const": True}),
        (Field(type="bytes", max_length=5, optional=True), {"maxBytes": 5}),
        (Field(type="list", items=Field(type="date"), min_length=1),
         {"required": True, "minItems": 1, "items": {"type": "date"}}),
        (Field(type="map", values=Field(type="list", items=Field(type="number", min=0), max_length=9), optional=True),
         {"values": {"maxItems": 9, "items": {"minimum": 0}}}),
        (Field(type="number", default=0.0), {"default": 0.0}),
        (Field(type="boolean", default=False), {"default": False}),
    ],
)  # fmt: skip
def test_what_a_field_must_be_like_is_said_in_its_rules(field: Field, rules: dict[str, object]) -> None:
    made = painted({"it": field})
    assert made.fields[0].rules == rules
    assert [inner.rules for part in made.nested for inner in part.fields] == [{} for _ in made.nested]


def test_title_and_description_are_the_comment() -> None:
    assert painted({"it": replace(TEXT, title="Color", description="Of the frame.")}).fields[0].comment == "Color\nOf the frame."


def test_only_what_is_used_is_imported() -> None:
    assert contract(network(commands=(command("shop.bicycle.ring"),)))[0].imports == ()
    at = {"at": Field(type="list", items=Field(type="object", properties={"it": Field(type="timestamp")}))}
    assert contract(with_payload(at))[0].imports == ("blossm/rpc/v1/contract.proto", "google/protobuf/timestamp.proto")
