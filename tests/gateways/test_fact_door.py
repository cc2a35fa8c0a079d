from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from starlette.types import Message
from tests.gateways.asgi import Connection
from tests.gateways.city import BICYCLE, GARAGE, City, paths

from blossm.core.errors import BadRequest, Conflict, DeadlineExceeded, NotFound


async def test_a_fact_is_told(city: City) -> None:
    city.behind.facts.response = {"amount": 7.5, "currency": "EUR"}
    answer = await city.facts.get(f"/price/{BICYCLE}?count=3")
    assert (answer.status_code, answer.json()) == (200, {"amount": 7.5, "currency": "EUR"})
    assert answer.headers["content-type"] == "application/json"
    assert (city.asked.root, city.asked.payload, city.asked.key) == (BICYCLE, {"count": 3}, "")


@pytest.mark.parametrize("response", [None, False, 0, "", [], {}])
async def test_any_json_is_a_fact(city: City, response: Any) -> None:
    city.behind.facts.response = response
    assert (await city.facts.get(f"/price/{BICYCLE}")).json() == response


async def test_a_querys_text_is_read_by_the_facts_fields(city: City) -> None:
    await city.facts.get("/search", params=[("words", "red"), ("words", "5"), ("near", '{"x": 1}'), ("sold", "false")])
    assert city.asked.payload == {"words": ["red", "5"], "near": {"x": 1}, "sold": False}


async def test_everything_that_is_off_about_a_query_is_named(city: City) -> None:
    answer = await city.facts.get("/search?sold=perhaps&near=%7B&colour=red&sold=true")
    assert answer.status_code == 400
    assert sorted(paths(answer)) == ["query.colour", "query.near", "query.sold", "query.words"]
    assert not city.behind.facts.asked


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("count=1.5", "query.count"),
        ("count=9223372036854775808", "query.count"),
        ("count=", "query.count"),
        ("count=%D9%A1", "query.count"),
        ("count=1&count=2", "query.count"),
        ("%FF=1", "query"),
        ("currency=%FF", "query"),
        ("&".join(f"a{number}=1" for number in range(501)), "query"),
    ],
)
async def test_a_query_that_does_not_fit_is_refused(city: City, query: str, path: str) -> None:
    answer = await city.facts.get(f"/price/{BICYCLE}?{query}")
    assert (answer.status_code, paths(answer)) == (400, [path])


@pytest.mark.parametrize("query", ['near={"x": 1, "x": 2}', 'near={"x": 1e999}', 'near={"y": 1}', "near=[]"])
async def test_json_in_a_query_is_read_as_strictly_as_a_body(city: City, query: str) -> None:
    answer = await city.facts.get(f"/search?words=a&{query}")
    assert answer.status_code == 400
    assert paths(answer)[0].startswith("query.near")


@pytest.mark.parametrize("path", ["/price", "/price/", "/price/7", f"/search/{BICYCLE}", f"/price/{BICYCLE}/more"])
async def test_a_root_that_the_fact_can_not_have_is_refused(city: City, path: str) -> None:
    answer = await city.facts.get(path, params={"words": "a"} if "search" in path else {})
    assert (answer.status_code, paths(answer)) == (400, ["root"])


async def test_a_fact_of_a_context_needs_it_in_the_token(city: City) -> None:
    assert (await city.facts.get("/mine", headers=city.signed())).status_code == 403
    assert (await city.facts.get("/mine", headers=city.signed(context={"garage": GARAGE}))).status_code == 200
    assert city.asked.context == {"garage": GARAGE}


async def test_what_a_fact_raises_is_the_answer(city: City) -> None:
    city.behind.facts.error = NotFound("there is no such bicycle")
    answer = await city.facts.get(f"/price/{BICYCLE}")
    assert (answer.status_code, answer.json()["detail"]) == (404, "there is no such bicycle")


