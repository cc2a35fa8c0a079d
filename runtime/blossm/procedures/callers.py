"""Who may call whom, kept at run time: what the model has no edge for is refused, in process and over a wire alike."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from blossm.core.commit import NOTHING, Appended, Commit, Expectation
from blossm.core.errors import PermissionDenied
from blossm.core.event import Aggregate, LoggedEvent
from blossm.core.read_set import NO_READS, ReadSet
from blossm.model.edges import edges
from blossm.model.network import Network, Ref
from blossm.ports import EventStoreClient, Reading, ReadPage

Caller = Ref | None  # None: the operator, and the tests, who may call everything


class Callers:
    """The callers of a network: what each may call, and which windows it has on a service's log."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._callees: dict[Ref, set[Ref]] = {}
        for caller, callee in edges(network):
            self._callees.setdefault(caller, set()).add(callee)

    def check(self, caller: Caller, callee: Ref) -> None:
        """Raises PermissionDenied where the model has no edge. For an event store, its window says more."""
        if caller is not None and callee not in self._callees.get(caller, ()):
            raise denied(caller, callee)

    def window(self, caller: Caller, service: str, stores: EventStoreClient) -> EventStoreClient:
        """The event stores of a service as a caller may use them."""
        return stores if caller is None else _Window(stores, service, self._rights(caller, service))

    def _rights(self, caller: Ref, service: str) -> _Rights:
        network, callees = self._network, self._callees.get(caller, set())
        command = network.commands.get(caller.address) if caller.kind == "command" else None
        fact = network.facts.get(caller.address) if caller.kind == "fact" else None
        own = command or fact
        return _Rights(
            caller,
            frozenset(domain for domain, store in network.stores_of(service).items() if store.ref in callees),
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


class _Window:
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

    async def stream(
        self, after: int, *, domains: Collection[str] | None = None, follow: bool = False
    ) -> AsyncGenerator[ReadPage, None]:
        self._any()
        for domain in domains or ():
            self._may_read(domain)
        wanted = self._rights.reads if domains is None else domains
        async with aclosing(self._stores.stream(after, domains=wanted, follow=follow)) as pages:
            async for page in pages:
                yield page

    async def head(self) -> int:
        self._any()
        return await self._stores.head()

    async def commit_at(self, position: int) -> str:
        self._any()
        return await self._stores.commit_at(position)

    async def root(self, domain: str, root: str, *, after: int = 0, until: int | None = None) -> list[LoggedEvent]:
        self._may_read(domain)
        return await self._stores.root(domain, root, after=after, until=until)

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
        facts={"caller": word_of(caller), "callee": word_of(callee)},
        help=f"a call that blossm.yaml does not name is refused; `{key}:` of the caller names it",
    )


def word_of(ref: Ref) -> str:
    """A procedure as messages and paths name it: `command:shop.bicycle.paint`."""
    return f"{ref.kind}:{ref.address}"
