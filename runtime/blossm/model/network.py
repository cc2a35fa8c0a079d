"""A network as its blossm.yaml files describe it: resolved, frozen, for one environment.

Everything below the model reads this and nothing else. `load` makes it from files; `to_json` and `from_json` carry it
into a container, so that what serves needs neither YAML nor pydantic.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

import msgspec

from blossm.model.fields import Field

Environment = Literal["development", "staging", "sandbox", "production"]
ENVIRONMENTS: tuple[Environment, ...] = ("development", "staging", "sandbox", "production")

Kind = Literal[
    "event-store", "command", "fact", "command-gateway", "fact-gateway", "view-store", "projection", "view-gateway"
]
RootRule = Literal["required", "optional", "new", "none", "context"]


class Ref(NamedTuple):
    """Which procedure is meant: addresses are unique per kind."""

    kind: Kind
    address: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written: a file relative to the network's root, line and column from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a procedure runs on; None where the stack decides."""

    memory: str = "256Mi"
    cpu: str | None = None
    timeout: float = 60.0  # seconds
    concurrency: int | None = None
    min_instances: int | None = None
    max_instances: int | None = None


@dataclass(frozen=True, slots=True)
class Handler:
    """Where a user's function is: a file relative to the network's root, and its name (empty: one per action)."""

    file: str
    function: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureSpec:
    """What every kind has. `service`, `domain` and `context` are empty where they don't apply."""

    kind: ClassVar[Kind]

    name: str
    address: str
    at: Place
    service: str = ""
    domain: str = ""
    context: str = ""
    description: str = ""
    shape: Shape = Shape()
    env: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    examples: tuple[dict[str, Any], ...] = ()

    @property
    def ref(self) -> Ref:
        return Ref(self.kind, self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action of an event store, with the payload that its events carry."""

    name: str
    version: int = 1
    payload: dict[str, Field] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStoreSpec(ProcedureSpec):
    """A window on its service's log: the events of one domain."""

    kind: ClassVar[Kind] = "event-store"

    schema: dict[str, Field] = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)
    indexes: tuple[str, ...] = ()
    snapshots_every: int = 50
    retired: bool = False
    handler: Handler | None = None  # events.py, where there is one
    upcasters: str = ""  # upcasters.py, where there is one


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What a command, a fact or a projection may read, as addresses.

    The event stores of a command's or fact's own service are among `event_stores`, named or not.
    """

    facts: tuple[str, ...] = ()
    event_stores: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSpec(ProcedureSpec):
    """A single-purpose job that may log events."""

    kind: ClassVar[Kind] = "command"

    handler: Handler
    normalize: Handler | None = None
    root: RootRule = "optional"
    root_context: str = ""  # the context whose root it is, for `root: {context: …}`
    contexts: tuple[str, ...] = ()
    payload: dict[str, Field] = field(default_factory=dict)
    response: Field | None = None  # None: any JSON
    calls: tuple[str, ...] = ()
    reads: Reads = Reads()
    logs: tuple[str, ...] = ()  # domains of its service
    consistency: Literal["serializable", "none"] = "serializable"
    retries: int = 3
    schedule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSpec(ProcedureSpec):
    """Some specific information about the state of the app."""

    kind: ClassVar[Kind] = "fact"

    handler: Handler
    root: RootRule = "optional"
    root_context: str = ""
    contexts: tuple[str, ...] = ()
    query: dict[str, Field] = field(default_factory=dict)
    response: Field | None = None  # with `stream`, the shape of one item
    stream: bool = False
    reads: Reads = Reads()


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewStoreSpec(ProcedureSpec):
    """Denormalized data, made to be queried."""

    kind: ClassVar[Kind] = "view-store"

    schema: dict[str, Field] = field(default_factory=dict)
    indexes: tuple[tuple[str, ...], ...] = ()
    sorts: tuple[tuple[tuple[str, Literal["asc", "desc"]], ...], ...] = ()
    text: tuple[str, ...] = ()
    one: bool = False
    format: Handler | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionSpec(ProcedureSpec):
    """Maps the events it listens to onto its one view store, which has its address."""

    kind: ClassVar[Kind] = "projection"

    handler: Handler
    events: dict[str, tuple[str, ...]] = field(default_factory=dict)  # event store → actions
    reads: Reads = Reads()


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may use a gateway's entry. `permissions` are full: `service:domain:privilege`."""

    rule: Literal["public", "optional", "signed_in", "any", "all"]
    permissions: tuple[str, ...] = ()
    issuer: str = ""  # empty: the network's first
    rate: float | None = None  # requests per second and principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One command, fact or view that a gateway permits access to."""

    name: str
    target: Ref
    access: Access
    at: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySpec(ProcedureSpec):
    """Permits access to a set of procedures. Its address is its host name without the network: `c.bicycle.shop`."""

    host: str  # in this environment
    allow: tuple[str, ...] = ()  # CORS origins
    entries: dict[str, Entry] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandGatewaySpec(GatewaySpec):
    kind: ClassVar[Kind] = "command-gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactGatewaySpec(GatewaySpec):
    kind: ClassVar[Kind] = "fact-gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewGatewaySpec(GatewaySpec):
    kind: ClassVar[Kind] = "view-gateway"


