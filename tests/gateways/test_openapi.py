from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from tests.gateways.city import ACCESS, BICYCLE, COMMANDS, City

pytestmark = pytest.mark.ways("in process", because="a door describes itself by what it knows itself")


async def document(city: City, door: str) -> dict[str, Any]:
    answer = await getattr(city, door).get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    return found


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from parts(inner)


@pytest.mark.parametrize("door", ["commands", "facts", "views"])
async def test_a_door_describes_itself(city: City, door: str) -> None:
    described = await document(city, door)
    assert described["openapi"] == "3.1.0"
    for part in parts(described):
        if "$ref" in part:
            assert part == {"$ref": "#/components/schemas/Problem"}
        if isinstance(part.get("schema"), dict) and "$ref" not in part["schema"]:
            jsonschema_rs.meta.validate(part["schema"])
    for path, item in described["paths"].items():
        named = {parameter["name"] for parameter in item.get("parameters", ())}
        assert named == {part.strip("{}") for part in path.split("/") if part.startswith("{")}


async def test_only_what_the_door_has_is_described(city: City) -> None:
    described = await document(city, "commands")
    assert list(described["paths"]) == [f"/{name}" for name in COMMANDS]
    assert all(list(item) == ["post"] for item in described["paths"].values())
    facts = await document(city, "facts")
    assert list(facts["paths"]) == ["/price/{root}", "/search", "/mine", "/mine/{root}", "/rides"]


async def test_a_body_is_described_by_what_checks_it(city: City) -> None:
    paths = (await document(city, "commands"))["paths"]
    body = paths["/paint"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    described = jsonschema_rs.Draft202012Validator(body)
    assert described.is_valid({"root": BICYCLE, "payload": {"color": "red"}})
    for off in ({}, {"payload": {"color": "red"}}, {"root": BICYCLE}, {"root": BICYCLE, "payload": {}}, {"x": 1}):
        assert not described.is_valid(off)
    ring = paths["/ring"]["post"]["requestBody"]
    assert not ring["required"]
    assert "root" not in ring["content"]["application/json"]["schema"]["properties"]


async def test_the_security_of_an_entry_is_its_access(city: City) -> None:
    described = await document(city, "commands")
    security = {path: item["post"]["security"] for path, item in described["paths"].items()}
    assert security["/ring"] == []
    assert security["/look"] == [{}, {"access": []}, {"access_cookie": []}]
    assert security["/register"] == [{"access": []}, {"access_cookie": []}]
    assert security["/paint"] == [{"access": ["shop:bicycle:paint"]}, {"access_cookie": ["shop:bicycle:paint"]}]
    assert security["/sell"][0] == {"access": ["shop:bicycle:sell", "shop:bicycle:look"]}
    assert security["/answer"] == [{"challenge": []}]
    schemes = described["components"]["securitySchemes"]
    assert set(schemes) == {"access", "access_cookie", "challenge"}
    assert schemes["access_cookie"] == {"type": "apiKey", "in": "cookie", "name": ACCESS.cookie}


async def test_a_streamed_fact_is_described_as_one(city: City) -> None:
    paths = (await document(city, "facts"))["paths"]
    assert set(paths["/rides"]["get"]["responses"]["200"]["content"]) == {"application/x-ndjson", "text/event-stream"}
    [words, near, sold] = paths["/search"]["get"]["parameters"]
    assert (words["required"], words["schema"]["type"]) == (True, "array")
    assert "application/json" in near["content"]
    assert sold["schema"]["type"] == "boolean"


async def test_a_view_is_described_by_the_questions_that_it_answers(city: City) -> None:
    paths = (await document(city, "views"))["paths"]
    named = [parameter["name"] for parameter in paths["/bicycles"]["get"]["parameters"]]
    assert {"color", "color[in]", "color[prefix]", "painted[gte]", "sort", "limit", "cursor", "count", "min_position"} <= set(
        named
    )
    assert "painted[prefix]" not in named
    assert "text" not in named
    assert [parameter["name"] for parameter in paths["/garage"]["get"]["parameters"]] == ["min_position"]


async def test_a_network_without_issuers_describes_its_own_in_development() -> None:
    described = await document(City(environment="development", issuers={}), "commands")
    assert set(described["components"]["securitySchemes"]) == {"development"}
