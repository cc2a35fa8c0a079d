"""Passes a door's requests on to the process of its gateway, and what that answers back, piece by piece as it comes.

Nothing is read or kept on the way: no body is decompressed, no redirect followed, no cookie remembered.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx
import structlog
from starlette.types import Receive, Scope, Send

from blossm.core.errors import BadRequest, BlossmError, DeadlineExceeded, Unavailable
from blossm.procedures.doors.problem import problem_response
from blossm.serve.forwarding import HEADER, forwarded

log = structlog.get_logger("blossm.local")

Headers = list[tuple[bytes, bytes]]

# Of one connection, not of the message (RFC 9110, 7.6.1). `expect` and `date` are each server's own.
HOP_BY_HOP = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"expect", b"date")
)
TIMEOUT = {"connect": 5.0, "read": None, "write": None, "pool": None}  # seconds; how long an answer may take is the gateway's
IDLE = 2.0  # seconds after which a connection is closed: sooner than the gateway does it, which would lose a request


class ClientGone(Exception):
    """The client of a request is not there any more."""


class Passage:
    """The ASGI application that stands in for a gateway in another process. `close` it in the end."""

    def __init__(self, gateway: str, address: str, *, secret: str, realm: str) -> None:
        """`address`: host:port of the gateway's process; it trusts our word on who asks by the `secret`."""
        self._gateway = gateway
        self._origin = httpx.URL(f"http://{address}")
        self._secret = secret
        self._realm = realm
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=IDLE)
        self._transport = httpx.AsyncHTTPTransport(limits=limits, trust_env=False, verify=False)  # it is this machine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        incoming = Incoming(scope, receive)
        passing = asyncio.ensure_future(self._pass_on(scope, incoming, send))
        leaving = asyncio.ensure_future(incoming.gone())
        try:
            await asyncio.wait((passing, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            passing.cancel()  # which closes the connection to the gateway; nothing, if all is said
            await asyncio.wait((passing, leaving))
        if not passing.cancelled():
            passing.result()

    async def _pass_on(self, scope: Scope, incoming: Incoming, send: Send) -> None:
        try:
            response = await self._answer(self._request(scope, incoming))
        except ClientGone:
            return None
        except BlossmError as error:
            return await problem_response(error, tx="", realm=self._realm)(scope, incoming.receive, send)
        try:
            headers = passed_on(response.headers.raw)
            await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
            assert isinstance(response.stream, httpx.AsyncByteStream)
            async for chunk in response.stream:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except httpx.TransportError as error:  # the server closes the connection too, so that half an answer is seen as that
            log.warning("a gateway broke off in its answer", gateway=self._gateway, error=repr(error))
        finally:
            await response.aclose()

    def _request(self, scope: Scope, incoming: Incoming) -> httpx.Request:
        path = quote(scope["path"]).encode()  # as applications see it: decoded once
        target = path + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        client, root_path = (scope.get("client") or ("",))[0], scope.get("root_path", "")
        word = forwarded(self._secret, client=client, root_path=root_path)
        return httpx.Request(
            scope["method"],
            self._origin,
            headers=[*passed_on(scope["headers"]), (HEADER.encode(), word.encode())],
            content=incoming.body() if incoming.has_body else None,
            extensions={"timeout": TIMEOUT, "target": target},  # not as the URL, which would resolve dots
        )

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._transport.handle_async_request(request)
        except (httpx.LocalProtocolError, httpx.InvalidURL) as error:  # what this server reads and the next one would not
            raise BadRequest(f"the request can't be read: {error}") from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Unavailable(f"the process of {self._gateway} is not there") from error
        except httpx.TransportError as error:
            if request.method in ("GET", "HEAD", "OPTIONS"):
                raise Unavailable(f"the process of {self._gateway} went away") from error
            raise DeadlineExceeded(f"the process of {self._gateway} went away, and the outcome is unknown") from error

    async def close(self) -> None:
        await self._transport.aclose()


class Incoming:
    """What the client sends: its body once, and then that it is gone."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.receive = receive
        self.has_body = any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
        self._read = asyncio.Event()
        if not self.has_body:
            self._read.set()

    async def body(self) -> AsyncIterator[bytes]:
        """The body, chunk by chunk. Raises ClientGone."""
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            more = message.get("more_body", False)
            if chunk := message.get("body", b""):
                yield chunk
        self._read.set()

    async def gone(self) -> None:
        """Return when the client has left, and not before its body was read."""
        await self._read.wait()
        while (await self.receive())["type"] != "http.disconnect":
            pass


def passed_on(headers: Headers) -> Headers:
    """The headers that are of the message, and not of the connection it came over."""
    named = {
        word.strip().lower() for name, value in headers if name.lower() == b"connection" for word in value.split(b",")
    }
    left_out = HOP_BY_HOP | named
    return [(name.lower(), value.strip(b" \t")) for name, value in headers if name.lower() not in left_out]

