"""The calls that bench_wire.py measures: the same through any `ports.Clients`, and the bare echo beside them."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import grpc

from blossm.core.commit import Commit, NewEvent
from blossm.core.event import Tx
from blossm.core.idempotency import new_id
from blossm.core.request import Request
from blossm.core.time import rfc3339
from blossm.ports import Clients

SERVICE, DOMAIN, COMMAND = "desk", "note", "desk.note.add"
TEXT = "x" * 189  # {"text": …} of 200 bytes
EVENTS = 10
LONGEST = 60.0  # seconds

Call = Callable[[Any], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Flight:
    """What a number of calls took, with so many under way at any time.

    `elsewhere_us`: processor time of a call, where another process than this one made it.
    """

    per_second: float
    p50_ms: float
    p99_ms: float
    elsewhere_us: float = 0.0

    def figures(self) -> dict[str, float]:
        return {"per_second": self.per_second, "p50_ms": self.p50_ms, "p99_ms": self.p99_ms}


async def flown(call: Call, each: list[Any], *, in_flight: int) -> Flight:
    """Make one call for each of `each`, `in_flight` at a time, the next one when one is answered."""
    waiting = iter(each)
    times: list[float] = []
    began = time.perf_counter()
    async with asyncio.timeout(LONGEST), asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(_caller(call, waiting, times))
    return flight_of(times, time.perf_counter() - began)


def flight_of(times: list[float], seconds: float) -> Flight:
    """`times`: of each call; `seconds`: from the first to the last."""
    times.sort()
    return Flight(len(times) / seconds, times[len(times) // 2] * 1000, times[len(times) * 99 // 100] * 1000)


async def _caller(call: Call, waiting: Iterator[Any], times: list[float]) -> None:
    for argument in waiting:
        began = time.perf_counter()
        await call(argument)
        times.append(time.perf_counter() - began)


def commit(root: str, *, events: int = 1) -> Commit:
    """Some events of 200 bytes each."""
    id = new_id()
    event = NewEvent(DOMAIN, root, "noted", 1, {"text": TEXT})
    return Commit(id=id, key=id, events=(event,) * events, tx=Tx(id), created=rfc3339(datetime.now(UTC)))


class Ours:
    """The measured calls over some clients: in process, or over gRPC."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._log = clients.event_stores(SERVICE)

    async def append(self, root: str) -> None:
        appended = await self._log.append(commit(root))
        assert not appended.repeated

    async def aggregate(self, root: str) -> None:
        reading = await self._log.aggregate(DOMAIN, root)
        assert reading.value.number == EVENTS

    async def command(self, root: str) -> None:
        answer = await self._clients.command(COMMAND).call(_request(root))
        assert len(answer.events) == 1

    async def prepared(self, count: int) -> list[str]:
        """New roots of 10 events each, logged in a commit each."""
        roots = [str(uuid.uuid4()) for _ in range(count)]
        await flown(lambda root: self._log.append(commit(root, events=EVENTS)), roots, in_flight=64)
        return roots


def _request(root: str) -> Request:
    return Request(
        address=COMMAND,
        payload={"text": TEXT},
        root=root,
        key=new_id(),
        fresh=True,
        tx=Tx(new_id()),
        deadline=time.monotonic() + 30.0,
    )


class Echo:
    """The bare server of wire_echo.py, asked with the bytes of an append."""

    def __init__(self, port: int, message: Any) -> None:
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        kind = type(message)
        self._bytes: Any = self._channel.unary_unary("/bench.Echo/Bytes")
        self._message: Any = self._channel.unary_unary(
            "/bench.Echo/Message", request_serializer=kind.SerializeToString, response_deserializer=kind.FromString
        )

    async def bytes(self, sent: bytes) -> None:
        await self._bytes(sent, timeout=30)

    async def message(self, sent: Any) -> None:
        await self._message(sent, timeout=30)

    async def close(self) -> None:
        await self._channel.close()
