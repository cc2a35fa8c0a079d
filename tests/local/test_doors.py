"""One port: the door is told by host name or path, heads are bounded, a drain lets requests finish."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.local.harbour import harbour

from blossm.local.doors import Doors
from blossm.serve.http import Bounded, PortTaken, Server, bound, url_of


def door(name: str) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        await PlainTextResponse(f"{name} {path}")(scope, receive, send)

    return app


def doors(**others: ASGIApp) -> Doors:
    apps = {spec.address: door(spec.address) for spec in harbour().gateways()}
    return Doors(harbour(), apps | {name.replace("_", "."): app for name, app in others.items()}, operator=door("operator"))


async def ask(app: ASGIApp, url: str, **options: Any) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        return await client.get(url, **options)


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("http://c.berth.port.localhost:7400/ring", "c.berth.port /ring"),
        ("http://C.Berth.Port.localhost/ring", "c.berth.port /ring"),
        ("http://c.berth.port.dev.harbour.example/ring", "c.berth.port /ring"),
        ("http://c.berth.port.dev.harbour.example.localhost/ring", "c.berth.port /ring"),
        ("http://127.0.0.1:7400/c.berth.port/ring", "c.berth.port /ring"),
        ("http://localhost:7400/c.berth.port/ring", "c.berth.port /ring"),
        ("http://[::1]:7400/v.company/ships/a/b", "v.company /ships/a/b"),
        ("http://127.0.0.1:7400/v/berths", "v /berths"),
        ("http://127.0.0.1:7400/v", "v "),
        ("http://127.0.0.1:7400/_blossm/status", "operator /status"),
    ],
)
async def test_a_door_is_found_by_host_name_and_by_path(url: str, answer: str) -> None:
    response = await ask(doors(), url)
    assert (response.status_code, response.text) == (200, answer)


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example/c.berth.port/ring",
        "http://evil.example/_blossm/status",
        "http://c.berth.port.localhost.evil.example/ring",
        "http://127.0.0.1/c.boat.port/ring",
        "http://127.0.0.1/ring",
        "http://127.0.0.1//c.berth.port/ring",
    ],
)
async def test_what_is_no_door_is_not_found_and_the_doors_are_named(url: str) -> None:
    response = await ask(doors(), url)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert "c.berth.port" in response.json()["facts"]["doors"]


async def test_the_operators_door_is_not_behind_a_gateways_name() -> None:
    response = await ask(doors(), "http://c.berth.port.localhost/_blossm/status")
    assert response.text == "c.berth.port /_blossm/status"


async def test_the_index_lists_the_doors() -> None:
    index = (await ask(doors(), "http://127.0.0.1/")).json()
    assert index["network"] == "harbour.example"
    assert {"host": "v.localhost", "path": "/v", "kind": "view-gateway", "entries": ["berths"]} in index["doors"]


async def test_the_index_is_read_and_nothing_else() -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(doors())) as client:
        refused = await client.post("http://127.0.0.1/")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


@pytest.fixture
async def server() -> AsyncIterator[tuple[str, Server]]:
    with bound(0) as listener:
        running = Server(doors(), grace=5, realm="harbour")
        ended = asyncio.create_task(running.serve(sockets=[listener]))
        await running.listening.wait()
        yield url_of(listener), running
        running.stop()
        await ended


async def answer_to(url: str, *parts: bytes) -> bytes:
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    for part in parts:
        writer.write(part)
        await writer.drain()
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return answer


async def test_a_head_of_16_kib_is_read_and_a_larger_one_refused(server: tuple[str, Server]) -> None:
    url, _ = server
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{url}/v/x", headers={"a": "b" * 15_000})).status_code == 200
        refused = await client.get(f"{url}/v/x", headers={"a": "b" * 17_000})
        assert (refused.status_code, refused.json()["status"]) == (431, 431)
        many = await client.get(f"{url}/v/x", headers={f"h{number}": "x" for number in range(3_000)})
        assert many.status_code == 431


async def test_a_head_without_an_end_is_refused_while_it_comes(server: tuple[str, Server]) -> None:
    url, _ = server
    answer = await answer_to(url, b"GET /v/x HTTP/1.1\r\nhost: localhost\r\n", *[b"a: " + b"b" * 4_000 + b"\r\n"] * 6)
    assert answer.startswith(b"HTTP/1.1 431")


async def test_the_body_of_one_request_counts_for_the_head_of_no_other(server: tuple[str, Server]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server[0].rpartition(":")[2]))
    async with asyncio.timeout(5):
        writer.write(b"GET /v/a HTTP/1.1\r\nhost: localhost\r\n\r\nPOST /v/b HTTP/1.1\r\nhost: localhost\r\n")
        await reader.readuntil(b"v /a")
        writer.write(b"content-length: 20000\r\n\r\n" + b"x" * 20_000 + b"GET /v/c HTTP/1.1\r\nhost: loc")
        await reader.readuntil(b"v /b")
        writer.write(b"alhost\r\nconnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
    writer.close()


@pytest.mark.parametrize("began", [b"", b"GET /v/x HTTP/1.1\r\nhost: loc"])
async def test_who_takes_too_long_for_a_head_is_hung_up_on(
    server: tuple[str, Server], monkeypatch: pytest.MonkeyPatch, began: bytes
) -> None:
    monkeypatch.setattr(Bounded, "head_time", 0.02)
    assert await answer_to(server[0], began) == b""


async def test_a_head_in_time_may_be_followed_by_a_slow_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bounded, "head_time", 0.02)
    go_on = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await go_on.wait()
        await PlainTextResponse("done")(scope, receive, send)

    with bound(0) as listener:
        running = Server(doors(v=slow), grace=5, realm="harbour")
        ended = asyncio.create_task(running.serve(sockets=[listener]))
        await running.listening.wait()
        async with httpx.AsyncClient(base_url=url_of(listener)) as client:
            asyncio.get_running_loop().call_later(0.1, go_on.set)
            assert (await client.get("/v/berths")).text == "done"
        running.stop()
        await ended


async def test_what_comes_after_the_body_is_no_header() -> None:
    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        body = await Request(scope, receive).body()
        names = [name.decode() for name, _ in scope["headers"]]
        await PlainTextResponse(f"{body.decode()} {names}", headers={"connection": "close"})(scope, receive, send)

    with bound(0) as listener:
        running = Server(doors(v=counted), grace=5, realm="harbour")
        ended = asyncio.create_task(running.serve(sockets=[listener]))
        await running.listening.wait()
        head = b"POST /v/x HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
        answer = await answer_to(url_of(listener), head, b"2\r\nhi\r\n0\r\nauthorization: Bearer x\r\n\r\n")
        assert answer.endswith(b"hi ['host', 'transfer-encoding']")
        running.stop()
        await ended


@pytest.mark.parametrize("hosts", [b"", b"host:\r\n", b"host: localhost\r\nhost: evil.example\r\n"])
async def test_a_request_names_one_host_or_is_older_than_hosts(server: tuple[str, Server], hosts: bytes) -> None:
    answer = await answer_to(server[0], b"GET /v/x HTTP/1.1\r\nconnection: close\r\n" + hosts + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 400" if hosts else b"HTTP/1.1 200")


async def test_a_large_body_is_not_taken_for_a_large_head(server: tuple[str, Server]) -> None:
    url, _ = server
    async with httpx.AsyncClient() as client:
        assert (await client.post(f"{url}/v/x", content=b"x" * 200_000)).status_code == 200
        assert (await client.post(f"{url}/v/x", content=b"x" * 200_000)).status_code == 200


async def test_what_is_not_http_is_a_bad_request(server: tuple[str, Server]) -> None:
    url, _ = server
    assert (await answer_to(url, b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n")).startswith(b"HTTP/1.1 400")


async def test_a_request_under_way_finishes_and_an_endless_stream_ends() -> None:
    began, go_on = asyncio.Event(), asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        began.set()
        await go_on.wait()
        await PlainTextResponse("done")(scope, receive, send)

    async def ticks() -> AsyncIterator[bytes]:
        yield b"data: 1\n\n"
        await asyncio.Event().wait()

    async def live(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()
        await StreamingResponse(ticks(), media_type="text/event-stream")(scope, receive, send)

    app = doors(c_berth_port=slow, v=live)
    with bound(0) as listener:
        running = Server(app, grace=5, realm="harbour")
        ended = asyncio.create_task(running.serve(sockets=[listener]))
        await running.listening.wait()
        async with httpx.AsyncClient(base_url=url_of(listener)) as client, client.stream("GET", "/v/berths") as stream:
            chunks = stream.aiter_bytes()
            assert await anext(chunks) == b"data: 1\n\n"
            finishing = asyncio.create_task(client.get("/c.berth.port/linger"))
            await began.wait()
            running.stop()
            assert [chunk async for chunk in chunks] == []
            go_on.set()
            assert (await finishing).text == "done"
        await asyncio.wait_for(ended, 5)


def test_a_port_in_use_is_one_clear_message() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PortTaken, match="is not free") as error:
            bound(other.getsockname()[1])
        assert "--port" in error.value.help


def test_only_this_machine_can_reach_it() -> None:
    with bound(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"
