"""What `blossm dev` says when it serves: the doors, and three lines to paste, made from the network itself."""

from __future__ import annotations

import json
import shlex
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
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

if TYPE_CHECKING:
    from blossm.local.run import Served

_CLOSED = ("",)
_OVER_GRPC = ("event-store", "command", "fact", "view-store")
_EFFORTS = {"public": 0, "optional": 1, "signed_in": 2, "any": 3, "all": 3}


@dataclass(frozen=True, slots=True)
class Reached:
    """An entry with the door that it is behind, and what a token for it must carry (None: no token)."""

    door: GatewaySpec
    entry: Entry
    token: tuple[str, ...] | None

    @property
    def effort(self) -> int:
        """How much a caller must bring along."""
        return _EFFORTS[self.entry.access.rule] + len(self.token or ())


@dataclass(frozen=True, order=True, kw_only=True)
class Against:
    """What speaks against showing an entry, the weightiest first."""

    makes_nothing: bool = False
    shows_nothing: bool
    effort: int
    may_have_root: bool = False


def welcome(network: Network, url: str, *, token: str) -> Iterator[str]:
    """The lines, without an end of line. `token`: how a shell makes a token for this network."""
    yield f"{network.title or network.name} ({network.environment})"
    port = url.rpartition(":")[2]
    for door in network.gateways():
        yield f"  http://{door.address}.localhost:{port}  {url}/{door.address}  {', '.join(door.entries)}"
    if paste := list(lines(network, url, token=token)):
        yield "paste into another terminal:"
        yield from (f"  {line}" for line in paste)


def kept(running: Served) -> Iterator[str]:
    """Where a network has its logs, when that is a server; and where it had others, when those were not forgotten with it."""
    if databases := running.databases:
        yield f"logs, states and views are on {running.kept}, in {len(databases)} databases: {', '.join(databases)}"
    if left := running.left:
        again = f"`--log {left.address} --fresh` forgets them too"
        yield f"the logs on {left.address} are left as they were ({', '.join(left.logs)}): {again}"


def wire(processes: Mapping[str, str], *, key: str) -> Iterator[str]:
    """How the processes of a network are reached: where each listens, by its name. Nothing where there are none."""
    if not processes:
        return
    called = [name for name in processes if name.partition(" ")[0] in _OVER_GRPC]
    yield f"{len(processes)} processes: `blossm status` says where each one listens"
    if called:
        yield f"with the operator's key any tool may call them over gRPC, here {called[0]}:"
        yield f"  grpcurl -plaintext -H 'authorization: Bearer {key}' {processes[called[0]]} list"


def lines(network: Network, url: str, *, token: str) -> Iterator[str]:
    """Up to three lines for a shell: issue a command, read a fact and query a view that show what came of it."""
    logged: set[str] = set()
    if command := _command(network):
        spec = network.commands[command.entry.target.address]
        logged = _logged(spec)
        body = shlex.quote(json.dumps({"payload": _payload(spec)}, ensure_ascii=False))
        json_header = "-H 'Content-Type: application/json'"
        yield f"curl -s {_door(url, command)}{_bearer(command, token)} {json_header} -d {body}"
    if fact := _fact(network, logged):
        query = _query(network.facts[fact.entry.target.address])
        yield f"curl -s {shlex.quote(_door(url, fact) + query) if query else _door(url, fact)}{_bearer(fact, token)}"
    if view := _view(network, logged):
        yield f"curl -s {_door(url, view)}{_bearer(view, token)}"


def _command(network: Network) -> Reached | None:
    """One that needs no root: best one that makes a new thing, which a view shows."""
    shown = {store for projection in network.projections.values() for store in projection.events}
    return _best(
        (
            reached,
            Against(
                makes_nothing=command.root != "new",
                shows_nothing=shown.isdisjoint(_logged(command)),
                effort=reached.effort,
            ),
        )
        for reached in _entries(network, CommandGatewaySpec)
        if (command := network.commands[reached.entry.target.address]).root not in ("required", "context")
    )


def _fact(network: Network, logged: set[str]) -> Reached | None:
    """One that needs no root: best one that may read what was logged."""
    return _best(
        (
            reached,
            Against(
                shows_nothing=logged.isdisjoint(fact.reads.event_stores),
                effort=reached.effort,
                may_have_root=fact.root == "optional",
            ),
        )
        for reached in _entries(network, FactGatewaySpec)
        if (fact := network.facts[reached.entry.target.address]).root not in ("required", "context")
    )


def _view(network: Network, logged: set[str]) -> Reached | None:
    """Best one whose projection is told of what was logged."""
    return _best(
        (reached, Against(shows_nothing=logged.isdisjoint(projection.events), effort=reached.effort))
        for reached in _entries(network, ViewGatewaySpec)
        if (projection := network.projections.get(reached.entry.target.address))
    )


def _logged(command: CommandSpec) -> set[str]:
    """The event stores that a command logs to."""
    return {f"{command.service}.{domain}" for domain in command.logs}


def _best(choices: Iterator[tuple[Reached, Against]]) -> Reached | None:
    """The choice with the least against it; of equals the first in the files."""
    return min(choices, key=lambda choice: choice[1], default=(None,))[0]


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
