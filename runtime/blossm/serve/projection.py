"""Projections: they run by themselves, and answer for their health alone."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from blossm.core.errors import NotFound
from blossm.procedures.doors.problem import MethodNotAllowed, problem_response
from blossm.procedures.projection import ProjectionProcedure
from blossm.rpc.bus import WatchingBus
from blossm.serve.forwarding import HEALTH
from blossm.serve.kept import Kept
from blossm.serve.served import Health, Setting, spec_of
from blossm.serve.serving import Serving


class Projection:
    """A projection that runs. Implements `served.Served`."""

    def __init__(self, procedure: ProjectionProcedure, serving: Serving, setting: Setting) -> None:
        self._procedure = procedure
        self._serving = serving
        self._kept = Kept(setting.clock)
        self._kept.run("projection", procedure.run)

    @classmethod
    async def start(cls, setting: Setting) -> Projection:
        """Build it, let it run, and answer for its health. Raises what building it raises, PortTaken."""
        network = setting.network
        spec = spec_of(network.projections, setting.config.ref)
        services = {network.event_stores[address].service for address in spec.events}
        logs = {service: setting.clients.wire_event_stores(service) for service in services}
        bus = WatchingBus(logs, clock=setting.clock)
        setting.closing.push_async_callback(bus.close)
        procedure = setting.assembly.projection(spec, clients=setting.clients, bus=bus)
        return cls(procedure, await Serving.start(healthy, setting.config.listen, realm=network.name), setting)

    @property
    def address(self) -> str:
        return self._serving.address

    def health(self) -> Health:
        return Health(0, 0, self._procedure.status())

    async def stop(self, *, grace: float) -> None:
        """Nothing is lost: what it was doing is done or not, and its checkpoint says which."""
        await self._kept.close()
        await self._serving.stop(grace=grace)


async def healthy(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application of who only says that it is there."""
    if scope["type"] != "http":
        return
    response: Response = JSONResponse({"status": "ok"})
    if scope["path"] != HEALTH:
        response = problem_response(NotFound("a projection is not called"), tx="", realm="")
    elif scope["method"] not in ("GET", "HEAD"):
        response = problem_response(MethodNotAllowed("health is read", facts={"allow": ("GET", "HEAD")}), tx="", realm="")
    await response(scope, receive, send)
