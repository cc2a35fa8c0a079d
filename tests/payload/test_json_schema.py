"""The schema that the doors' documents show."""

from __future__ import annotations

from blossm.model.fields import Field
from blossm.model.json_schema import json_schema, json_schema_of


def test_an_object_names_what_it_requires_and_takes_nothing_else() -> None:
    fields = {
        "frame_color": Field(type="string", choices=("red", "blue"), title="Colour"),
        "wheels": Field(type="integer", min=1, max=3, default=2),
    }
    assert json_schema(fields) == {
        "type": "object",
        "properties": {
            "frame_color": {"type": "string", "enum": ["red", "blue"], "title": "Colour"},
            "wheels": {"type": "integer", "format": "int64", "minimum": 1, "maximum": 3, "default": 2},
        },
        "required": ["frame_color"],
        "additionalProperties": False,
    }


def test_a_list_and_a_map_say_what_they_hold() -> None:
    assert json_schema_of(Field(type="list", items=Field(type="uuid"), max_length=3)) == {
        "type": "array",
        "items": {"type": "string", "format": "uuid"},
        "maxItems": 3,
    }
    assert json_schema_of(Field(type="map", values=Field(type="json"))) == {"type": "object", "additionalProperties": {}}


def test_a_pattern_stands_beside_the_one_that_a_format_brings() -> None:
    schema = json_schema_of(Field(type="string", format="phone", pattern="^[+]49"))
    assert schema["allOf"] == [{"pattern": "^[+]49"}]
    assert schema["pattern"].startswith("^\\+")
