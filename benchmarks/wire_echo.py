"""A bare grpc.aio server that answers what it is sent: the floor of everything that asks over gRPC in Python.

`Bytes` hands the bytes back, `Message` reads them as an append's message and writes them again. Prints `ready URL`.
"""

from __future__ import annotations

import asyncio
import gc
import signal
from typing import Any, cast

import grpc
import uvloop
from google.protobuf.message import Message

from blossm.rpc.v1 import event_store_pb2

SERVICE = "bench.Echo"
MESSAGE = cast(type[Message], event_store_pb2.AppendRequest)


async def echo(request: Any, context: object) -> Any:
    return request


async def main() -> None:
    server = grpc.aio.server()
    handlers = {
        "Bytes": grpc.unary_unary_rpc_method_handler(echo),
        "Message": grpc.unary_unary_rpc_method_handler(
            echo, request_deserializer=MESSAGE.FromString, response_serializer=MESSAGE.SerializeToString
        ),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    seldom_collected()
    print(f"ready http://127.0.0.1:{port}", flush=True)
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    await asked.wait()
    await server.stop(grace=None)


def seldom_collected() -> None:
    """As our servers do it: what stands is no garbage, and Python's thresholds are made for scripts."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


if __name__ == "__main__":
    uvloop.run(main())
