"""Gateways: served by HTTP, to the world, or to who passes its requests on."""

from __future__ import annotations

from pathlib import Path

from starlette.types import ASGIApp

from blossm.model.network import CommandGatewaySpec, FactGatewaySpec, ViewGatewaySpec
from blossm.serve.counting import Counting
from blossm.serve.forwarding import Forwarded
from blossm.serve.keys import development_keys
from blossm.serve.served import Health, Setting, spec_of
from blossm.serve.serving import Serving


class Gateway:
    """A gateway that answers. Implements `served.Served`."""

    def __init__(self, serving: Serving, counting: Counting) -> None:
        self._serving = serving
        self._counting = counting

    @classmethod
    async def start(cls, setting: Setting) -> Gateway:
        """Build it, and answer. Raises what building it raises, PortTaken."""
        config, spec = setting.config, _spec(setting)
        keys = development_keys(setting.network, Path(config.development_key), clock=setting.clock)
        app: ASGIApp = setting.assembly.gateway(spec, clients=setting.clients, keys=keys)
        if config.forwards:
            app = Forwarded(app, secret=config.forwards, realm=spec.host)
        counting = Counting(app)
        return cls(await Serving.start(counting, config.listen, realm=spec.host), counting)

    @property
    def address(self) -> str:
        return self._serving.address

    def health(self) -> Health:
        return Health(self._counting.requests, self._counting.errors)

    async def stop(self, *, grace: float) -> None:
        await self._serving.stop(grace=grace)


def _spec(setting: Setting) -> CommandGatewaySpec | FactGatewaySpec | ViewGatewaySpec:
    network, ref = setting.network, setting.config.ref
    match ref.kind:
        case "command-gateway":
            return spec_of(network.command_gateways, ref)
        case "fact-gateway":
            return spec_of(network.fact_gateways, ref)
        case "view-gateway":
            return spec_of(network.view_gateways, ref)
        case _:
            raise AssertionError(f"a {ref.kind} is no gateway")
