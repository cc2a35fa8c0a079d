"""A small city with three doors, and honest stand-ins for what lies behind them: they note what they are asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, Key
from tests.transports import Way

from blossm.adapters.memory.clock import FakeClock
from blossm.core.commit import EventRef
from blossm.core.errors import NotFound
from blossm.core.read_set import NO_READS, ReadSet
from blossm.core.request import Answer, FactAnswer, Request
from blossm.core.view import Batch, Checkpoint, Page, Query, Row
from blossm.model.fields import Field
from blossm.model.network import (
    Access,
    CommandGatewaySpec,
    CommandSpec,
    Entry,
    Environment,
    FactGatewaySpec,
    FactSpec,
    Handler,
    Issuer,
    Network,
    Place,
    Ref,
    Shape,
    ViewGatewaySpec,
    ViewStoreSpec,
)
from blossm.ports import Clients, EventStoreClient, Generations, Keys
from blossm.procedures.command_gateway import CommandGateway
from blossm.procedures.fact_gateway import FactGateway
from blossm.procedures.standing import Procedures
from blossm.procedures.view_gateway import ViewGateway

HOST = "bicyclecity.example"
BICYCLE = "0b4f0d7e-1111-4111-8111-111111111111"
GARAGE = "6a0e0d7e-2222-4222-8222-222222222222"
OTHER_GARAGE = "6a0e0d7e-3333-4333-8333-333333333333"
ADA = "ada"

AT = Place("blossm.yaml", 1, 1)
HANDLER = Handler("commands.py", "paint")

ACCESS = Issuer(
    name="access",
    issuer="https://id.bicyclecity.example",
    jwks="https://id.bicyclecity.example/jwks.json",
    audience="city",
    cookie="access",
)
CHALLENGE = Issuer(
    name="challenge", issuer="https://challenge.example", jwks="https://challenge.example/jwks.json", audience="city"
)

KEY = ECKey.generate_key("P-256", {"kid": "key-1", "use": "sig"})

PUBLIC = Access(rule="public")
OPTIONAL = Access(rule="optional")
SIGNED_IN = Access(rule="signed_in")


# ---------------------------------------------------------------- the model


def any_of(*permissions: str) -> Access:
    return Access(rule="any", permissions=permissions)


def all_of(*permissions: str) -> Access:
    return Access(rule="all", permissions=permissions)


def command(name: str, **parts: Any) -> CommandSpec:
    return CommandSpec(
        name=name, address=f"shop.bicycle.{name}", at=AT, service="shop", domain="bicycle", handler=HANDLER, **parts
    )


def fact(name: str, **parts: Any) -> FactSpec:
    return FactSpec(name=name, address=f"shop.bicycle.{name}", at=AT, service="shop", domain="bicycle", handler=HANDLER, **parts)


def view(name: str, *, context: str = "", **parts: Any) -> ViewStoreSpec:
    schema = {"color": Field(type="string"), "painted": Field(type="integer"), "at": Field(type="timestamp", optional=True)}
    address = f"{context}.{name}" if context else name
    sorts = ((("painted", "desc"),),)
    indexes = (("color",), ("painted",), ("at",))
    parts = {"schema": schema, "indexes": indexes, "sorts": sorts, **parts}
    return ViewStoreSpec(name=name, address=address, at=AT, context=context, **parts)


COMMANDS = {
    "paint": (command("paint", root="required", payload={"color": Field(type="string")}), any_of("shop:bicycle:paint")),
    "sell": (command("sell"), all_of("shop:bicycle:sell", "shop:bicycle:look")),
    "register": (command("register", root="new"), SIGNED_IN),
    "look": (command("look"), OPTIONAL),
    "ring": (command("ring", root="none"), PUBLIC),
    "park": (command("park", contexts=("garage",)), SIGNED_IN),
    "leave": (command("leave", root="context", root_context="garage"), SIGNED_IN),
    "answer": (command("answer"), replace(SIGNED_IN, issuer="challenge")),
    "honk": (command("honk"), replace(PUBLIC, rate=2.0)),
    "wait": (command("wait", shape=Shape(timeout=0.02)), PUBLIC),
}
FACTS = {
    "price": (
        fact(
            "price",
            root="required",
            query={"currency": Field(type="string", default="EUR"), "count": Field(type="integer", optional=True)},
        ),
        PUBLIC,
    ),
    "search": (
        fact(
            "search",
            root="none",
            query={
                "words": Field(type="list", items=Field(type="string")),
                "near": Field(type="object", optional=True, properties={"x": Field(type="number")}),
                "sold": Field(type="boolean", optional=True),
            },
        ),
        PUBLIC,
    ),
    "mine": (fact("mine", contexts=("garage",)), SIGNED_IN),
    "rides": (fact("rides", root="none", stream=True, shape=Shape(timeout=5.0)), PUBLIC),
}
VIEWS = {
    "bicycles": (view("bicycles"), PUBLIC),
    "mine": (view("mine", context="garage"), SIGNED_IN),
    "garage": (view("garage", context="garage", one=True), SIGNED_IN),
    "leaky": (view("leaky", context="garage"), PUBLIC),
    "tolerant": (view("tolerant", context="garage"), OPTIONAL),
}


def entries(kind: Any, what: Mapping[str, tuple[Any, Access]]) -> dict[str, Entry]:
    return {name: Entry(name=name, target=Ref(kind, spec.address), access=access, at=AT) for name, (spec, access) in what.items()}


COMMAND_GATEWAY = CommandGatewaySpec(
    name="",
    address="c.bicycle.shop",
    at=AT,
    host=f"c.bicycle.shop.{HOST}",
    allow=("https://app.example",),
    entries=entries("command", COMMANDS),
)
FACT_GATEWAY = FactGatewaySpec(
    name="", address="f.bicycle.shop", at=AT, host=f"f.bicycle.shop.{HOST}", entries=entries("fact", FACTS)
)
VIEW_GATEWAY = ViewGatewaySpec(name="", address="v", at=AT, host=f"v.{HOST}", entries=entries("view-store", VIEWS))

PERMISSIONS = FactSpec(
    name="permissions",
    address="staff.principal.permissions",
    at=AT,
    service="staff",
    domain="principal",
    handler=HANDLER,
    root="required",
)


def network(*, environment: Environment = "production", permissions_fact: str = "", **parts: Any) -> Network:
    return Network(
        name=HOST,
        environment=environment,
        environments={"development": "dev", "staging": "stg", "sandbox": "snd", "production": ""},
        **{
            "issuers": {"access": ACCESS, "challenge": CHALLENGE},
            "roles": {"mechanic": ("shop:bicycle:paint",), "owner": ("shop:bicycle:*",)},
            "permissions_fact": permissions_fact,
            "commands": {spec.address: spec for spec, _ in COMMANDS.values()},
            "facts": {spec.address: spec for spec in (*(spec for spec, _ in FACTS.values()), PERMISSIONS)},
            "view_stores": {spec.address: spec for spec, _ in VIEWS.values()},
            "command_gateways": {COMMAND_GATEWAY.address: COMMAND_GATEWAY},
            "fact_gateways": {FACT_GATEWAY.address: FACT_GATEWAY},
            "view_gateways": {VIEW_GATEWAY.address: VIEW_GATEWAY},
            **parts,
        },
    )


# ---------------------------------------------------------------- behind the doors


@dataclass
class Commands:
    """Issues nothing: notes the request, and answers what it is told to."""

    asked: list[Request] = field(default_factory=list)
    answers: Callable[[Request], Awaitable[Answer]] | None = None

    async def call(self, request: Request) -> Answer:
        self.asked.append(request)
        if self.answers:
            return await self.answers(request)
        events = (EventRef("painted", "bicycle", BICYCLE, 2, 7),)
        return Answer(root=BICYCLE, events=events, tx=request.tx.id, service="shop", position=7)


@dataclass
class Facts:
    asked: list[Request] = field(default_factory=list)
    response: Any = None
    items: Callable[[], AsyncIterator[Any]] | None = None
    error: Exception | None = None

    async def read(self, request: Request, *, reads: ReadSet = NO_READS) -> FactAnswer:
        self.asked.append(request)
        if self.error:
            raise self.error
        return FactAnswer(response=self.response)

    def stream(self, request: Request) -> AsyncIterator[Any]:
        self.asked.append(request)
        assert self.items
        return self.items()


@dataclass
class Views:
    """Rows in a dict. It filters by context and id only; what else it is asked, it notes."""

    rows: dict[str, Row] = field(default_factory=dict)
    asked: list[Query] = field(default_factory=list)
    got: list[tuple[str, str | None, dict[str, int]]] = field(default_factory=list)
    position: int = 0
    error: Exception | None = None

    async def query(self, query: Query, *, generation: int | None = None) -> Page:
        self.asked.append(query)
        if self.error:
            raise self.error
        rows = tuple(row for row in self.rows.values() if query.context is None or row.context == query.context)
        return Page(content=rows, next="", count=len(rows) if query.count else None)

    async def get(
        self,
        id: str,
        *,
        context: str | None = None,
        min_position: Mapping[str, int] | None = None,
        generation: int | None = None,
    ) -> Row:
        self.got.append((id, context, dict(min_position or {})))
        row = self.rows.get(id)
        if row is None or (context is not None and row.context != context):
            raise NotFound("there is no such row")
        return row

    async def generations(self) -> Generations:
        return Generations(current=1)

    async def checkpoints(self, generation: int | None = None) -> dict[str, Checkpoint]:
        return {"shop": Checkpoint(self.position, "c")}

    def put(self, id: str, *, context: str = "", **body: Any) -> None:
        self.rows[id] = Row(id=id, body=body, context=context)
        self.position += 1

    async def begin(self) -> int:
        raise NotImplementedError

    async def switch(self, *, current: int, to: int) -> bool:
        raise NotImplementedError

    async def abandon(self, generation: int) -> None:
        raise NotImplementedError

    async def definition(self, generation: int | None = None) -> str:
        raise NotImplementedError

    async def apply(self, batch: Batch, *, generation: int | None = None) -> bool:
        raise NotImplementedError


@dataclass
class Behind:
    """Implements `ports.Clients`."""

    commands: Commands = field(default_factory=Commands)
    facts: Facts = field(default_factory=Facts)
    permissions: Facts = field(default_factory=Facts)
    views: Views = field(default_factory=Views)

    def command(self, address: str) -> Commands:
        return self.commands

    def fact(self, address: str) -> Facts:
        return self.permissions if address == PERMISSIONS.address else self.facts

    def view_store(self, address: str) -> Views:
        return self.views

    def event_stores(self, service: str) -> EventStoreClient:
        raise NotImplementedError

    def procedures(self, network: Network) -> Procedures:
        """It stands in for all of them."""
        return Procedures(
            commands={address: self.command(address) for address in network.commands},
            facts={address: self.fact(address) for address in network.facts},
            view_stores={address: self.view_store(address) for address in network.view_stores},
        )


@dataclass
class KeySets:
    """Implements `ports.Keys`: one key set for each issuer, and how often it was asked for."""

    sets: dict[str, list[Key]] = field(default_factory=lambda: {"access": [KEY], "challenge": [KEY]})
    asked: list[tuple[str, bool]] = field(default_factory=list)
    error: Exception | None = None

    async def jwks(self, issuer: Issuer, *, fresh: bool = False) -> Mapping[str, Any]:
        self.asked.append((issuer.name, fresh))
        if self.error:
            raise self.error
        return {"keys": [key.as_dict(private=False) for key in self.sets[issuer.name]]}


# ---------------------------------------------------------------- the city


class City:
    """Three doors, and what lies behind them."""

    def __init__(
        self, *, environment: Environment = "production", permissions_fact: str = "", keys: Keys | None = None, **parts: Any
    ) -> None:
        """`keys`: in place of `self.keys`. `parts` of the network."""
        self.network = network(environment=environment, permissions_fact=permissions_fact, **parts)
        self.clock = FakeClock()
        self.behind = Behind()
        self.keys = KeySets()
        self._keys = keys or self.keys
        self.build(lambda caller: self.behind)

    def build(self, clients: Callable[[Ref], Clients]) -> None:
        """The doors, each with its way to what lies behind."""
        parts: dict[str, Any] = {"network": self.network, "keys": self._keys, "clock": self.clock}
        self.command_gateway = CommandGateway(spec=COMMAND_GATEWAY, clients=clients(COMMAND_GATEWAY.ref), **parts)
        self.fact_gateway = FactGateway(spec=FACT_GATEWAY, clients=clients(FACT_GATEWAY.ref), **parts)
        self.view_gateway = ViewGateway(spec=VIEW_GATEWAY, clients=clients(VIEW_GATEWAY.ref), **parts)
        self.commands = client(self.command_gateway.app, f"https://{COMMAND_GATEWAY.host}")
        self.facts = client(self.fact_gateway.app, f"https://{FACT_GATEWAY.host}")
        self.views = client(self.view_gateway.app, f"https://{VIEW_GATEWAY.host}")

    @property
    def asked(self) -> Request:
        """What the last command or fact was asked."""
        return (self.behind.commands.asked + self.behind.facts.asked)[-1]

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(self.clock.now().timestamp())
        claims = {"iss": ACCESS.issuer, "aud": "city", "sub": ADA, "exp": now + 600, **changes}
        return {name: claim for name, claim in claims.items() if claim is not None}

    def token(self, *, key: Key = KEY, header: Mapping[str, Any] | None = None, **changes: Any) -> str:
        """A good token of the access issuer for ada, but for `changes` (None leaves a claim out)."""
        return jwt.encode({"alg": "ES256", "kid": "key-1", **(header or {})}, self.claims(**changes), key)

    def signed(self, **changes: Any) -> dict[str, str]:
        return bearer(self.token(**changes))


@asynccontextmanager
async def opened(city: City, wire: Way) -> AsyncIterator[City]:
    """The city with its doors on the other side of a transport."""
    transport = wire.transport(city.network, clock=city.clock)
    await transport.serve(city.behind.procedures(city.network))
    city.build(transport.clients)
    yield city
    await transport.close()


def client(app: Any, url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=url)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def paths(response: httpx.Response) -> list[str]:
    """The field paths that a problem names."""
    return [problem["path"] for problem in response.json()["fields"]]
