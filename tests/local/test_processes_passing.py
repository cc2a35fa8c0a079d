"""What stands between a client and the process of a gateway is not seen: neither by the one nor by the other."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import unquote

import httpx
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from blossm.local.processes.passing import Passage, passed_on
from blossm.serve.forwarding import Forwarded
from blossm.serve.http import Server, address_of, bound
from blossm.serve.serving import serving

SECRET = "between-us"


class Gateway:
    """An application that notes what it is asked, and answers what a test wants."""

    def __init__(self) -> None:
        self.scope: Scope = {}
        self.body = b""
        self.status = 200
        self.headers: list[tuple[bytes, bytes]] = []
        self.pieces: asyncio.Queue[bytes] = asyncio.Queue()  # of the answer; an empty one is the last
        self.told: asyncio.Queue[Message] = asyncio.Queue()
        self.reads_first = True

    def answers(self, *pieces: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.headers = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        for piece in (*pieces, b""):
            self.pieces.put_nowait(piece)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        while self.reads_first:
            message = await receive()
            self.told.put_nowait(message)
            self.body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        watching = asyncio.ensure_future(self._gone(receive))
        while piece := await self.pieces.get():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        watching.cancel()

    async def _gone(self, receive: Receive) -> None:
        while True:
            message = await receive()
            self.told.put_nowait(message)
            if message["type"] == "http.disconnect":
                return self.pieces.put_nowait(b"")


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """Gives host:port."""
    with bound(0) as listener:
        async with serving(Server(app, grace=5, realm="test"), listener):
            yield address_of(listener)


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@asynccontextmanager
async def passage(gateway: Gateway, *, root_path: str = "") -> AsyncIterator[str]:
    """Before the gateway, on an address of its own."""
    async with served(Forwarded(gateway, secret=SECRET, realm="test")) as behind:
        between = Passage("c.berth.port", behind, secret=SECRET, realm="test")

        async def before(scope: Scope, receive: Receive, send: Send) -> None:
            await between({**scope, "root_path": root_path}, receive, send)

        try:
            async with served(before) as address:
                yield address
        finally:
            await between.close()


@pytest.fixture
async def door(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with passage(gateway) as address, httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as client:
        yield client


async def test_a_request_arrives_as_it_was_made(door: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.answers(b"done", status=201, headers={"content-type": "text/plain", "x-more": "1"})
    answer = await door.post(
        "/paint/a%2Fb%20%C3%A9?x=1&x=%zz", content=b"red", headers={"Host": "c.berth.port.localhost", "X-Own": "yes"}
    )
    assert (answer.status_code, answer.text, answer.headers["x-more"]) == (201, "done", "1")
    assert gateway.body == b"red"
    seen = dict(gateway.scope["headers"])
    assert (seen[b"host"], seen[b"x-own"], seen[b"content-length"]) == (b"c.berth.port.localhost", b"yes", b"3")
    assert gateway.scope["path"] == "/paint/a/b é"
    assert gateway.scope["query_string"] == b"x=1&x=%zz"
    assert gateway.scope["method"] == "POST"


@pytest.mark.parametrize("path", ["/v/../else", "/v/%2e%2e/else", "/v/./x", "//v", "/v/%252e", "/v;x=1/%3Fy", "/v/%23"])
async def test_no_path_is_made_another_one(door: httpx.AsyncClient, gateway: Gateway, path: str) -> None:
    gateway.answers()
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(door.base_url.host, door.base_url.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: here\r\nX-Tab:\ta\t\r\n\r\n".encode())
        assert b" 200 " in await reader.readline()
    assert gateway.scope["path"] == unquote(path)
    assert dict(gateway.scope["headers"])[b"x-tab"] == b"a"
    writer.close()


async def test_the_gateway_is_told_who_asks_and_which_way_leads_to_it(gateway: Gateway) -> None:
    gateway.answers()
    async with passage(gateway, root_path="/c.berth.port") as address, httpx.AsyncClient() as client:
        await client.get(f"http://{address}/c.berth.port/ring", headers={"Blossm-Forwarded": "me 10.0.0.1 /else"})
    assert gateway.scope["client"] == ("127.0.0.1", 0)
    assert gateway.scope["root_path"] == "/c.berth.port"
    assert gateway.scope["path"] == "/c.berth.port/ring"
    assert b"blossm-forwarded" not in dict(gateway.scope["headers"])


async def test_a_request_gets_no_headers_of_ours(door: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.answers()
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(door.base_url.host, door.base_url.port)
        writer.write(b"GET /ring HTTP/1.1\r\nHost: here\r\n\r\n")
        await reader.readline()
    assert gateway.scope["headers"] == [(b"host", b"here")]
    writer.close()


def test_what_is_of_one_connection_is_not_passed_on() -> None:
    headers = [
        (b"Connection", b"keep-alive, X-Hop"),
        (b"Keep-Alive", b"timeout=5"),
        (b"X-Hop", b"1"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Upgrade", b"h2c"),
        (b"TE", b"trailers"),
        (b"Set-Cookie", b"a=1"),
        (b"Set-Cookie", b"b=2"),
    ]
    assert passed_on(headers) == [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]


async def test_an_answer_comes_as_it_is_with_one_date(door: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.answers(status=302, headers={"location": "/else", "set-cookie": "a=1; HttpOnly"})
    moved = await door.get("/ring")
    assert (moved.status_code, moved.headers["location"]) == (302, "/else")
    assert len(moved.headers.get_list("date")) == 1
    door.cookies.clear()
    gateway.answers(gzip.compress(b"small"), headers={"content-encoding": "gzip"})
    packed = await door.get("/ring", headers={"Accept-Encoding": "gzip"})
    assert packed.text == "small"
    assert packed.headers["content-encoding"] == "gzip"
    assert b"cookie" not in dict(gateway.scope["headers"])


async def test_an_answer_comes_piece_by_piece(door: httpx.AsyncClient, gateway: Gateway) -> None:
    async with asyncio.timeout(10), door.stream("GET", "/bells", headers={"Accept": "text/event-stream"}) as answer:
        pieces = answer.aiter_raw()
        for word in (b"data: one\n\n", b"data: two\n\n"):
            gateway.pieces.put_nowait(word)
            assert await anext(pieces) == word  # before the next one was made
        gateway.pieces.put_nowait(b"")
        assert [piece async for piece in pieces] == []


async def test_a_body_comes_piece_by_piece(door: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.answers(b"done")

    async def body() -> AsyncIterator[bytes]:
        for piece in (b"one", b"two"):
            yield piece
            while (await gateway.told.get()).get("body") != piece:
                pass  # it arrived before the next one is sent

    async with asyncio.timeout(10):
        assert (await door.post("/ring", content=body())).text == "done"
    assert gateway.body == b"onetwo"


async def test_a_gateway_that_refuses_before_it_has_read_everything_is_heard(door: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.reads_first = False
    gateway.answers(b"too large", status=413)
    async with asyncio.timeout(10):
        answer = await door.post("/ring", content=b"x" * 10_000_000)
    assert (answer.status_code, answer.text) == (413, "too large")


async def test_who_goes_away_is_gone_for_the_gateway_too(door: httpx.AsyncClient, gateway: Gateway) -> None:
    async with asyncio.timeout(10):
        gateway.pieces.put_nowait(b"one")
        async with door.stream("GET", "/bells") as answer:
            assert await anext(answer.aiter_raw()) == b"one"
        while (await gateway.told.get())["type"] != "http.disconnect":
            pass


async def test_a_gateway_that_is_not_there_is_told_as_unavailable() -> None:
    with bound(0) as listener:
        nobody = address_of(listener)
    between = Passage("c.berth.port", nobody, secret=SECRET, realm="test")
    async with served(between) as address, httpx.AsyncClient() as client:
        answer = await client.post(f"http://{address}/ring", json={})
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.json()["code"] == "UNAVAILABLE"
    assert answer.headers["retry-after"] == "1"
    await between.close()


@pytest.mark.parametrize(("method", "status"), [("GET", 503), ("POST", 504)])
async def test_a_gateway_that_dies_before_it_answers_leaves_the_outcome_unknown(method: str, status: int) -> None:
    async def dying(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(dying, "127.0.0.1", 0) as behind:
        port = behind.sockets[0].getsockname()[1]
        between = Passage("c.berth.port", f"127.0.0.1:{port}", secret=SECRET, realm="test")
        async with served(between) as address, httpx.AsyncClient() as client:
            assert (await client.request(method, f"http://{address}/ring")).status_code == status
        await between.close()


async def test_half_an_answer_is_seen_as_half(door: httpx.AsyncClient) -> None:
    async def dying(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(dying, "127.0.0.1", 0) as behind:
        port = behind.sockets[0].getsockname()[1]
        between = Passage("c.berth.port", f"127.0.0.1:{port}", secret=SECRET, realm="test")
        async with served(between) as address, httpx.AsyncClient() as client:
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get(f"http://{address}/ring")
        await between.close()


async def test_what_cannot_be_passed_on_is_a_bad_request(door: httpx.AsyncClient) -> None:
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(door.base_url.host, door.base_url.port)
        writer.write(b"GET /ring?\xff HTTP/1.1\r\nHost: here\r\n\r\n")
        assert b" 400 " in await reader.readline()
    writer.close()
