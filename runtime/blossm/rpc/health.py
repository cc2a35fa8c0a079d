"""Health, as grpc.health.v1 has it: for the whole server (the empty name) and for each service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable

from grpc_health.v1 import health_pb2 as pb

from blossm.core.errors import NotFound
from blossm.rpc.call import Call

SERVICE = pb.DESCRIPTOR.services_by_name["Health"]


class HealthService:
    """SERVING from the start, until `stop`."""

    def __init__(self, services: Iterable[str]) -> None:
        self._services = frozenset(("", *services))
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Tell everybody that this server takes no more calls."""
        self._stopping.set()

    async def check(self, request: pb.HealthCheckRequest, call: Call) -> pb.HealthCheckResponse:
        if request.service not in self._services:
            raise NotFound(f"there is no service {request.service} here", facts={"service": request.service})
        return self._now()

    async def watch(self, request: pb.HealthCheckRequest, call: Call) -> AsyncGenerator[pb.HealthCheckResponse, None]:
        """The status now and when it changes, which it does once. An unknown service may be known elsewhere later."""
        known = request.service in self._services
        yield self._now() if known else pb.HealthCheckResponse(status=pb.HealthCheckResponse.SERVICE_UNKNOWN)
        await self._stopping.wait()
        if known:
            yield self._now()

    def _now(self) -> pb.HealthCheckResponse:
        serving = not self._stopping.is_set()
        return pb.HealthCheckResponse(status=pb.HealthCheckResponse.SERVING if serving else pb.HealthCheckResponse.NOT_SERVING)
