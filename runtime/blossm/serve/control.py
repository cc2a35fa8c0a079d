"""What a process and who started it tell each other: one JSON document a line, over a socket of their own.

    parent → process   the ProcessConfig, first of all
                       {"type": "status?"}
                       {"type": "stop"}       drain, and end with 0; a second one drops what is under way
    process → parent   {"type": "ready", "address": "127.0.0.1:41234"}
                       {"type": "failed", "text": "error: …", "code": 1}      instead of ready, then it ends with this code
                       {"type": "status", "started": …, "requests": …, "errors": …, "projection": …}

The end of the stream means that the other side is gone: a process whose parent is gone drains and ends.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")
MAX_LINE = 64 * 1024 * 1024  # a configuration carries a whole network


class AskStatus(msgspec.Struct, frozen=True, tag="status?"):
    """How are you? Answered by `Status`."""


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """Let what is under way finish, and end; a second time: drop it."""


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The procedure answers at `address` (host:port)."""

    address: str


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The procedure can't be served. `text` is for people, as `blossm dev` would say it; `code`: the exit code that follows."""

    text: str
    code: int


class Status(msgspec.Struct, frozen=True, tag="status"):
    """How a process is: since when (RFC 3339), how many requests and errors it had, and where its projection is."""

    started: str
    requests: int
    errors: int
    projection: dict[str, Any] | None = None


FromParent = AskStatus | Stop
FromProcess = Ready | Failed | Status


class Control(Generic[T]):
    """One end of the control socket; `messages` gives what the other end sends, until it is gone."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, type: Any) -> None:
        """`type`: the union of what the other end may send."""
        self._reader = reader
        self._writer = writer
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(type)

    @classmethod
    async def over(cls, sock: socket.socket, *, type: Any) -> Control[T]:
        """The end that `sock` is."""
        reader, writer = await asyncio.open_unix_connection(sock=sock, limit=MAX_LINE)
        return cls(reader, writer, type=type)

    def send(self, message: FromParent | FromProcess) -> None:
        """Send a message; nothing happens when the other end is gone."""
        self.send_line(msgspec.json.encode(message))

    def send_line(self, line: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(line + b"\n")

    async def line(self) -> bytes:
        """The next line; empty at the end."""
        try:
            return await self._reader.readline()
        except ConnectionError:
            return b""

    async def messages(self) -> AsyncIterator[T]:
        """What comes, until the other end is gone."""
        while line := await self.line():
            yield self._decoder.decode(line)

    def hang_up(self) -> None:
        """Send what is written, and no more: the other end sees that this one is gone."""
        self._writer.close()

    async def close(self) -> None:
        """Hang up, and wait until it is done."""
        self.hang_up()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return
