from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
import pytest
import structlog
from structlog.testing import capture_logs
from tests.gateways.asgi import Connection
from tests.gateways.city import BICYCLE, HOST, City

from blossm.core.errors import Internal, Unavailable
from blossm.core.request import Answer, Request


@pytest.fixture(autouse=True)
def _plain_logs() -> Any:
    yield
    structlog.reset_defaults()


def raising(city: City, error: Exception) -> None:
    async def fail(request: Request) -> Answer:
        raise error

    city.behind.commands.answers = fail


# ---------------------------------------------------------------- what there is not


@pytest.mark.parametrize("path", ["/", "/nothing", "/Paint", "//paint", "/healthz/x", "/.env", "/paint-it"])
async def test_an_unknown_route_is_a_problem(city: City, path: str) -> None:
    answer = await city.commands.post(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
async def test_an_unknown_method_is_told_those_that_there_are(city: City, method: str) -> None:
    answer = await city.commands.request(method, "/ring")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")
    if method != "HEAD":
        assert answer.json()["code"] == "METHOD_NOT_ALLOWED"


async def test_facts_and_views_are_read_only(city: City) -> None:
    for client, path in ((city.facts, "/rides"), (city.views, "/bicycles")):
        answer = await client.post(path, json={})
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


async def test_a_websocket_is_refused(city: City) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    await city.view_gateway.app({"type": "websocket", "path": "/bicycles"}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


# ---------------------------------------------------------------- problems


async def test_a_problem_is_as_rfc_9457_says(city: City) -> None:
    answer = await city.commands.post("/ring", json={"x": 1})
    problem = answer.json()
    assert problem.pop("tx")
    assert problem == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "code": "BAD_REQUEST",
        "detail": "the body is off",
        "fields": [{"path": "x", "problem": "is not known: a body has payload, root and options"}],
    }


async def test_nothing_of_the_code_is_in_the_answer_to_an_unexpected_exception(city: City) -> None:
    raising(city, RuntimeError("secret in /srv/handlers/commands.py"))
    with capture_logs() as logs:
        answer = await city.commands.post("/ring")
    assert answer.status_code == 500
    assert answer.json()["code"] == "INTERNAL"
    assert "secret" not in answer.text
    [logged] = [line for line in logs if line["event"] in ("unexpected", "a call broke")]  # at the door, or behind it
    assert logged["id"] == answer.json()["id"]
    assert "secret" in str(logged["exc_info"])


async def test_an_error_of_a_handler_keeps_the_id_that_it_has_in_the_log(city: City) -> None:
    raising(city, Internal("KeyError: 'colour'", facts={"id": "abc", "frames": ["commands.py:3"]}))
    answer = await city.commands.post("/ring")
    assert (answer.status_code, answer.json()["id"]) == (500, "abc")
    assert "colour" not in answer.text
    assert "commands.py" not in answer.text


async def test_a_part_that_is_not_there_is_named_in_the_log_only(city: City) -> None:
    raising(city, Unavailable("mongodb://internal:27017 is down", facts={"host": "internal"}))
    with capture_logs() as logs:
        answer = await city.commands.post("/ring")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "internal" not in answer.text
    assert [line["id"] for line in logs if line["event"] == "failed"] == [answer.json()["id"]]


async def test_an_answer_that_is_no_json_is_a_500(city: City) -> None:
    async def odd(request: Request) -> Answer:
        return Answer(response=object())

    city.behind.commands.answers = odd
    assert (await city.commands.post("/ring")).status_code == 500


@pytest.mark.parametrize("status", [0, 100, 199, 600])
async def test_a_status_that_is_none_is_a_500(city: City, status: int) -> None:
    async def odd(request: Request) -> Answer:
        return Answer(status=status)

    city.behind.commands.answers = odd
    assert (await city.commands.post("/ring")).status_code == 500


# ---------------------------------------------------------------- bounds


async def test_a_command_that_waits_for_ever_is_a_504(city: City) -> None:
    cancelled = asyncio.Event()

    async def wait(request: Request) -> Answer:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError

    city.behind.commands.answers = wait
    answer = await city.commands.post("/wait", headers={"Idempotency-Key": "mine"})
    assert (answer.status_code, answer.json()["code"]) == (504, "DEADLINE_EXCEEDED")
    assert "same Idempotency-Key" in answer.json()["detail"]
    assert answer.headers["idempotency-key"] == "mine"
    async with asyncio.timeout(10):
        await cancelled.wait()


async def test_a_body_that_does_not_come_is_a_408_and_the_last_answer(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blossm.procedures.doors.visit.BODY_TIME", 0.01)
    connection = Connection(city.command_gateway.app, "POST", "/ring", more=True)
    connection.sends(b'{"pay', more=True)
    assert b"REQUEST_TIMEOUT" in await connection.chunk()
    assert (connection.status, connection.headers[b"connection"]) == (408, b"close")


async def test_a_rate_is_per_principal(city: City) -> None:
    assert [(await city.commands.post("/honk")).status_code for _ in range(3)] == [200, 200, 429]
    refused = await city.commands.post("/honk")
    assert (refused.json()["code"], refused.headers["retry-after"]) == ("RESOURCE_EXHAUSTED", "1")
    elsewhere = httpx.ASGITransport(app=city.command_gateway.app, client=("203.0.113.9", 1))
    async with httpx.AsyncClient(transport=elsewhere, base_url="https://door") as somebody_else:
        assert (await somebody_else.post("/honk")).status_code == 200
    city.clock.advance(0.5)
    assert [(await city.commands.post("/honk")).status_code for _ in range(2)] == [200, 429]


async def test_a_client_that_goes_away_while_it_sends_is_let_go(city: City) -> None:
    connection = Connection(city.command_gateway.app, "POST", "/ring", headers={"Content-Type": "application/json"}, more=True)
    connection.sends(b'{"pay', more=True)
    connection.leave()
    await connection.over()
    assert connection.quiet
    assert not city.behind.commands.asked


# ---------------------------------------------------------------- pages of other origins

ALLOWED = [f"https://{HOST}", "https://app.example"]
FOREIGN = [
    "https://evil.example",
    f"https://{HOST}.evil.example",
    f"http://{HOST}",
    "null",
    "https://app.example:444",
    "http://localhost:3000",
]


def preflight(origin: str) -> dict[str, str]:
    return {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}


@pytest.mark.parametrize("origin", ALLOWED)
async def test_a_page_of_an_allowed_origin_may_ask_and_read(city: City, origin: str) -> None:
    asked = await city.commands.options("/ring", headers=preflight(origin))
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == origin
    assert asked.headers["access-control-allow-methods"] == "POST, OPTIONS"
    assert "Idempotency-Key" in asked.headers["access-control-allow-headers"]
    answer = await city.commands.post("/ring", headers={"Origin": origin})
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "Blossm-Position" in answer.headers["access-control-expose-headers"]
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_page_of_another_origin_may_not(city: City, origin: str) -> None:
    asked = await city.commands.options("/ring", headers=preflight(origin))
    assert asked.status_code == 403
    assert not [name for name in asked.headers if name.startswith("access-control-")]
    answer = await city.commands.post("/ring", headers={"Origin": origin})
    assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_a_page_may_read_what_went_wrong(city: City) -> None:
    answer = await city.commands.post("/register", headers={"Origin": ALLOWED[0]})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, ALLOWED[0])


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://localhost", "http://127.0.0.1:8080"])
async def test_pages_of_this_machine_are_allowed_in_development(origin: str) -> None:
    answer = await City(environment="development").commands.options("/ring", headers=preflight(origin))
    assert answer.headers["access-control-allow-origin"] == origin


@pytest.mark.parametrize(
    "origin", ["http://localhost.evil.example", "http://localhost:80@evil.example", "http://127.0.0.10:1", "https://localhost:x"]
)
async def test_what_only_looks_like_this_machine_is_not(origin: str) -> None:
    assert (await City(environment="development").commands.options("/ring", headers=preflight(origin))).status_code == 403


async def test_options_without_an_origin_tells_the_methods(city: City) -> None:
    answer = await city.commands.options("/ring")
    assert (answer.status_code, answer.headers["allow"]) == (204, "POST, OPTIONS")
    assert (await city.commands.options("/nothing")).status_code == 404


# ---------------------------------------------------------------- around


async def test_every_answer_carries_the_security_headers(city: City) -> None:
    for answer in (await city.commands.post("/ring"), await city.commands.post("/nothing"), await city.views.get("/bicycles")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["strict-transport-security"]
    at_home = await City(environment="development").commands.post("/ring")
    assert "strict-transport-security" not in at_home.headers


async def test_a_trace_goes_on_through_the_door(city: City) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = await city.commands.post("/ring", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert re.fullmatch(rf"00-{trace}-[0-9a-f]{{16}}-01", city.asked.traceparent)
    assert answer.headers["traceparent"] == city.asked.traceparent


@pytest.mark.parametrize(
    "value", ["", "nonsense", f"00-{'0' * 32}-00f067aa0ba902b7-01", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"]
)
async def test_a_trace_that_is_none_begins_anew(city: City, value: str) -> None:
    await city.commands.post("/ring", headers={"traceparent": value})
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", city.asked.traceparent)
    assert city.asked.traceparent[3:35] not in (value, "0" * 32)


async def test_the_access_log_has_no_secrets(city: City) -> None:
    token = city.token(roles=["mechanic"])
    with capture_logs() as logs:
        await city.facts.get(f"/price/{BICYCLE}?currency=SECRET")
        await city.commands.post(
            "/look?token=SECRET", json={"payload": {"x": "SECRET"}}, headers={"Authorization": f"Bearer {token}"}
        )
        await city.commands.post("/SECRET")
    assert [(line["entry"], line["method"], line["status"]) for line in logs] == [
        ("price", "GET", 200),
        ("look", "POST", 200),
        ("", "POST", 404),
    ]
    assert "SECRET" not in str(logs)
    assert token not in str(logs)


async def test_a_door_says_that_it_is_well(city: City) -> None:
    for client in (city.commands, city.facts, city.views):
        answer = await client.get("/healthz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert (await client.head("/healthz")).content == b""
        assert (await client.post("/healthz")).status_code == 405


async def test_a_door_stands_below_a_path_too(city: City) -> None:
    transport = httpx.ASGITransport(app=city.command_gateway.app, root_path="/c.bicycle.shop")
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await client.post("/c.bicycle.shop/ring")).status_code == 200
