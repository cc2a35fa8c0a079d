"""A plan's components, put below the headings that people look for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from blossm.cli.cloud.running import OURS, Running

if TYPE_CHECKING:
    from blossm_infra.preview import Branch, Registered

_LAST = ("Store", "Dispatcher", "Gateways", "Foundation")
_HASHED = re.compile(r"-[0-9a-f]{6}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A procedure, or all event stores of a service, and what it is made of."""

    kind: str
    name: str
    what: Running
    made_of: Branch

    def resources(self) -> Iterator[Registered]:
        return _resources(self.made_of)


@dataclass(slots=True, kw_only=True)
class Group:
    """What stands below one heading: procedures, in part below headings of their own, and all else."""

    title: str
    kind: str = ""
    rows: list[Row] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    rest: list[Registered] = field(default_factory=list)

    def everything(self) -> Iterator[Registered]:
        """All resources of the group but those that only hold others."""
        yield from self.rest
        for row in self.rows:
            yield from row.resources()
        for group in self.groups:
            yield from group.everything()


def groups(root: Branch, found: Mapping[str, Running]) -> list[Group]:
    """Services, contexts, what belongs to the network itself, and what they all stand on."""
    own, made, others = Group(title="the network itself"), [], []
    for branch in _below_network(root):
        kind = branch.resource.type.removeprefix(OURS)
        if branch.resource.name in found:
            own.rows.append(_row(branch, found))
        elif not branch.resource.type.startswith(OURS):
            own.rest.extend(_resources(branch))
        elif kind in ("Service", "Context"):
            made.append(_group(branch, found))
        else:
            others.append(_group(branch, found))
    made.sort(key=lambda group: not group.title.startswith("service"))
    others.sort(key=lambda group: _LAST.index(group.kind) if group.kind in _LAST else -1)
    return [group for group in (*made, own, *others) if any(group.everything())]


def _below_network(root: Branch) -> Iterator[Branch]:
    """What a network consists of, and whatever else the program registers."""
    for branch in root.children:
        if branch.resource.type == f"{OURS}Network":
            yield from branch.children
        else:
            yield branch


def _group(branch: Branch, found: Mapping[str, Running]) -> Group:
    group = Group(title=_title(branch.resource), kind=branch.resource.type.removeprefix(OURS))
    for child in branch.children:
        if child.resource.name in found and child.resource.type == f"{OURS}Procedure":
            is_log = found[child.resource.name].kind == "event-store"
            group.rows.append(_row(child, found, stores=_event_stores(branch) if is_log else ()))
        elif child.resource.type == f"{OURS}Domain":
            group.groups.append(_group(child, found))
        else:
            group.rest.extend(_resources(child))
    return group


def _row(branch: Branch, found: Mapping[str, Running], *, stores: tuple[str, ...] = ()) -> Row:
    what = found[branch.resource.name]
    own = what.address if what.kind.endswith("-gateway") else what.address.rpartition(".")[2]
    return Row(kind=said(what.kind), name=", ".join(stores) or own, what=what, made_of=branch)


def said(kind: str) -> str:
    """A kind of procedures as it is said where there is little room: what a gateway leads to, its address tells."""
    return "gateway" if kind.endswith("-gateway") else kind.replace("-", " ")


def _event_stores(service: Branch) -> tuple[str, ...]:
    """The event stores that share a service's log, by their domains."""
    stores = (child.resource for child in service.children if child.resource.type == f"{OURS}EventStore")
    return tuple(
        store.outputs["address"].rpartition(".")[2] + (" (retired)" if store.outputs["retired"] else "") for store in stores
    )


def _title(component: Registered) -> str:
    match component.outputs:
        case {"service": str(service)}:
            return f"service {service}"
        case {"domain": str(domain)}:
            return f"domain {domain}"
        case {"context": ""}:
            return "views without a context"
        case {"context": str(context)}:
            return f"context {context}"
        case _ if component.type == f"{OURS}Store":
            return f"database of {_own_name(component).removeprefix('store-').replace('-', ' ')}s"
        case _:
            return _own_name(component)


def _own_name(component: Registered) -> str:
    return _HASHED.sub("", component.name)


def _resources(branch: Branch) -> Iterator[Registered]:
    if branch.resource.custom:
        yield branch.resource
    for child in branch.children:
        yield from _resources(child)
