"""Field specifications and what they come to."""

from typing import Any

import pytest
from tests.model.conftest import Write

from blossm.model.fields import Field
from blossm.model.load import check, load

NETWORK = """\
network: city.example
types:
  color: {type: string, in: [red, green]}
  person: {type: object, properties: {name: string, likes: [color]}}
"""
STORE = """\
---
service: shop
domain: bicycle
---
procedure: event-store
actions: {{painted: {{}}, sold: {{fields: [a]}}}}
schema:
  a: {}
"""


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ("string", Field(type="string")),
        ("[uuid]", Field(type="list", items=Field(type="uuid"))),
        ("[[integer]]", Field(type="list", items=Field(type="list", items=Field(type="integer")))),
        ("color", Field(type="string", choices=("red", "green"))),
        ("{type: color, optional: true}", Field(type="string", choices=("red", "green"), optional=True)),
        ("{type: color, default: red}", Field(type="string", choices=("red", "green"), default="red")),
        ("{type: integer, min: 1, max: 3}", Field(type="integer", min=1, max=3)),
        ("[{type: string, max_length: 3}]", Field(type="list", items=Field(type="string", max_length=3))),
        ("{type: [string], min_length: 1}", Field(type="list", items=Field(type="string"), min_length=1)),
        ("{type: map, values: [number]}", Field(type="map", values=Field(type="list", items=Field(type="number")))),
        ("{type: string, is: 'https://$network'}", Field(type="string", equals="https://dev.city.example")),
        ("{type: boolean, default: false}", Field(type="boolean", default=False)),
        ("{type: json, default: {a: [1, null]}}", Field(type="json", default={"a": [1, None]})),
        ("{type: [string], default: []}", Field(type="list", items=Field(type="string"), default=[])),
        (
            "person",
            Field(
                type="object",
                properties={
                    "name": Field(type="string"),
                    "likes": Field(type="list", items=Field(type="string", choices=("red", "green"))),
                },
            ),
        ),
    ],
)  # fmt: skip
def test_a_type_comes_to_this_field(write: Write, said: str, field: Field) -> None:
    store = load(write({"blossm.yaml": NETWORK + STORE.format(said)})).event_stores["shop.bicycle"]
    assert store.schema == {"a": field}
    assert store.actions["sold"].payload == {"a": field}
    assert not store.actions["painted"].payload["a"].required


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ("boolean", Field(type="boolean")),
        ("[string]", Field(type="list", items=Field(type="string"))),
        ("{amount: number}", Field(type="object", properties={"amount": Field(type="number")})),
        ("{type: string, max_length: 3}", Field(type="string", max_length=3)),
        ("{type: string, a: uuid}", Field(type="object", properties={"type": Field(type="string"), "a": Field(type="uuid")})),
        ("{}", Field(type="object")),
    ],
)  # fmt: skip
def test_a_response_is_fields_or_one_type(write: Write, said: str, field: Field) -> None:
    text = f"network: city.example\n---\nprocedure: fact\nname: price\nresponse: {said}\n"
    assert load(write({"blossm.yaml": text, "facts.py": "def price(fact): ...\n"})).facts["price"].response == field


def test_a_fact_without_a_response_answers_any_json(write: Write) -> None:
    text = "network: city.example\n---\nprocedure: fact\nname: price\n"
    assert load(write({"blossm.yaml": text, "facts.py": "def price(fact): ...\n"})).facts["price"].response is None


def test_the_nearest_type_of_a_name_is_meant(write: Write) -> None:
    text = NETWORK + STORE.format("color").replace("domain: bicycle\n", "domain: bicycle\ntypes: {color: integer}\n")
    assert load(write({"blossm.yaml": text})).event_stores["shop.bicycle"].schema["a"].type == "integer"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("{type: map}", "B103"), ("{type: object}", "B103"), ("map", "B103"), ("{type: string, default: null}", "B105"),
        ("{type: string, default: }", "B105"), ("{type: integer, min: low}", "B105"), ("{type: integer, min: true}", "B105"),
        ("{type: integer, default: 1.5}", "B112"), ("{type: integer, in: []}", "B106"), ("{type: string, format: mail}", "B106"),
        ("{type: string, min_length: -1}", "B106"), ("{type: timestamp, default: now}", "B112"), ("[]", "B108"), ("5", "B108"),
        ("{type: [string], default: [1]}", "B112"), ("{type: object, properties: {B: string}}", "B601"), ("list", "B108"),
        ("{type: object, properties: {a: strin}}", "B108"), ("{type: string, is: 5}", "B112"), ("{type: uuid, in: [x]}", "B112"),
    ],
)  # fmt: skip
def test_a_type_that_can_not_be_meant_is_refused(write: Write, said: str, code: str) -> None:
    assert [problem.code for problem in check(write({"blossm.yaml": NETWORK + STORE.format(said)}))] == [code]


def test_types_that_would_grow_beyond_all_reason_are_refused(write: Write) -> None:
    types = "".join(f"  t{n}: {{type: object, properties: {{a: t{n - 1}, b: t{n - 1}}}}}\n" for n in range(1, 30))
    problems = check(write({"blossm.yaml": f"network: city.example\ntypes:\n  t0: string\n{types}"}))
    assert {problem.code for problem in problems} == {"B005"}


def test_a_long_chain_of_types_is_refused(write: Write) -> None:
    types = "".join(f"  t{n}: [t{n + 1}]\n" for n in range(2000))
    problems = check(write({"blossm.yaml": f"network: city.example\ntypes:\n{types}  t2000: string\n"}))
    assert {problem.code for problem in problems} == {"B110"}


def test_types_may_be_named_in_types_a_few_times(write: Write) -> None:
    types = "".join(f"  t{n}: {{type: object, properties: {{a: t{n + 1}}}}}\n" for n in range(20))
    assert check(write({"blossm.yaml": f"network: city.example\ntypes:\n{types}  t20: string\n"})) == []


def test_values_keep_their_type(write: Write) -> None:
    schema: dict[str, Any] = (
        load(write({"blossm.yaml": NETWORK + STORE.format("{type: number, default: 1}")})).event_stores["shop.bicycle"].schema
    )
    assert schema["a"].default == 1
