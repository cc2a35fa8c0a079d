"""A small network of procedures that answer as a test says, served over gRPC on this machine, and the way to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from blossm.adapters.clock import SystemClock
from blossm.core.event import Tx
from blossm.core.read_set import NO_READS, ReadSet
from blossm.core.request import Answer, FactAnswer, Request
from blossm.model.fields import Field
from blossm.model.network import (
    CommandSpec,
    EventStoreSpec,
    FactSpec,
    Handler,
    Network,
    Place,
    ProjectionSpec,
    Reads,
    Ref,
    ServiceSpec,
    ViewStoreSpec,
)
from blossm.ports import Clock, CommandClient, FactClient, ViewStoreClient
from blossm.procedures.callers import Caller, Callers
from blossm.procedures.standing import Procedures
from blossm.rpc.client import Reach, WireClients
from blossm.rpc.keys import digest_of, identify, key_for, operator_key
from blossm.rpc.server import Server
from blossm.rpc.types import Types

TOKEN = "token"
SECRET = b"secret"
PAINT, SELL = Ref("command", "shop.bicycle.paint"), Ref("command", "shop.bicycle.sell")
PRICE, COLORS = Ref("fact", "shop.bicycle.price"), Ref("fact", "shop.bicycle.colors")
VIEW = Ref("view-store", "garage.bicycles")
PROJECTION = Ref("projection", "garage.bicycles")
STORES = Ref("event-store", "shop")

_AT = Place("services/shop/bicycle/blossm.yaml", 1, 1)
_TEXT = Field(type="string")
_OF: dict[str, Any] = {"at": _AT, "service": "shop", "domain": "bicycle", "handler": Handler("commands.py", "main")}


def _network() -> Network:
    paint = CommandSpec(
        name="paint",
        address=PAINT.address,
        payload={"color": _TEXT, "coats": Field(type="integer", optional=True), "when": Field(type="timestamp", optional=True)},
        response=Field(type="object", properties={"heard": _TEXT}),
        reads=Reads(facts=(PRICE.address, COLORS.address)),
        **_OF,
    )
    sell = CommandSpec(name="sell", address=SELL.address, calls=(PAINT.address,), **_OF)
    price = FactSpec(
        name="price", address=PRICE.address, query={"coats": Field(type="integer")}, response=Field(type="number"), **_OF
    )
    colors = FactSpec(name="colors", address=COLORS.address, response=_TEXT, stream=True, **_OF)
    view = ViewStoreSpec(
        name="bicycles",
        address=VIEW.address,
        at=_AT,
        context="garage",
        schema={"color": _TEXT, "coats": Field(type="integer", optional=True)},
        indexes=(("color",),),
    )
    projection = ProjectionSpec(
        name="bicycles", address=PROJECTION.address, at=_AT, context="garage", handler=Handler("bicycles.py")
    )
    store = EventStoreSpec(name="bicycle", address="shop.bicycle", at=_AT, service="shop", domain="bicycle")
    return Network(
        name="city.example",
        environment="development",
        environments={"development": ""},
        services={"shop": ServiceSpec(name="shop", at=_AT, domains=("bicycle",))},
        event_stores={store.address: store},
        commands={paint.address: paint, sell.address: sell},
        facts={price.address: price, colors.address: colors},
        view_stores={view.address: view},
        projections={projection.address: projection},
    )


NETWORK = _network()
TYPES = Types(NETWORK)


def request(to: Ref, payload: Mapping[str, Any] | None = None, *, within: float = 10.0, **more: Any) -> Request:
    """A request that has `within` seconds."""
    words: dict[str, Any] = {"tx": Tx("t"), "key": "k", "deadline": SystemClock().monotonic() + within} | more
    return Request(address=to.address, payload=dict(payload or {}), **words)


async def until(true: Callable[[], object]) -> None:
    """Return when something is true that nothing else tells of."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


@dataclass(slots=True)
class Telling:
    """A command that remembers what it was asked, and answers with what `says` makes of it."""

    says: Callable[[Request], Awaitable[Answer]] | None = None
    asked: list[Request] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)  # it was cancelled

    async def call(self, request: Request) -> Answer:
        self.asked.append(request)
        self.begun.set()
        try:
            return await self.says(request) if self.says else Answer(tx=request.tx.id)
        except asyncio.CancelledError:
            self.stopped.set()
            raise


@dataclass(slots=True)
class Knowing:
    """A fact that answers with what `says` makes of the request, or with its items."""

    says: Callable[[Request, ReadSet], Awaitable[FactAnswer]] | None = None
    items: Callable[[Request], AsyncIterator[Any]] | None = None
    asked: list[tuple[Request, ReadSet]] = field(default_factory=list)

    async def read(self, request: Request, *, reads: ReadSet = NO_READS) -> FactAnswer:
        self.asked.append((request, reads))
        return await self.says(request, reads) if self.says else FactAnswer(response=1.0)

    async def stream(self, request: Request) -> AsyncIterator[Any]:
        assert self.items
        async for item in self.items(request):
            yield item


@dataclass(frozen=True, slots=True)
class Switchboard:
    """A server that hosts what a test gave it."""

    server: Server
    address: str

    def clients(
        self, caller: Caller = None, *, key: str | None = None, address: str = "", clock: Clock | None = None
    ) -> _Closing:
        """The clients of a caller, by its own key or another one; None: the operator's."""
        if key is None:
            key = operator_key(TOKEN) if caller is None else key_for(caller, SECRET)
        return _Closing(reaching(caller, key=key, address=address or self.address, clock=clock))


def reaching(caller: Caller, *, key: str, address: str, clock: Clock | None = None) -> WireClients:
    """Clients for whom everything is at one address."""
    reach = dict.fromkeys([PAINT, SELL, PRICE, COLORS, VIEW, STORES], Reach(address, key))
    return WireClients(network=NETWORK, types=TYPES, reach=reach, clock=clock or SystemClock(), caller=caller)


class _Closing:
    def __init__(self, clients: WireClients) -> None:
        self._clients = clients

    async def __aenter__(self) -> WireClients:
        return self._clients

    async def __aexit__(self, *_: object) -> None:
        await self._clients.close()


def server(
    *,
    commands: Mapping[Ref, CommandClient] | None = None,
    facts: Mapping[Ref, FactClient] | None = None,
    view_stores: Mapping[Ref, ViewStoreClient] | None = None,
    clock: Clock | None = None,
) -> Server:
    """A server that has not started."""
    return Server(
        network=NETWORK,
        types=TYPES,
        procedures=Procedures(
            commands={ref.address: each for ref, each in (commands or {}).items()},
            facts={ref.address: each for ref, each in (facts or {}).items()},
            view_stores={ref.address: each for ref, each in (view_stores or {}).items()},
        ),
        callers=Callers(NETWORK),
        identify=identify(SECRET, operator=digest_of(TOKEN)),
        clock=clock or SystemClock(),
    )


@asynccontextmanager
async def switchboard(
    *,
    commands: Mapping[Ref, CommandClient] | None = None,
    facts: Mapping[Ref, FactClient] | None = None,
    view_stores: Mapping[Ref, ViewStoreClient] | None = None,
    clock: Clock | None = None,
    address: str = "127.0.0.1:0",
) -> AsyncIterator[Switchboard]:
    """A server that is stopped at the end, if it was not before."""
    serving = server(commands=commands, facts=facts, view_stores=view_stores, clock=clock)
    try:
        yield Switchboard(serving, await serving.start(address))
    finally:
        await serving.stop(grace=1)
