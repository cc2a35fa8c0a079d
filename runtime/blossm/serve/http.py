"""HTTP/1.1 on one port of this machine, and only of this machine: uvicorn with httptools, with a bound on headers."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from blossm.core.errors import BlossmError, Unavailable
from blossm.serve.draining import Draining

HOST = "127.0.0.1"
MAX_HEAD = 16 * 1024
_TOO_LARGE = (
    b'{"type":"about:blank","title":"Request Header Fields Too Large","status":431,"code":"PAYLOAD_TOO_LARGE",'
    b'"detail":"the request line and headers are over 16 KiB"}'
)


class PortTaken(BlossmError):
    """Another process listens on the port."""

    def __init__(self, port: int, reason: str) -> None:
        super().__init__(
            f"port {port} is not free ({reason})",
            help="stop what listens there, or take another with --port; 0 finds one",
        )


class Bounded(HttpToolsProtocol):
    """HTTP whose request line and headers may have 16 KiB together, and may take 10 seconds.

    More is answered 431, and read no further; a connection that takes longer is closed.

    Two counts, since neither sees all: the parser tells of a header when it is complete, so one that never ends has to
    be counted as it arrives; but what arrives at once may hold several requests, so complete ones are counted by header.
    """

    head_time = 10.0
    patience: asyncio.TimerHandle | None = None
    in_head = False
    told = 0  # bytes of the request line and the complete headers
    arrived = 0  # bytes of all chunks after the one that the head began in
    chunk = 0  # bytes of the chunk that the parser has now

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self.chunk = len(data)
        super().data_received(data)
        self.arrived += self.chunk
        if self.in_head and max(self.told, self.arrived) > MAX_HEAD and not self.transport.is_closing():
            self._refuse()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.in_head = True
        self.told, self.arrived = 0, -self.chunk
        self._wait_for_head()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self.told += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.in_head:
            return  # trailers: nobody reads them, and they have no bound
        super().on_header(name, value)
        self.told += len(name) + len(value) + 4

    def on_headers_complete(self) -> None:
        self.in_head = False
        self._stop_waiting()
        if self.told > MAX_HEAD:
            self.app = _too_large
        super().on_headers_complete()

    def _wait_for_head(self) -> None:
        if self.patience is None:
            self.patience = self.loop.call_later(self.head_time, self.transport.close)

    def _stop_waiting(self) -> None:
        if self.patience is not None:
            self.patience.cancel()
            self.patience = None

    def _refuse(self) -> None:
        length = str(len(_TOO_LARGE)).encode()
        self.transport.write(
            b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/problem+json\r\n"
            b"connection: close\r\ncontent-length: " + length + b"\r\n\r\n" + _TOO_LARGE
        )
        self.transport.close()


async def _too_large(scope: object, receive: object, send: object) -> None:
    headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
    headers.append((b"content-length", str(len(_TOO_LARGE)).encode()))
    assert callable(send)
    await send({"type": "http.response.start", "status": 431, "headers": headers})
    await send({"type": "http.response.body", "body": _TOO_LARGE})


def bound(port: int, *, host: str = HOST, shared: bool = False) -> socket.socket:
    """A listening socket on this port, or on a free one for 0; `shared`: another socket may hold it too. Raises PortTaken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise PortTaken(port, error.strerror or "in use") from error
        raise
    return listener


def address_of(listener: socket.socket) -> str:
    """Where it listens: `host:port`."""
    host, port = listener.getsockname()[:2]
    return f"{host}:{port}"


def url_of(listener: socket.socket) -> str:
    return f"http://{address_of(listener)}"


class Server(uvicorn.Server):
    """Serves until it is told to stop, then lets the requests under way finish."""

    def __init__(self, app: ASGIApp, *, grace: float | None = None, realm: str) -> None:
        """`grace`: seconds that they may take; None: until it is told to stop once more.

        `realm`: by which name a request that is dropped in the end is told so.
        """
        self._app = Draining(app, realm=realm)
        super().__init__(
            uvicorn.Config(
                self._app,
                http=Bounded,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # anybody could send those; who passes requests on has a header of ours, see `forwarding`
                timeout_graceful_shutdown=None if grace is None else int(grace) + 1,
            )
        )
        self.listening = asyncio.Event()

    async def listens(self, ended: asyncio.Task[None]) -> None:
        """Wait until it does; `ended` is the task that serves. Raises Unavailable when that ends before."""
        listening = asyncio.create_task(self.listening.wait())
        await asyncio.wait((listening, ended), return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        if ended.done():
            raise Unavailable("the HTTP server did not start") from ended.exception()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the command line's."""
        yield

    def stop(self) -> None:
        """Begin to drain: streams without an end are ended. A second time: drop what is under way."""
        self.force_exit = self.should_exit
        self.should_exit = True
        self._app.drain()

    async def drop(self) -> None:
        """Cancel what a drain has not waited for, and wait until it is gone."""
        left = list(self.server_state.tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
