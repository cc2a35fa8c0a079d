"""What `blossm dev` says when it serves: the doors, and three lines to paste, made from the network itself."""

from __future__ import annotations

import json
import shlex
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from blossm.cli.sample import sample
from blossm.core.access import covers
from blossm.model.network import (
    Access,
    CommandGatewaySpec,
    CommandSpec,
    Entry,
    FactGatewaySpec,
    FactSpec,
    GatewaySpec,
    Network,
    ViewGatewaySpec,
)

_CLOSED = ("",)
_RANKS = {"public": 0, "optional": 1, "signed_in": 2, "any": 3, "all": 3}


@dataclass(frozen=True, slots=True)
class Reached:
    """An entry with the door that it is behind, and what a token for it must carry (None: no token)."""

    door: GatewaySpec
    entry: Entry
    token: tuple[str, ...] | None

    @property
    def rank(self) -> int:
        return _RANKS[self.entry.access.rule] + len(self.token or ())


def welcome(network: Network, url: str, *, token: str) -> Iterator[str]:
    """The lines, without an end of line. `token`: how a shell makes a token for this network."""
    yield f"{network.title or network.name} ({network.environment})"
    port = url.rpartition(":")[2]
    for door in network.gateways():
        yield f"  http://{door.address}.localhost:{port}  {url}/{door.address}  {', '.join(door.entries)}"
    if paste := [line for kind in (_command, _fact, _view) if (line := kind(network, url, token))]:
        yield "paste into another terminal:"
        yield from (f"  {line}" for line in paste)


def _command(network: Network, url: str, token: str) -> str:
    """A line that issues a command: one that needs no root, and whose events a view shows, if there is one."""
    shown = {store.rpartition(".")[2] for projection in network.projections.values() for store in projection.events}
    best = _best(
        (reached, (command.root not in ("new", "none"), not shown.intersection(command.logs)))
        for reached in _entries(network, CommandGatewaySpec)
        if (command := network.commands[reached.entry.target.address]).root not in ("required", "context")
    )
    if best is None:
        return ""
    command = network.commands[best.entry.target.address]
    body = shlex.quote(json.dumps({"payload": _payload(command)}, ensure_ascii=False))
    return f"curl -s {_door(url, best)}{_bearer(best, token)} -H 'Content-Type: application/json' -d {body}"


def _fact(network: Network, url: str, token: str) -> str:
    best = _best(
        (reached, fact.root == "optional")
        for reached in _entries(network, FactGatewaySpec)
        if (fact := network.facts[reached.entry.target.address]).root not in ("required", "context")
    )
    if best is None:
        return ""
    query = _query(network.facts[best.entry.target.address])
    return f"curl -s {shlex.quote(_door(url, best) + query)}{_bearer(best, token)}"


def _view(network: Network, url: str, token: str) -> str:
    best = _best((reached, False) for reached in _entries(network, ViewGatewaySpec))
    return f"curl -s {_door(url, best)}{_bearer(best, token)}" if best else ""


def _best(choices: Iterator[tuple[Reached, Any]]) -> Reached | None:
    """The entry that needs the least, and among equals the one that fits best."""
    return min(choices, key=lambda choice: (choice[0].rank, choice[1]), default=(None, None))[0]


def _entries(network: Network, kind: type[GatewaySpec]) -> Iterator[Reached]:
    """The entries behind doors of a kind that somebody with a token made here may use."""
    for door in network.gateways():
        for entry in door.entries.values() if isinstance(door, kind) else ():
            if (token := _token(network, entry)) != _CLOSED:
                yield Reached(door, entry, token)


def _token(network: Network, entry: Entry) -> tuple[str, ...] | None:
    """The options of the token that an entry needs; None: it needs none; _CLOSED: no token made here opens it."""
    contexts = _contexts(network, entry)
    if entry.access.rule in ("public", "optional") and not contexts:
        return None
    if entry.access.rule == "public":
        return _CLOSED
    options = [f"--issuer {entry.access.issuer}"] if entry.access.issuer else []
    if entry.access.rule in ("any", "all"):
        role = _role(network, entry.access)
        if role is None or network.permissions_fact:
            return _CLOSED
        options.append(f"--role {role}")
    return (*options, *(f"--context {name}={uuid.uuid5(uuid.NAMESPACE_URL, name)}" for name in contexts))


def _contexts(network: Network, entry: Entry) -> tuple[str, ...]:
    match entry.target.kind:
        case "command":
            return network.commands[entry.target.address].contexts
        case "fact":
            return network.facts[entry.target.address].contexts
        case _:
            context = network.view_stores[entry.target.address].context
            return (context,) if context else ()


def _role(network: Network, access: Access) -> str | None:
    """A role that opens the entry."""
    enough = any if access.rule == "any" else all
    for role, permissions in network.roles.items():
        if enough(covers(permissions, wanted) for wanted in access.permissions):
            return role
    return None


def _door(url: str, reached: Reached) -> str:
    return f"{url}/{reached.door.address}/{reached.entry.name}"


def _bearer(reached: Reached, token: str) -> str:
    if reached.token is None:
        return ""
    return f' -H "Authorization: Bearer $({" ".join((token, *reached.token))})"'


def _payload(command: CommandSpec) -> dict[str, Any]:
    for example in command.examples:
        if "error" not in example and "given" not in example and "payload" in example:
            return dict(example["payload"])
    return sample(command.payload)


def _query(fact: FactSpec) -> str:
    query = sample(fact.query)
    words = {name: value if isinstance(value, str) else json.dumps(value) for name, value in query.items()}
    return f"?{urlencode(words)}" if words else ""
