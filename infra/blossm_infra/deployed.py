"""What becomes a Cloud Run service of its own, and who may call it: pure, from the model alone."""

from __future__ import annotations

from dataclasses import dataclass

from blossm.model.edges import edges
from blossm.model.network import AnyProcedure, Network, Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """A procedure, or all event stores of one service: they share one log, so they share what serves it."""

    ref: Ref
    specs: tuple[AnyProcedure, ...]

    @property
    def first(self) -> AnyProcedure:
        return self.specs[0]


def home(ref: Ref) -> Ref:
    """Where a procedure runs: event stores at their service's log, all others by themselves."""
    return Ref("event-store", ref.address.partition(".")[0]) if ref.kind == "event-store" else ref


def deployed(network: Network) -> dict[Ref, Deployed]:
    """Everything that runs, in the network's order."""
    specs: dict[Ref, list[AnyProcedure]] = {}
    for procedure in network.procedures():
        specs.setdefault(home(procedure.ref), []).append(procedure)
    return {ref: Deployed(ref=ref, specs=tuple(members)) for ref, members in specs.items()}


def callers(network: Network) -> dict[Ref, tuple[Ref, ...]]:
    """Who may call what runs, each caller once, in a fixed order; those without callers are there too."""
    found: dict[Ref, set[Ref]] = {ref: set() for ref in deployed(network)}
    for edge in edges(network):
        found[home(edge.callee)].add(home(edge.caller))
    return {callee: tuple(sorted(refs)) for callee, refs in found.items()}


def callees(network: Network) -> dict[Ref, tuple[Ref, ...]]:
    """Whom each of those that call may call: the same edges, from the other end."""
    found: dict[Ref, set[Ref]] = {}
    for edge in edges(network):
        found.setdefault(home(edge.caller), set()).add(home(edge.callee))
    return {caller: tuple(sorted(refs)) for caller, refs in found.items()}


def dispatched(network: Network) -> frozenset[Ref]:
    """What the dispatcher calls: commands with a schedule, those that others may call later, and the logs that say so."""
    called = {address for command in network.commands.values() for address in command.calls}
    commands = {command.ref for command in network.commands.values() if command.schedule or command.address in called}
    return frozenset(commands | {home(Ref("event-store", address)) for address in dispatching(network)})


def dispatching(network: Network) -> tuple[str, ...]:
    """The event stores whose logs may say that a command is to be called later."""
    domains = {f"{c.service}.{domain}" for c in network.commands.values() if c.calls for domain in c.logs}
    return tuple(address for address in network.event_stores if address in domains)


def listened_to(network: Network, projection: Ref) -> tuple[str, ...]:
    """The services whose logs a projection follows."""
    return tuple(dict.fromkeys(store.partition(".")[0] for store in network.projections[projection.address].events))
