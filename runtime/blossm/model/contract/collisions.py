"""Names that two things of a network would share in its contract."""

from __future__ import annotations

from dataclasses import dataclass

from blossm.model.contract.build import messages_of
from blossm.model.contract.tree import Message
from blossm.model.network import Network, Place

_NOT_OURS = {
    "google.protobuf": "protobuf's own types",
    "blossm.rpc.v1": "the platform's own messages",
}


@dataclass(frozen=True, slots=True)
class Collision:
    """Two things that would have the same name in the contract."""

    name: str  # of the message, or of the package
    first: str  # `the request of shop.bicycle.paint`
    second: str
    at: Place  # of the second


def collisions(network: Network) -> tuple[Collision, ...]:
    """What can't be told apart in the contract, or would take a name that is not the network's to give."""
    found: dict[tuple[str, str], Collision] = {}
    packages, messages = dict(_NOT_OURS), dict[str, str]()
    for package, message, at in messages_of(network):
        for owners, name, owner in ((packages, package, _scope(message)), (messages, message.full_name, _owner(message))):
            if (first := owners.setdefault(name, owner)) != owner:
                found.setdefault((name, owner), Collision(name, first, owner, at))
    return tuple(found.values())


def _owner(message: Message) -> str:
    match message.role:
        case "event":
            return f"the action {message.action} of {message.address}"
        case "row":
            return f"the view {message.address}"
        case _:
            return f"the {message.role} of {message.address}"


def _scope(message: Message) -> str:
    """Whose package it is in."""
    if message.role in ("event", "state"):
        return f"the domain {message.address}"
    above = message.address.rpartition(".")[0]
    if message.role == "row":
        return f"the views of {above}" if above else "the views of no context"
    return f"the domain {above}" if above else "the network"
