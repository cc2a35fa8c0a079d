"""Whatever is sent to a door, it answers with 2xx or 4xx."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.gateways.city import BICYCLE, COMMANDS, FACTS, VIEWS, City

CALM = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
bodies = (
    st.binary(max_size=200)
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.fixed_dictionaries(
        {}, optional={"payload": json_values, "root": st.just(BICYCLE) | json_values, "options": json_values, "x": json_values}
    ).map(lambda value: json.dumps(value).encode())
)
words = st.sampled_from(
    ["color", "painted", "at", "sort", "limit", "cursor", "text", "count", "min_position", "words", "near", "sold", "currency"]
)
names = words | st.text(max_size=10) | st.builds("{}[{}]".format, words, st.sampled_from(["gte", "in", "prefix", "$gt", ""]))
texts = (
    st.text(max_size=20)
    | st.integers().map(str)
    | st.sampled_from(["true", "{}", '{"x":1}', "-painted", "2025-01-01T00:00:00Z", "e30"])
)
queries = st.binary(max_size=60).map(lambda raw: quote(raw, safe="=&[]+;")) | st.lists(st.tuples(names, texts), max_size=5).map(
    lambda pairs: "&".join(f"{quote(name)}={quote(text)}" for name, text in pairs)
)
header_texts = st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b"").replace(b"\r", b""))


async def rides() -> AsyncIterator[int]:
    yield 1


def fine(answer: httpx.Response) -> None:
    assert 200 <= answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code


@CALM
@given(name=st.sampled_from(list(COMMANDS)), body=bodies, key=header_texts)
def test_any_body(name: str, body: bytes, key: bytes) -> None:
    async def send() -> None:
        city = City()
        headers = {b"Content-Type": b"application/json", b"Idempotency-Key": key}
        fine(await city.commands.post(f"/{name}", content=body, headers=headers))
        headers = {name.encode(): text.encode() for name, text in city.signed(roles=["owner"]).items()} | headers
        fine(await city.commands.post(f"/{name}", content=body, headers=headers))

    asyncio.run(send())


@CALM
@given(name=st.sampled_from(list(FACTS)), root=st.sampled_from(["", f"/{BICYCLE}"]), query=queries)
def test_any_query_of_a_fact(name: str, root: str, query: str) -> None:
    async def send() -> None:
        city = City()
        city.behind.facts.items = rides
        fine(await city.facts.get(f"/{name}{root}?{query}"))

    asyncio.run(send())


@CALM
@given(name=st.sampled_from(list(VIEWS)), query=queries)
def test_any_query_of_a_view(name: str, query: str) -> None:
    async def send() -> None:
        city = City()
        fine(await city.views.get(f"/{name}?{query}"))
        fine(await city.views.get(f"/{name}/b1?{query}"))

    asyncio.run(send())


@CALM
@given(authorization=header_texts, cookie=header_texts, origin=header_texts, trace=header_texts, path=st.text(max_size=20))
def test_any_headers_and_path(authorization: bytes, cookie: bytes, origin: bytes, trace: bytes, path: str) -> None:
    async def send() -> None:
        headers = {b"Authorization": authorization, b"Cookie": cookie, b"Origin": origin, b"traceparent": trace}
        fine(await City().commands.post(f"/look{quote(path)}", headers=headers))
        fine(await City().commands.post("/look", headers=headers))

    asyncio.run(send())