AnyProcedure: TypeAlias = (
    EventStoreSpec
    | CommandSpec
    | FactSpec
    | CommandGatewaySpec
    | FactGatewaySpec
    | ViewStoreSpec
    | ProjectionSpec
    | ViewGatewaySpec
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Somebody whose tokens are believed: by the keys at `jwks`, or by one KMS `key`."""

    name: str
    issuer: str
    jwks: str = ""
    key: str = ""
    audience: str = ""
    cookie: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSpec:
    """A set of domains that share one log. `depends_on` is not transitive."""

    name: str
    at: Place
    depends_on: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """All of it, for one environment. Dictionaries go by address (services by name), in the order of the files."""

    name: str  # without the environment's prefix
    environment: Environment
    environments: dict[Environment, str]  # → prefix
    directory: str = ""  # where it was loaded from; handlers are below it
    title: str = ""
    issuers: dict[str, Issuer] = field(default_factory=dict)
    permissions_fact: str = ""
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    services: dict[str, ServiceSpec] = field(default_factory=dict)
    contexts: tuple[str, ...] = ()  # those that own views
    event_stores: dict[str, EventStoreSpec] = field(default_factory=dict)
    commands: dict[str, CommandSpec] = field(default_factory=dict)
    facts: dict[str, FactSpec] = field(default_factory=dict)
    command_gateways: dict[str, CommandGatewaySpec] = field(default_factory=dict)
    fact_gateways: dict[str, FactGatewaySpec] = field(default_factory=dict)
    view_stores: dict[str, ViewStoreSpec] = field(default_factory=dict)
    projections: dict[str, ProjectionSpec] = field(default_factory=dict)
    view_gateways: dict[str, ViewGatewaySpec] = field(default_factory=dict)
    numbers: dict[str, dict[str, int]] = field(default_factory=dict)  # of the contract: message → field → number

    @property
    def host(self) -> str:
        """The network's name with this environment's prefix: what `$network` means."""
        prefix = self.environments[self.environment]
        return f"{prefix}.{self.name}" if prefix else self.name

    def procedures(self) -> Iterator[AnyProcedure]:
        """Every procedure, kind by kind in the order of the seed."""
        yield from self.event_stores.values()
        yield from self.commands.values()
        yield from self.facts.values()
        yield from self.command_gateways.values()
        yield from self.fact_gateways.values()
        yield from self.view_stores.values()
        yield from self.projections.values()
        yield from self.view_gateways.values()

    def gateways(self) -> Iterator[CommandGatewaySpec | FactGatewaySpec | ViewGatewaySpec]:
        yield from self.command_gateways.values()
        yield from self.fact_gateways.values()
        yield from self.view_gateways.values()

    def stores_of(self, service: str) -> dict[str, EventStoreSpec]:
        """The event stores of a service's log, by domain."""
        return {store.domain: store for store in self.event_stores.values() if store.service == service}


def to_json(network: Network) -> bytes:
    return msgspec.json.encode(network)


def from_json(data: bytes) -> Network:
    """The network that `to_json` wrote. Raises `msgspec.ValidationError` when it is not one."""
    return msgspec.json.decode(data, type=Network)
