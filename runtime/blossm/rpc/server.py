"""A server of procedures: any of them, by gRPC, on one address.

Health is open to everybody: who starts and balances processes has no key. So is reflection: it shows the schemas of the
network, which are no secret to who can reach its processes, and no data.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha import reflection_pb2

from blossm.core.errors import Unavailable
from blossm.model.network import Network
from blossm.ports import Clock
from blossm.procedures.callers import Callers
from blossm.procedures.standing import Procedures
from blossm.rpc import health, reflection
from blossm.rpc.answering import Answering, Counts
from blossm.rpc.bounds import SERVER
from blossm.rpc.hosted import services
from blossm.rpc.keys import Identify
from blossm.rpc.types import Types

LAST_WORDS = 1.0  # seconds to send what has been answered


class Server:
    """Serves what is hosted, from `start` until `stop`. Who calls is told by `identify`."""

    def __init__(
        self, *, network: Network, types: Types, procedures: Procedures, callers: Callers, identify: Identify, clock: Clock
    ) -> None:
        hosted = dict(services(procedures, network=network, types=types, callers=callers, clock=clock))
        names = [service.full_name for service in hosted]
        self._health = health.HealthService(names)
        self._answering = Answering(identify)
        self._handlers = _Handlers()
        for service, answers in hosted.items():
            self._handlers.add(service, answers, self._answering)
        # The open ones have counts of their own: who counts the calls of procedures does not want them.
        self._handlers.add(health.SERVICE, self._health, Answering(lambda metadata: None))
        shown = reflection.Reflection([*names, health.SERVICE.full_name, *reflection.SERVICES], types.pool)
        self._handlers.add_reflection(shown)
        self._server: grpc.aio.Server | None = None

    @property
    def counts(self) -> dict[str, Counts]:
        """What became of the calls so far, by method: `/blossm.rpc.v1.CommandService/Call`."""
        return self._answering.counts

    async def start(self, address: str, *, share_port: bool = False) -> str:
        """Serve at `host:port`, where port 0 means a free one; the answer says which. `share_port`: others may listen too.

        Raises Unavailable when the address is taken.
        """
        options = [*SERVER, ("grpc.so_reuseport", int(share_port))]
        self._server = grpc.aio.server(handlers=[self._handlers], options=options)
        try:
            port = self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise Unavailable(f"can't listen at {address}", facts={"address": address}) from error
        await self._server.start()
        return f"{address.rpartition(':')[0]}:{port}"

    async def stop(self, *, grace: float) -> None:
        """End: new calls are told to come again, those without end are ended, the others have `grace` seconds."""
        if self._server is None:
            return
        self._health.stop()
        done = await self._answering.stop(grace=grace)
        await self._server.stop(LAST_WORDS if done else None)
        self._server = None


class _Handlers(grpc.GenericRpcHandler):
    """All methods of a server, by name."""

    def __init__(self) -> None:
        self._methods: dict[str, Any] = {}

    def add(self, service: ServiceDescriptor, answers: Any, answering: Answering) -> None:
        """The methods of a service: `QueryAggregates` is answered by `query_aggregates`."""
        for method in service.methods:
            name = f"/{service.full_name}/{method.name}"
            make = answering.streamed if method.server_streaming else answering.unary
            answer = getattr(answers, re.sub(r"(?<!^)(?=[A-Z])", "_", method.name).lower())
            self._methods[name] = make(name, answer, GetMessageClass(method.input_type))

    def add_reflection(self, shown: reflection.Reflection) -> None:
        async def answer(requests: AsyncIterator[reflection_pb2.ServerReflectionRequest], context: Any) -> Any:
            async for request in requests:
                yield shown.answer(request)

        handler = grpc.stream_stream_rpc_method_handler(
            answer,
            request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
            response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
        )
        for service in reflection.SERVICES:
            self._methods[f"/{service}/{reflection.METHOD}"] = handler

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        return self._methods.get(handler_call_details.method)
