"""Who may call whom: the only calls that run time allows and the only bindings that the cloud gets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, assert_never

from blossm.model.network import (
    AnyProcedure,
    CommandGatewaySpec,
    CommandSpec,
    EventStoreSpec,
    FactGatewaySpec,
    FactSpec,
    Network,
    ProjectionSpec,
    Reads,
    Ref,
    ViewGatewaySpec,
    ViewStoreSpec,
)


class Edge(NamedTuple):
    caller: Ref
    callee: Ref


def edges(network: Network) -> frozenset[Edge]:
    """Every call that the model allows. The world calls gateways, which is no edge."""
    return frozenset(
        Edge(procedure.ref, callee)
        for procedure in network.procedures()
        for callee in _callees(network, procedure)
    )


def _callees(network: Network, procedure: AnyProcedure) -> Iterator[Ref]:
    match procedure:
        case CommandSpec():
            yield from _reads(procedure.reads)
            yield from (Ref("event-store", f"{procedure.service}.{domain}") for domain in procedure.logs)
            yield from (Ref("command", address) for address in procedure.calls)
        case FactSpec():
            yield from _reads(procedure.reads)
        case ProjectionSpec():
            yield from _reads(procedure.reads)
            yield from (Ref("event-store", address) for address in procedure.events)
            yield Ref("view-store", procedure.address)
        case CommandGatewaySpec() | FactGatewaySpec() | ViewGatewaySpec():
            yield from (entry.target for entry in procedure.entries.values())
            if network.permissions_fact:
                yield Ref("fact", network.permissions_fact)
        case EventStoreSpec() | ViewStoreSpec():
            return
        case _:
            assert_never(procedure)


def _reads(reads: Reads) -> Iterator[Ref]:
    yield from (Ref("fact", address) for address in reads.facts)
    yield from (Ref("event-store", address) for address in reads.event_stores)
