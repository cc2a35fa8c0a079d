"""Event stores, commands, facts and view stores: served by gRPC."""

from __future__ import annotations

from blossm.adapters.memory.bus import MemoryBus
from blossm.core.errors import DeadlineExceeded, Internal, NotFound, Unavailable
from blossm.procedures.callers import Callers
from blossm.procedures.event_store import EventStores
from blossm.procedures.standing import Procedures
from blossm.rpc import keys
from blossm.rpc.server import Server
from blossm.serve.served import Health, Setting, spec_of
from blossm.serve.storage import Stores

OURS = tuple(error.code() for error in (Internal, Unavailable, DeadlineExceeded))  # no fault of who asked


class Callee:
    """A procedure that others call. Implements `served.Served`."""

    def __init__(self, server: Server, address: str) -> None:
        self._server = server
        self.address = address

    @classmethod
    async def start(cls, setting: Setting) -> Callee:
        """Build what the process is for, and answer. Raises what building it raises, Unavailable where the port is taken."""
        config, network = setting.config, setting.network
        server = Server(
            network=network,
            types=setting.types,
            procedures=await _hosted(setting),
            callers=Callers(network),
            identify=keys.identify(config.secret.encode(), operator=config.operator),
            clock=setting.clock,
        )
        listen = config.listen
        return cls(server, await server.start(f"{listen.host}:{listen.port}", share_port=listen.shared))

    def health(self) -> Health:
        counts = list(self._server.counts.values())
        return Health(
            requests=sum(method.requests for method in counts),
            errors=sum(method.errors.get(code, 0) for method in counts for code in OURS),
        )

    async def stop(self, *, grace: float) -> None:
        await self._server.stop(grace=grace)


async def _hosted(setting: Setting) -> Procedures:
    network, assembly, clients, ref = setting.network, setting.assembly, setting.clients, setting.config.ref
    match ref.kind:
        case "event-store":
            return Procedures(event_stores={ref.address: await _event_stores(setting, ref.address)})
        case "command":
            return Procedures(commands={ref.address: assembly.command(spec_of(network.commands, ref), clients=clients)})
        case "fact":
            return Procedures(facts={ref.address: assembly.fact(spec_of(network.facts, ref), clients=clients)})
        case "view-store":
            spec = spec_of(network.view_stores, ref)
            store = await _stores(setting).view(spec, setting.config.files.view)
            return Procedures(view_stores={ref.address: assembly.view_store(spec, store=store)})
        case _:
            raise AssertionError(f"a {ref.kind} is not called")


async def _event_stores(setting: Setting, service: str) -> EventStores:
    files, closing = setting.config.files, setting.closing
    if service not in setting.network.services:
        raise NotFound(f"there is no service {service}")
    stores = _stores(setting)
    log, states = await stores.log(service, files.log), await stores.states(service, files.states)
    return setting.assembly.event_stores(service, log=log, states=states, bus=MemoryBus(), closing=closing)


def _stores(setting: Setting) -> Stores:
    stores = Stores(setting.network)
    setting.closing.push_async_callback(stores.close)
    return stores
