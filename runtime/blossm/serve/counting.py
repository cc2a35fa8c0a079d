"""How many requests an HTTP server had, and how many of them broke for no fault of who asked."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from blossm.serve.forwarding import HEALTH


class Counting:
    """An ASGI application that counts. Probes of its health are no requests."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.requests = 0
        self.errors = 0  # answered with a status of 500 or more

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == HEALTH:
            return await self._app(scope, receive, send)
        self.requests += 1

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 500:
                self.errors += 1
            await send(message)

        return await self._app(scope, receive, watched)
