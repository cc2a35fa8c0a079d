"""One request at a door, as far as it can be read without knowing what it asks for."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Sequence
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from blossm.core.errors import BadRequest, FieldProblem, PayloadTooLarge
from blossm.core.idempotency import new_id
from blossm.procedures.doors.problem import RequestTimeout

MAX_BODY = 1024 * 1024
MAX_QUERY_FIELDS = 500
BODY_TIME = 15.0  # seconds in which a client must have sent its body
_TRACEPARENT = re.compile(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


class Visit:
    """A request: its path in parts, its headers, and its place in a trace."""

    __slots__ = ("_receive", "answering", "client", "headers", "method", "name", "query", "rest", "scope", "trace", "tx")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self._receive = receive
        self.method: str = scope["method"]
        path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        # `/<name>` or `/<name>/<rest>`; the rest may hold slashes, and is None where there is none.
        name, slash, rest = path.removeprefix("/").partition("/")
        self.name = name
        self.rest = rest if slash else None
        self.query: bytes = scope["query_string"]
        self.headers: dict[bytes, list[bytes]] = {}
        for key, value in scope["headers"]:
            self.headers.setdefault(key, []).append(value)
        self.client: str = (scope.get("client") or ("",))[0]
        self.tx = new_id()
        self.trace = self._traceparent()
        # Headers of the answer, whatever it will be.
        self.answering = [(b"traceparent", self.trace.encode())]

    def header(self, name: bytes) -> str:
        """A header's one value, empty where there is none. Raises BadRequest when it is there more than once."""
        match self.headers.get(name):
            case None:
                return ""
            case [value]:
                return value.decode("latin-1").strip()
            case _:
                problem = FieldProblem(name.decode(), "is there more than once")
                raise BadRequest("a header is there more than once", fields=[problem])

    def accepts(self, media_type: str) -> bool:
        """Whether the client asks for this media type by name."""
        return any(media_type in value.decode("latin-1") for value in self.headers.get(b"accept", ()))

    @property
    def origin(self) -> str:
        return (self.headers.get(b"origin") or [b""])[-1].decode("latin-1")

    def pairs(self) -> Sequence[tuple[str, str]]:
        """The query's names and values, decoded. Raises BadRequest."""
        if not self.query:
            return ()
        if self.query.count(b"&") >= MAX_QUERY_FIELDS:
            raise _unreadable(f"has over {MAX_QUERY_FIELDS} fields")
        try:
            return parse_qsl(self.query.decode("ascii"), keep_blank_values=True, errors="strict")
        except ValueError as error:  # not ASCII, or not UTF-8 behind the percent signs
            raise _unreadable("is not URL-encoded UTF-8") from error

    async def body(self) -> bytes:
        """The whole body. Raises PayloadTooLarge as soon as it is seen to be, RequestTimeout, ClientDisconnect."""
        length = self.header(b"content-length")
        if length.isdecimal() and int(length[:20]) > MAX_BODY:
            raise _too_large()
        try:
            async with asyncio.timeout(BODY_TIME):
                return await self._received()
        except TimeoutError as error:
            raise RequestTimeout("the body did not come in time") from error

    async def _received(self) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > MAX_BODY:
                raise _too_large()
            chunks.append(chunk)
            if not message.get("more_body", False):
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _traceparent(self) -> str:
        """This request's own span (W3C trace context), in the client's trace where it named one."""
        found = _TRACEPARENT.fullmatch((self.headers.get(b"traceparent") or [b""])[0])
        span = os.urandom(8).hex()
        if found and found[1] != b"0" * 32 and found[2] != b"0" * 16:
            return f"00-{found[1].decode()}-{span}-{found[3].decode()}"
        return f"00-{self.tx}-{span}-01"


def _unreadable(problem: str) -> BadRequest:
    return BadRequest("the query can't be read", fields=[FieldProblem("query", problem)])


def _too_large() -> PayloadTooLarge:
    return PayloadTooLarge("the body is too large", facts={"limit": MAX_BODY})
