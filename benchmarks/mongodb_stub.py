"""Speaks as much of MongoDB's wire protocol as a log needs, and keeps nothing: what is left is the client's own work.

    python benchmarks/mongodb_stub.py        prints `ready http://127.0.0.1:PORT`

It says it is the primary of a replica set, so that the driver sends sessions and times as it does in earnest. An insert is
acknowledged, unread. A `find` for nothing but an `_id` over a number gets commits that follow it; any other finds nothing.
"""

from __future__ import annotations

import asyncio
import signal
import struct
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

import bson
import uvloop
from bson.timestamp import Timestamp
from wire_calls import SERVICE, commit

from blossm.adapters.mongodb.log_documents import document
from blossm.core.commit import LoggedCommit

HEAD = struct.Struct("<iiii")  # length, id, the id that is answered, kind
QUERY, REPLY, MESSAGE = 2004, 1, 2013
PAGE = 500  # commits that are ready to be found
SET = "bench"

Document = dict[str, Any]


def page() -> list[Document]:
    """Commits of one event each, as the log keeps them."""
    made = [commit(str(uuid.uuid4())) for _ in range(PAGE)]
    placed = [LoggedCommit(position=1, committed=new.created, numbers=(1,), commit=new) for new in made]
    return [document(logged, service=SERVICE) for logged in placed]


class Primary:
    """What the server answers."""

    def __init__(self, port: int) -> None:
        here = f"127.0.0.1:{port}"
        self._hello: Document = {
            "helloOk": True,
            "isWritablePrimary": True,
            "ismaster": True,
            "setName": SET,
            "setVersion": 1,
            "hosts": [here],
            "me": here,
            "primary": here,
            "maxBsonObjectSize": 16 * 1024 * 1024,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
            "localTime": datetime.now(UTC),
            "logicalSessionTimeoutMinutes": 30,
            "minWireVersion": 0,
            "maxWireVersion": 21,
        }
        now = Timestamp(1_700_000_000, 1)
        signature = {"hash": bytes(20), "keyId": bson.Int64(0)}
        self._times: Document = {"operationTime": now, "$clusterTime": {"clusterTime": now, "signature": signature}}
        self._page = page()

    def answer(self, asked: Mapping[str, Any], sequence: int) -> Document:
        """`sequence`: how many documents came beside what was asked."""
        said: Document = {}
        match next(iter(asked)).lower():
            case "hello" | "ismaster":
                said = self._hello
            case "insert":
                said = {"n": sequence or len(asked["documents"])}
            case "find":
                found = self._found(asked["filter"], asked.get("limit", 0))
                said = {"cursor": {"id": bson.Int64(0), "ns": f"{asked['$db']}.log", "firstBatch": found}}
        return {**said, "ok": 1.0, **self._times}

    def _found(self, where: Mapping[str, Any], limit: int) -> list[Document]:
        match where:
            case {"_id": {"$gt": after}} if len(where) == 1:
                return self._following(after, limit)
        return []

    def _following(self, after: int, limit: int) -> list[Document]:
        return [{**each, "_id": bson.Int64(after + at)} for at, each in enumerate(self._page[:limit], start=1)]


class Connection(asyncio.Protocol):
    def __init__(self, answer: Callable[[Mapping[str, Any], int], Document]) -> None:
        self._answer = answer
        self._got = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._got += data
        while len(self._got) >= HEAD.size and len(self._got) >= (length := HEAD.unpack_from(self._got)[0]):
            message = bytes(self._got[:length])
            del self._got[:length]
            self._answered(message)

    def _answered(self, message: bytes) -> None:
        _, id, _, kind = HEAD.unpack_from(message)
        if kind == QUERY:  # the first greeting, in the old way
            body = message[message.index(b"\0", HEAD.size + 4) + 9 :]
            head, kind = struct.pack("<iqii", 8, 0, 0, 1), REPLY
            said = self._answer(bson.decode(body), 0)
        else:
            head, kind = struct.pack("<IB", 0, 0), MESSAGE
            said = self._answer(*_read(message))
        body = bson.encode(said)
        self._transport.write(HEAD.pack(HEAD.size + len(head) + len(body), 1, id, kind) + head + body)


def _read(message: bytes) -> tuple[Document, int]:
    """What is asked, and how many documents come beside it."""
    asked: Document = {}
    beside, at = 0, HEAD.size + 4
    while at < len(message):
        kind, at = message[at], at + 1
        (length,) = struct.unpack_from("<i", message, at)
        if kind == 0:
            asked = bson.decode(message[at : at + length])
        else:
            one = message.index(b"\0", at + 4) + 1
            while one < at + length:
                one += struct.unpack_from("<i", message, one)[0]
                beside += 1
        at += length
    return asked, beside


async def main() -> None:
    loop = asyncio.get_running_loop()
    primary: list[Primary] = []
    server = await loop.create_server(lambda: Connection(primary[0].answer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    primary.append(Primary(port))
    print(f"ready http://127.0.0.1:{port}", flush=True)
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    await asked.wait()
    server.close()


if __name__ == "__main__":
    uvloop.run(main())