async def test_head_is_a_get_without_its_body(city: City) -> None:
    city.behind.facts.response = {"amount": 7.5}
    answer = await city.facts.head(f"/price/{BICYCLE}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(b'{"amount":7.5}'))


# ---------------------------------------------------------------- streams


def streaming(city: City, *items: Any) -> None:
    """Let the fact stream these, and raise what is an exception."""

    async def stream() -> AsyncIterator[Any]:
        for item in items:
            if isinstance(item, Exception):
                raise item
            yield item

    city.behind.facts.items = stream


async def test_a_streamed_fact_is_a_line_of_json_for_each_item(city: City) -> None:
    streaming(city, {"ride": 1}, {"ride": 2})
    answer = await city.facts.get("/rides")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.content == b'{"ride":1}\n{"ride":2}\n'


async def test_a_streamed_fact_may_be_asked_for_as_events(city: City) -> None:
    streaming(city, {"ride": 1}, "two\nlines")
    answer = await city.facts.get("/rides", headers={"Accept": "text/event-stream"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text == 'data: {"ride":1}\n\ndata: "two\\nlines"\n\nevent: end\ndata: {}\n\n'


async def test_a_stream_without_items_is_empty(city: City) -> None:
    streaming(city)
    assert (await city.facts.get("/rides")).content == b""


@pytest.mark.parametrize(
    ("error", "status"),
    [(BadRequest("no"), 400), (Conflict("no"), 409), (DeadlineExceeded(), 504), (RuntimeError("secret"), 500)],
)
async def test_a_stream_that_fails_before_its_first_item_is_a_status(city: City, error: Exception, status: int) -> None:
    streaming(city, error)
    answer = await city.facts.get("/rides")
    assert answer.status_code == status
    assert "secret" not in answer.text


async def test_a_stream_that_fails_later_ends_with_a_problem(city: City) -> None:
    streaming(city, {"ride": 1}, Conflict("the log moved on"))
    lines = (await city.facts.get("/rides")).content.splitlines()
    assert orjson.loads(lines[0]) == {"ride": 1}
    problem = orjson.loads(lines[1])["problem"]
    assert (problem["status"], problem["code"], problem["detail"]) == (409, "CONFLICT", "the log moved on")


async def test_events_that_fail_later_end_with_a_problem(city: City) -> None:
    streaming(city, {"ride": 1}, RuntimeError("secret"))
    answer = await city.facts.get("/rides", headers={"Accept": "text/event-stream"})
    name, data = answer.text.strip().split("\n\n")[-1].split("\n")
    assert name == "event: problem"
    assert orjson.loads(data.removeprefix("data: "))["code"] == "INTERNAL"
    assert "secret" not in answer.text


async def test_an_item_that_is_no_json_ends_the_stream(city: City) -> None:
    streaming(city, {"ride": 1}, object())
    last = (await city.facts.get("/rides")).content.splitlines()[-1]
    assert orjson.loads(last)["problem"]["code"] == "INTERNAL"


async def test_a_client_that_goes_away_ends_the_fact(city: City) -> None:
    ended = asyncio.Event()

    async def endless() -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            ended.set()

    city.behind.facts.items = endless
    connection = Connection(city.fact_gateway.app, "GET", "/rides")
    assert await connection.chunk() == b"1\n"
    connection.leave()
    async with asyncio.timeout(5):
        await ended.wait()
        await connection.over()


async def test_a_stream_ends_at_its_deadline(city: City) -> None:
    async def slow() -> AsyncIterator[int]:
        yield 1
        city.clock.advance(5)
        yield 2
        await asyncio.Event().wait()

    city.behind.facts.items = slow
    lines = (await city.facts.get("/rides")).content.splitlines()
    assert orjson.loads(lines[-1])["problem"]["code"] == "DEADLINE_EXCEEDED"


async def test_head_starts_no_stream(city: City) -> None:
    answer = await city.facts.head("/rides")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert not city.behind.facts.asked


async def test_a_client_that_is_gone_when_the_answer_comes_is_let_go(city: City) -> None:
    streaming(city, 1, 2, 3)

    async def gone(message: Message) -> None:
        raise OSError

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "asgi": {"spec_version": "2.4"},
        "method": "GET",
        "path": "/rides",
        "query_string": b"",
        "headers": [],
    }
    await city.fact_gateway.app(scope, receive, gone)
