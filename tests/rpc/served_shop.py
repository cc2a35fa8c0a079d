"""The shop of the suites, served over gRPC on this machine, and ways to reach it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from blossm.adapters.clock import SystemClock
from blossm.adapters.memory.bus import MemoryBus
from blossm.adapters.memory.log import MemoryLogStore
from blossm.adapters.memory.states import MemoryStateStore
from blossm.core.appender import Appender
from blossm.model.network import CommandSpec, Handler, Network, Place, Reads, ServiceSpec
from blossm.ports import Clock, EventStoreClient, LogStore, StateStore
from blossm.procedures.callers import Callers
from blossm.procedures.event_store import EventStores
from blossm.procedures.standing import Procedures
from blossm.rpc.calling.event_store import WireEventStores
from blossm.rpc.calling.line import Line, open_channel
from blossm.rpc.keys import digest_of, identify, operator_key
from blossm.rpc.server import Server
from blossm.rpc.types import JSON_URL, Types
from blossm.rpc.v1 import envelope_pb2
from blossm.rpc.v1 import event_store_pb2 as pb
from blossm.testing.contracts import shop
from blossm.testing.contracts.log_store import RED

TOKEN = "token"
SECRET = b"secret"
SERVICE = "/blossm.rpc.v1.EventStoreService"
PAINTED = "type.googleapis.com/shop.bicycle.Painted"
NETWORK = Network(
    name="city.example",
    environment="development",
    environments={"development": ""},
    services={"shop": ServiceSpec(name="shop", at=Place("services/shop/blossm.yaml", 1, 1), domains=tuple(shop.STORES))},
    event_stores={store.address: store for store in shop.STORES.values()},
)


def _network() -> Network:
    at = Place("services/shop/bicycle/blossm.yaml", 1, 1)
    paint = CommandSpec(
        name="paint",
        address="shop.bicycle.paint",
        at=at,
        service="shop",
        domain="bicycle",
        handler=Handler("commands.py", "main"),
        reads=Reads(event_stores=("shop.bicycle", "shop.wheel", "shop.bell")),
        logs=("bicycle",),
        calls=("shop.bicycle.sell",),
    )
    sell = replace(paint, name="sell", address="shop.bicycle.sell", calls=())
    return replace(NETWORK, commands={paint.address: paint, sell.address: sell})


PAINTING = _network()  # with two commands, of which `paint` may log and call


def event_stores(
    *, network: Network = NETWORK, log: LogStore | None = None, states: StateStore | None = None, clock: Clock | None = None
) -> EventStores:
    """The shop's event stores; where nothing is said, in memory and with time as it goes."""
    bus, clock = MemoryBus(), clock or SystemClock()
    log = log or MemoryLogStore(service="shop", network="city.example")
    return EventStores(
        service="shop",
        network="city.example",
        stores=network.stores_of("shop"),
        folds=shop.folds(),
        appender=Appender(store=log, clock=clock, bus=bus, service="shop"),
        log=log,
        states=states or MemoryStateStore(),
        clock=clock,
        bus=bus,
    )


@dataclass(frozen=True, slots=True)
class Served:
    """A server, where it answers, and its types."""

    server: Server
    address: str
    network: Network
    types: Types

    @asynccontextmanager
    async def client(self, *, key: str = "", clock: Clock | None = None) -> AsyncIterator[WireEventStores]:
        """The shop's event stores over a channel of their own; without a key, the operator's."""
        async with self.line(key=key) as line:
            yield WireEventStores(line, network=self.network, types=self.types, service="shop", clock=clock or SystemClock())

    @asynccontextmanager
    async def line(self, *, key: str = "") -> AsyncIterator[Line]:
        channel = open_channel(self.address)
        try:
            yield Line(channel, key or operator_key(TOKEN))
        finally:
            await channel.close()


@asynccontextmanager
async def served(
    stores: Mapping[str, EventStoreClient],
    *,
    network: Network = NETWORK,
    types: Types | None = None,
    clock: Clock | None = None,
    address: str = "127.0.0.1:0",
) -> AsyncIterator[Served]:
    """A server of event stores, which is stopped at the end, if it was not before."""
    types = types or Types(network)
    server = Server(
        network=network,
        types=types,
        procedures=Procedures(event_stores=dict(stores)),
        callers=Callers(network),
        identify=identify(SECRET, operator=digest_of(TOKEN)),
        clock=clock or SystemClock(),
    )
    try:
        yield Served(server, await server.start(address), network, types)
    finally:
        await server.stop(grace=5)


# ---------------------------------------------------------------- a foreign client


async def append(line: Line, *commits: dict[str, Any], service: str = "shop") -> list[pb.AppendResult]:
    """What a foreign client does: commits as it writes them."""
    request = pb.AppendRequest(service=service, appends=[{"commit": each} for each in commits])
    answer = await line.ask(f"{SERVICE}/Append", request, pb.AppendResponse, timeout=10, again=False)
    return list(answer.results)


def typed(shop: Served, fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An event as a foreign client writes it: typed, without a version."""
    payload = shop.types.pack(shop.types.event("shop", "bicycle", "painted"), fields)
    assert payload["type_url"] == PAINTED
    return {"domain": "bicycle", "root": RED, "action": "painted", "payload": payload} | more


def as_json(text: str) -> dict[str, Any]:
    return {"type_url": JSON_URL, "value": envelope_pb2.Json(text=text).SerializeToString()}
