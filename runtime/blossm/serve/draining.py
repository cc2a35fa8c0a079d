"""What a server says when it stops: requests finish, what would stream for ever ends."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from blossm.core.errors import DeadlineExceeded
from blossm.model.network import Network
from blossm.procedures.doors.problem import problem_response


def grace(network: Network) -> float:
    """How long requests under way may take to finish: as long as any procedure may, which is waited for by its callers."""
    return max((spec.shape.timeout for spec in network.procedures()), default=60.0)


class Draining:
    """An ASGI application whose endless answers can be ended: `drain` does that."""

    def __init__(self, app: ASGIApp, *, realm: str) -> None:
        self._app = app
        self._realm = realm
        self._endless: set[asyncio.Task[None]] = set()
        self._draining = False

    def drain(self) -> None:
        """End the streams that have no end of their own; whatever else is under way may finish."""
        self._draining = True
        for task in self._endless:
            task.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        assert task is not None
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                if _is_endless(message):
                    self._end_with_us(task)
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except asyncio.CancelledError:
            if not self._draining:
                raise
            task.uncancel()
            if started:  # a stream that `drain` ends, or an answer that the server drops half-way
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            else:  # the server has waited long enough, see `Server.drop`
                refusal = problem_response(DeadlineExceeded("the network was stopped"), tx="", realm=self._realm)
                await refusal(scope, receive, send)
        finally:
            self._endless.discard(task)

    def _end_with_us(self, task: asyncio.Task[None]) -> None:
        self._endless.add(task)
        if self._draining:
            task.cancel()


def _is_endless(message: Message) -> bool:
    headers = dict(message.get("headers", ()))
    return headers.get(b"content-type", b"").startswith(b"text/event-stream") or b"blossm-follows" in headers
