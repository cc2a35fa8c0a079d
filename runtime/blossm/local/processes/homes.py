"""What becomes a process of its own, whom it calls, and in which order processes end: pure, from the model alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from blossm.model.edges import edges
from blossm.model.network import AnyProcedure, Network, Ref

STORES = ("event-store", "view-store")


def home(ref: Ref) -> Ref:
    """The process of a procedure: event stores are at their service's log, all others by themselves."""
    return Ref("event-store", ref.address.partition(".")[0]) if ref.kind == "event-store" else ref


def homes(network: Network) -> dict[Ref, tuple[AnyProcedure, ...]]:
    """Every process with its procedures, in the network's order."""
    found: dict[Ref, list[AnyProcedure]] = {}
    for procedure in network.procedures():
        found.setdefault(home(procedure.ref), []).append(procedure)
    return {ref: tuple(procedures) for ref, procedures in found.items()}


def called(network: Network) -> dict[Ref, tuple[Ref, ...]]:
    """The processes that each process may call, each once, in a fixed order."""
    found: dict[Ref, set[Ref]] = {ref: set() for ref in homes(network)}
    for edge in edges(network):
        found[home(edge.caller)].add(home(edge.callee))
    return {ref: tuple(sorted(callees)) for ref, callees in found.items()}


def waves(calls: Mapping[Ref, tuple[Ref, ...]]) -> Iterator[Set[Ref]]:
    """The order in which processes end: nothing ends before those that call it, so that what they are doing can finish.

    Those that call each other in a circle end together, and stores at the very end.
    """
    left = set(calls)
    while left:
        needed = {callee for caller in left for callee in calls[caller] if callee != caller}
        ending = (left - needed) - _stores(left) or left - _stores(left) or left
        yield ending
        left = left - ending


def _stores(refs: Set[Ref]) -> set[Ref]:
    return {ref for ref in refs if ref.kind in STORES}
