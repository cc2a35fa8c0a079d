"""Serving an application by HTTP for a while: a whole network's doors, or what one process has to say."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import ASGIApp

from blossm.serve.config import Listen
from blossm.serve.http import Server, address_of, bound


@asynccontextmanager
async def serving(server: Server, listener: socket.socket) -> AsyncIterator[asyncio.Task[None]]:
    """Serve meanwhile; gives the task that serves, once it listens. On the way out requests finish first.

    Raises Unavailable when it does not come to listen.
    """
    ended = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await server.listens(ended)
        yield ended
    finally:
        server.stop()
        await ended
        await server.drop()


class Serving:
    """An application that answers at `address`, host:port, until `stop`."""

    def __init__(self, server: Server, ended: asyncio.Task[None], address: str) -> None:
        self._server = server
        self._ended = ended
        self.address = address

    @classmethod
    async def start(cls, app: ASGIApp, listen: Listen, *, realm: str) -> Serving:
        """Raises PortTaken, and Unavailable when it does not come to listen."""
        listener = bound(listen.port, host=listen.host, shared=listen.shared)
        address = address_of(listener)
        server = Server(app, realm=realm)
        ended = asyncio.create_task(server.serve(sockets=[listener]))
        await server.listens(ended)
        return cls(server, ended, address)

    async def stop(self, *, grace: float) -> None:
        """Take no more requests, and drop those that are under way after `grace` seconds."""
        self._server.stop()
        try:
            async with asyncio.timeout(grace):
                await asyncio.shield(self._ended)
        except TimeoutError:
            self._server.stop()
            await asyncio.shield(self._ended)  # who is cancelled here may call again
        await self._server.drop()
