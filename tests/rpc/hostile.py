"""A real network in memory behind gRPC, and raw calls to it: whatever bytes, under whatever key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from tests.local.harbour import harbour
from tests.transports import OverGrpc

from blossm.adapters.memory.clock import FakeClock
from blossm.core.errors import BlossmError
from blossm.local.network import LocalNetwork
from blossm.local.storage import MemoryStorage
from blossm.model.network import Network
from blossm.procedures.standing import Procedures
from blossm.rpc.calling.line import open_channel
from blossm.rpc.status import told
from blossm.rpc.v1 import command_pb2, event_store_pb2, fact_pb2, view_store_pb2

FILES = (event_store_pb2, command_pb2, fact_pb2, view_store_pb2)
METHODS: dict[str, MethodDescriptor] = {
    f"/{service.full_name}/{method.name}": method
    for file in FILES
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}
WAIT = 0.05  # seconds for what may never come: a followed stream of a log that stands still
PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a call. `error`: what the callee said of it, with its facts."""

    code: grpc.StatusCode
    error: BlossmError | None = None
    answers: list[Message] = field(default_factory=list)


class Harbour:
    """The network of the end-to-end tests, served, and a channel to it."""

    def __init__(self, local: LocalNetwork, transport: OverGrpc, *, clock: FakeClock) -> None:
        self.local = local
        self.clock = clock
        self.transport = transport
        self.channel: Any = open_channel(transport.address)

    async def call(
        self, method: str, request: bytes | Message, *, key: str | None = None, wait: float | None = None, **options: Any
    ) -> Told:
        """One raw call, under the operator's key unless another one is given.

        A stream that has not ended after `wait` seconds is left; by itself only one that may never end is left soon.
        """
        data = request if isinstance(request, bytes) else request.SerializeToString()
        key = self.transport.operator_key if key is None else key
        options = {"metadata": [("authorization", f"Bearer {key}")], "timeout": PATIENCE, **options}
        answer = GetMessageClass(METHODS[method].output_type)
        answers: list[Message] = []
        most = 1 if method.endswith("/Watch") else 10
        try:
            if not METHODS[method].server_streaming:
                found = await self.channel.unary_unary(method)(data, **options)
                return Told(grpc.StatusCode.OK, answers=[answer.FromString(found)])
            call = self.channel.unary_stream(method)(data, **options)
            try:
                async with asyncio.timeout(wait or (WAIT if _endless(method, data) else PATIENCE)):
                    while len(answers) < most and isinstance(found := await call.read(), bytes):
                        answers.append(answer.FromString(found))
            except TimeoutError:
                pass
            finally:
                call.cancel()
            return Told(grpc.StatusCode.OK, answers=answers)
        except grpc.aio.AioRpcError as error:
            return Told(error.code(), told(error), answers)

    async def heads(self) -> Mapping[str, int]:
        """How long each log is, by itself and not over the wire."""
        return {service: await log.head() for service, log in self.local.procedures.event_stores.items()}

    async def unharmed(self) -> None:
        """A good call of each service works."""
        from tests.rpc.hostile_requests import GOOD

        for method, request in GOOD.items():
            answered = await self.call(method, request)
            assert answered.code is grpc.StatusCode.OK, (method, answered)

    @property
    def in_flight(self) -> int:
        assert self.transport.server
        return sum(counts.in_flight for counts in self.transport.server.counts.values())


def _endless(method: str, data: bytes) -> bool:
    """Whether the answers to this request may be long in coming, and without an end. (A watch tells the head at once.)"""
    try:
        return bool(getattr(GetMessageClass(METHODS[method].input_type).FromString(data), "follow", False))
    except DecodeError:
        return False


@asynccontextmanager
async def served_harbour(network: Network | None = None) -> AsyncIterator[Harbour]:
    network, clock = network or harbour(), FakeClock()
    async with await LocalNetwork.open(network, storage=MemoryStorage(network), clock=clock) as local:
        transport = OverGrpc(network, clock=clock)
        here = local.procedures
        await transport.serve(Procedures(here.event_stores, here.commands, here.facts, here.view_stores))
        served = Harbour(local, transport, clock=clock)
        yield served
        await served.channel.close()
        await transport.close()
