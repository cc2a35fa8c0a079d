"""What a handler may reach, told where it reaches: the model's edges, with the key of blossm.yaml that is missing."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TypeVar

from blossm.core.errors import BadRequest, NotFound, PermissionDenied
from blossm.model.network import CommandSpec, EventStoreSpec, FactSpec, Network

T = TypeVar("T", EventStoreSpec, FactSpec, CommandSpec)
Spec = CommandSpec | FactSpec


def readable_store(spec: Spec, network: Network, domain: str | None) -> EventStoreSpec:
    """The event store that `domain` means: one of the spec's own service, or `service.domain`."""
    named = domain or spec.domain
    if not named:
        raise BadRequest(f"{spec.address} has no domain of its own", help='name one: domain="<service>.<domain>"')
    address = named if "." in named else f"{spec.service}.{named}"
    store = _found("event store", [address], network.event_stores)
    if store.address not in spec.reads.event_stores and store.service != spec.service:
        raise _denied(spec, "read", f"event store {store.address}", f"reads: [{store.address}]")
    return store


def readable_fact(spec: Spec, network: Network, address: str) -> FactSpec:
    """The fact that an address means; a short name is the domain's, else the network's."""
    fact = _found("fact", _meant(spec, address), network.facts)
    if fact.address not in spec.reads.facts:
        raise _denied(spec, "read", f"fact {fact.address}", f"reads: [{fact.address}]")
    return fact


def callable_command(spec: CommandSpec, network: Network, address: str) -> CommandSpec:
    """The command that an address means; a short name is the domain's."""
    command = _found("command", _meant(spec, address), network.commands)
    if command.address not in spec.calls:
        raise _denied(spec, "call", f"command {command.address}", f"calls: [{command.address}]")
    return command


def loggable_store(spec: CommandSpec, network: Network, domain: str | None) -> EventStoreSpec:
    """The event store of the command's own service that an event of `domain` is logged to."""
    named = (domain or spec.domain).removeprefix(f"{spec.service}.")
    store = _found("event store", [f"{spec.service}.{named}"], network.event_stores)
    if named not in spec.logs:
        raise _denied(spec, "log to", f"domain {named}", f"logs: [{', '.join([*spec.logs, named])}]")
    return store


def _meant(spec: Spec, address: str) -> list[str]:
    return [address] if "." in address or not spec.domain else [f"{spec.service}.{spec.domain}.{address}", address]


def _found(kind: str, addresses: list[str], among: dict[str, T]) -> T:
    for address in addresses:
        if address in among:
            return among[address]
    near = get_close_matches(addresses[0], among, n=1)
    raise NotFound(f"there is no {kind} {addresses[-1]}", help=f"did you mean {near[0]}?" if near else "")


def _denied(spec: Spec, verb: str, what: str, key: str) -> PermissionDenied:
    return PermissionDenied(
        f"{spec.kind} {spec.address} may not {verb} {what}",
        facts={"caller": f"{spec.kind}:{spec.address}"},
        help=f"write `{key}` to it ({spec.at})",
    )
