"""What there is in a network, by kind and address, and how references find it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from blossm.model.diagnostics import Findings, Spot
from blossm.model.headers import Placed, is_read_side
from blossm.model.link.python import Modules
from blossm.model.link.types import Types
from blossm.model.names import address, door
from blossm.model.network import Environment, EventStoreSpec, Kind
from blossm.model.schema.headers import NetworkKeys
from blossm.model.source import Document

DOORS: dict[Kind, str] = {"command-gateway": "c", "fact-gateway": "f", "view-gateway": "v"}


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A procedure on its way into the network. Service, domain and context are empty where they don't apply."""

    placed: Placed
    kind: Kind
    name: str
    service: str
    domain: str
    context: str

    @property
    def document(self) -> Document:
        return self.placed.procedure.document

    @property
    def keys(self) -> Any:
        """The keys of its kind; None where they can't be read."""
        return self.placed.procedure.keys

    def sure(self, key: str) -> bool:
        """Whether what a key says could be read."""
        return key not in self.placed.procedure.doubtful

    @property
    def address(self) -> str:
        if letter := DOORS.get(self.kind):
            return door(letter, *((self.context,) if self.kind == "view-gateway" else (self.domain, self.service)))
        return address(self.service, self.domain, self.context, self.name)

    @property
    def spot(self) -> Spot:
        return self.document.value("procedure")

    @property
    def named_at(self) -> Spot:
        return self.document.value("name") if "name" in self.document.data else self.spot


def draft(placed: Placed) -> Draft:
    """What a procedure is called, from its scope and its own name."""
    procedure, scope = placed.procedure, placed.scope
    name = procedure.said("name") if procedure.kind in ("command", "fact", "view-store", "projection") else ""
    if is_read_side(procedure):
        return Draft(placed, procedure.kind, name, "", "", scope.context)
    of_the_network = procedure.kind == "fact" and not scope.domain
    return Draft(placed, procedure.kind, name, "" if of_the_network else scope.service, scope.domain, "")


@dataclass(slots=True)
class Index:
    """Everything that references can find, and what reading them needs."""

    findings: Findings
    environment: Environment
    host: str  # what `$network` means
    network: NetworkKeys  # the root header, or one that says nothing
    doubtful: frozenset[str]  # keys of the network's header that could not be read
    complete: bool  # False: something could not be read or placed, so what seems to be missing may be there
    modules: Modules
    types: Types
    services: dict[str, tuple[str, ...]] = field(default_factory=dict)  # → depends_on
    domains: dict[tuple[str, str], None] = field(default_factory=dict)
    drafts: dict[Kind, dict[str, Draft]] = field(default_factory=dict)
    event_stores: dict[str, EventStoreSpec] = field(default_factory=dict)  # those that could be read
    _stores: dict[str, dict[str, Draft]] = field(default_factory=dict)  # service → domain → event store

    def add(self, one: Draft) -> None:
        self.drafts.setdefault(one.kind, {})[one.address] = one
        if one.kind == "event-store":
            self._stores.setdefault(one.service, {})[one.domain] = one

    def stores_of(self, service: str) -> dict[str, Draft]:
        """The event stores of a service, by domain."""
        return self._stores.get(service, {})

    def has(self, kind: Kind, address: str) -> bool:
        return address in self.drafts.get(kind, {})

    def addresses(self, kind: Kind) -> Iterable[str]:
        return self.drafts.get(kind, {})

    def tell_unknown(self, message: str, spot: Spot, *, help: str = "", code: str = "B301") -> None:
        """A reference that leads nowhere, unless it may lead into a file that could not be read."""
        if self.complete:
            self.findings.add(code, message, spot, help=help)
