"""One open connection to a door, message by message: for what goes on, and for clients that go away."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Message


class Connection:
    """`more`: the request's body is not all there yet."""

    def __init__(
        self, app: ASGIApp, method: str, path: str, *, headers: Mapping[str, str] | None = None, more: bool = False
    ) -> None:
        self._scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "https",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
            "client": ("198.51.100.7", 4711),
            "server": ("door", 443),
        }
        self._in: asyncio.Queue[Message] = asyncio.Queue()
        self._out: asyncio.Queue[Message] = asyncio.Queue()
        self._task = asyncio.ensure_future(app(self._scope, self._in.get, self._out.put))
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        if not more:
            self.sends(b"")

    def sends(self, body: bytes, *, more: bool = False) -> None:
        self._in.put_nowait({"type": "http.request", "body": body, "more_body": more})

    def leave(self) -> None:
        self._in.put_nowait({"type": "http.disconnect"})

    async def chunk(self) -> bytes:
        """The next piece of the answer's body; empty at its end."""
        async with asyncio.timeout(5):
            message = await self._out.get()
            if message["type"] == "http.response.start":
                self.status, self.headers = message["status"], dict(message["headers"])
                message = await self._out.get()
        body: bytes = message.get("body", b"")
        return body

    @property
    def quiet(self) -> bool:
        return self._out.empty()

    async def over(self) -> None:
        await self._task
