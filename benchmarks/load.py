"""A load generator: POSTs JSON over a number of kept connections, each with one request under way, and times the answers.

A process of its own, so that it takes nothing from the server it measures but the machine's other core.

    python benchmarks/load.py PORT PATH CONNECTIONS < bodies

`bodies`: one request body a line; each is sent once. Prints one JSON document. Any status but 200 ends it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from typing import cast

import httptools
import uvloop

HOST = "127.0.0.1"
LONGEST = 100  # seconds


class Client(asyncio.Protocol):
    """One connection: the next request goes out when the last one is answered."""

    def __init__(self, requests: Iterator[bytes], times: list[float]) -> None:
        self.requests = requests
        self.times = times
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one, but says so to nobody
        self.send()

    def send(self) -> None:
        request = next(self.requests, None)
        if request is None:
            self.transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        self.body = b""
        self.answer = httptools.HttpResponseParser(self)
        self.began = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.answer.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.times.append(time.perf_counter() - self.began)
        status = self.answer.get_status_code()
        if status != 200:
            self.done.set_exception(RuntimeError(f"{status}: {self.body.decode()}"))
            self.transport.close()
        else:
            # Not from inside the parser that is being fed.
            asyncio.get_running_loop().call_soon(self.send)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed the connection"))


def request(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nhost: {HOST}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def load(port: int, path: str, connections: int, bodies: list[bytes]) -> dict[str, float]:
    requests = iter([request(path, body) for body in bodies])
    times: list[float] = []
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    async with asyncio.timeout(LONGEST):
        pairs = [await loop.create_connection(lambda: Client(requests, times), HOST, port) for _ in range(connections)]
        await asyncio.gather(*(client.done for _, client in pairs))
    seconds = time.perf_counter() - began
    times.sort()
    return {
        "requests": len(times),
        "per_second": len(times) / seconds,
        "p50_ms": times[len(times) // 2] * 1000,
        "p99_ms": times[len(times) * 99 // 100] * 1000,
    }


if __name__ == "__main__":
    port, path, connections = sys.argv[1:]
    print(json.dumps(uvloop.run(load(int(port), path, int(connections), sys.stdin.buffer.read().splitlines()))))
