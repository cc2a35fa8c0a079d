"""The way from one procedure to another within a process: a direct call, where the model has an edge for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from blossm.core.commit import NOTHING, Appended, Commit, Expectation
from blossm.core.errors import NotFound, PermissionDenied
from blossm.core.event import Aggregate, LoggedEvent
from blossm.core.read_set import NO_READS, ReadSet
from blossm.model.edges import edges
from blossm.model.network import Network, Ref
from blossm.ports import CommandClient, EventStoreClient, FactClient, Reading, ReadPage, ViewStoreClient

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Procedures:
    """The procedures that stand in this process, by address (the event stores of a service by its name)."""

    event_stores: dict[str, EventStoreClient] = field(default_factory=dict)
    commands: dict[str, CommandClient] = field(default_factory=dict)
    facts: dict[str, FactClient] = field(default_factory=dict)
    view_stores: dict[str, ViewStoreClient] = field(default_factory=dict)


class Directory:
    """All procedures of a network, and who may call whom. It hands out the clients."""

    def __init__(self, network: Network, procedures: Procedures) -> None:
        self.network = network
        self.procedures = procedures
        self._callees: dict[Ref, set[Ref]] = {}
        for caller, callee in edges(network):
            self._callees.setdefault(caller, set()).add(callee)

    def clients(self, caller: Ref) -> InProcessClients:
        """The clients of a procedure of the network."""
        return InProcessClients(self, caller, frozenset(self._callees.get(caller, ())))

    def operator(self) -> InProcessClients:
        """The clients of who runs the network, and of its tests: they may call everything."""
        return InProcessClients(self, None, frozenset())


class InProcessClients:
    """`ports.Clients` bound to one caller; None is the operator. What has no edge is refused when it is reached for."""

    def __init__(self, directory: Directory, caller: Ref | None, callees: frozenset[Ref]) -> None:
        self._directory = directory
        self._caller = caller
        self._callees = callees
        self._windows: dict[str, EventStoreClient] = {}

    def event_stores(self, service: str) -> EventStoreClient:
        stores = self._found(Ref("event-store", service), self._directory.procedures.event_stores)
        if self._caller is None:
            return stores
        if service not in self._windows:
            self._windows[service] = _Windows(stores, service, self._rights(self._caller, service))
        return self._windows[service]

    def command(self, address: str) -> CommandClient:
        return self._called(Ref("command", address), self._directory.procedures.commands)

    def fact(self, address: str) -> FactClient:
        return self._called(Ref("fact", address), self._directory.procedures.facts)

    def view_store(self, address: str) -> ViewStoreClient:
        return self._called(Ref("view-store", address), self._directory.procedures.view_stores)

    def _called(self, callee: Ref, procedures: Mapping[str, T]) -> T:
        if self._caller is not None and callee not in self._callees:
            raise denied(self._caller, callee)
        return self._found(callee, procedures)

    def _found(self, callee: Ref, procedures: Mapping[str, T]) -> T:
        if callee.address not in procedures:
            raise NotFound(f"there is no {callee.kind} {callee.address}", facts={"callee": _word(callee)})
        return procedures[callee.address]

    def _rights(self, caller: Ref, service: str) -> _Rights:
        network = self._directory.network
        command = network.commands.get(caller.address) if caller.kind == "command" else None
        fact = network.facts.get(caller.address) if caller.kind == "fact" else None
        own = command or fact
        return _Rights(
            caller,
            frozenset(domain for domain, store in network.stores_of(service).items() if store.ref in self._callees),
            frozenset(command.logs) if command and command.service == service else frozenset(),
            own is not None and own.service == service,
        )


@dataclass(frozen=True, slots=True)
class _Rights:
    """What a caller may do with one service's log. `own`: it is its own service's."""

    caller: Ref
    reads: frozenset[str]
    logs: frozenset[str]
    own: bool


class _Windows:
    """The event stores of a service as one caller may use them: domains it may read, domains it may log to."""

    def __init__(self, stores: EventStoreClient, service: str, rights: _Rights) -> None:
        self._stores = stores
        self._service = service
        self._rights = rights

    async def append(self, commit: Commit, *, reads: ReadSet = NO_READS, expect: Expectation = NOTHING) -> Appended:
        for event in commit.events:
            if event.domain not in self._rights.logs:
                raise denied(self._rights.caller, self._store(event.domain), verb="log to")
        return await self._stores.append(commit, reads=reads, expect=expect)

    async def reply_to(self, key: str, fingerprint: str) -> Appended | None:
        if not self._rights.own:
            raise denied(self._rights.caller, Ref("event-store", self._service), verb="log to")
        return await self._stores.reply_to(key, fingerprint)

    async def aggregate(
        self, domain: str, root: str, *, head: int = 0, number: int | None = None, time: str | None = None
    ) -> Reading[Aggregate]:
        self._may_read(domain)
        return await self._stores.aggregate(domain, root, head=head, number=number, time=time)

    async def query_aggregates(
        self, domain: str, where: Mapping[str, Any], *, head: int = 0
    ) -> Reading[tuple[Aggregate, ...]]:
        self._may_read(domain)
        return await self._stores.query_aggregates(domain, where, head=head)

    async def count(self, domain: str, root: str, *, head: int = 0) -> Reading[int]:
        self._may_read(domain)
        return await self._stores.count(domain, root, head=head)

    async def read(self, after: int, *, limit: int = 500, domains: Collection[str] | None = None) -> ReadPage:
        """`domains` None: those the caller may read."""
        self._any()
        for domain in domains or ():
            self._may_read(domain)
        return await self._stores.read(after, limit=limit, domains=self._rights.reads if domains is None else domains)

    async def head(self) -> int:
        self._any()
        return await self._stores.head()

    async def commit_at(self, position: int) -> str:
        self._any()
        return await self._stores.commit_at(position)

    async def root(self, domain: str, root: str, *, after: int = 0) -> list[LoggedEvent]:
        self._may_read(domain)
        return await self._stores.root(domain, root, after=after)

    def _may_read(self, domain: str) -> None:
        if domain not in self._rights.reads:
            raise denied(self._rights.caller, self._store(domain), verb="read")

    def _any(self) -> None:
        """The log is of the caller's own service, or it may read one of its domains."""
        if not (self._rights.own or self._rights.reads):
            raise denied(self._rights.caller, Ref("event-store", self._service), verb="read")

    def _store(self, domain: str) -> Ref:
        return Ref("event-store", f"{self._service}.{domain}")


def denied(caller: Ref, callee: Ref, *, verb: str = "call") -> PermissionDenied:
    """The refusal of a call that the model has no edge for."""
    key = {"log to": "logs", "read": "reads"}.get(verb, "reads" if callee.kind == "fact" else "calls")
    return PermissionDenied(
        f"{caller.kind} {caller.address} may not {verb} {callee.kind} {callee.address}",
        facts={"caller": _word(caller), "callee": _word(callee)},
        help=f"a call that blossm.yaml does not name is refused; `{key}:` of the caller names it",
    )


def _word(ref: Ref) -> str:
    return f"{ref.kind}:{ref.address}"
