"""A network's arrows: what flows from whom to whom, and four ways to write them down."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from blossm.model.network import CommandSpec, FactSpec, GatewaySpec, Network, ProjectionSpec, Ref

Meaning = Literal["permits", "calls", "logs", "reads", "tells", "writes"]


class Arrow(NamedTuple):
    """One arrow, in the direction that things flow. `label`: the actions of events that a projection is told."""

    start: Ref
    meaning: Meaning
    end: Ref
    label: str = ""


def arrows(network: Network) -> list[Arrow]:
    """All arrows of a network, in the order of its files. Event stores that a command may read anyway are left out."""
    return [arrow for spec in network.procedures() for arrow in _from(network, spec)]


def _from(network: Network, spec: object) -> Iterator[Arrow]:
    match spec:
        case GatewaySpec():
            yield from (Arrow(spec.ref, "permits", entry.target) for entry in spec.entries.values())
        case CommandSpec():
            yield from (Arrow(spec.ref, "logs", Ref("event-store", f"{spec.service}.{domain}")) for domain in spec.logs)
            yield from (Arrow(spec.ref, "calls", Ref("command", address)) for address in spec.calls)
            yield from _reads(network, spec)
        case FactSpec():
            yield from _reads(network, spec)
        case ProjectionSpec():
            for store, actions in spec.events.items():
                yield Arrow(Ref("event-store", store), "tells", spec.ref, ", ".join(actions))
            yield Arrow(spec.ref, "writes", Ref("view-store", spec.address))
            yield from _reads(network, spec)


def _reads(network: Network, spec: CommandSpec | FactSpec | ProjectionSpec) -> Iterator[Arrow]:
    yield from (Arrow(spec.ref, "reads", Ref("fact", address)) for address in spec.reads.facts)
    for address in spec.reads.event_stores:
        store = network.event_stores[address]
        if store.service != spec.service or (store.domain == spec.domain and isinstance(spec, FactSpec)):
            yield Arrow(spec.ref, "reads", store.ref)


def text(arrows: Iterable[Arrow]) -> str:
    """Who comes first, and below it what flows from it."""
    lines: list[str] = []
    start: Ref | None = None
    for arrow in sorted(arrows, key=lambda one: one.start):
        if arrow.start != start:
            start = arrow.start
            lines.append(f"{start.kind} {start.address}")
        label = f" ({arrow.label})" if arrow.label else ""
        lines.append(f"  {arrow.meaning} {arrow.end.kind} {arrow.end.address}{label}")
    return "\n".join(lines)


def mermaid(arrows: Iterable[Arrow]) -> str:
    """A Mermaid flow chart, which many pages that show Markdown draw."""
    arrows = list(arrows)
    nodes = _nodes(arrows)
    lines = ["graph LR"]
    lines += [f'  {_id(node)}["{node.address}<br/>{node.kind}"]' for node in nodes]
    lines += [f"  {_id(arrow.start)} {_line(arrow)}|{arrow.label or arrow.meaning}| {_id(arrow.end)}" for arrow in arrows]
    return "\n".join(lines)


def _line(arrow: Arrow) -> str:
    return "-.->" if arrow.meaning == "reads" else "-->"


def dot(arrows: Iterable[Arrow]) -> str:
    """A graph for Graphviz."""
    arrows = list(arrows)
    lines = ["digraph network {", "  rankdir=LR;", "  node [shape=box];"]
    lines += [f'  {_id(node)} [label="{node.address}\\n{node.kind}"];' for node in _nodes(arrows)]
    for arrow in arrows:
        style = ", style=dashed" if arrow.meaning == "reads" else ""
        lines.append(f'  {_id(arrow.start)} -> {_id(arrow.end)} [label="{arrow.label or arrow.meaning}"{style}];')
    return "\n".join([*lines, "}"])


def as_json(arrows: Iterable[Arrow]) -> str:
    """Nodes and arrows as data."""
    arrows = list(arrows)
    return json.dumps(
        {
            "procedures": [node._asdict() for node in _nodes(arrows)],
            "arrows": [
                {"from": one.start._asdict(), "to": one.end._asdict(), "meaning": one.meaning}
                | ({"actions": one.label.split(", ")} if one.label else {})
                for one in arrows
            ],
        }
    )


def _nodes(arrows: Iterable[Arrow]) -> list[Ref]:
    return sorted({node for arrow in arrows for node in (arrow.start, arrow.end)})


def _id(node: Ref) -> str:
    return f"{node.kind}_{node.address}".replace("-", "_").replace(".", "_")


FORMS = {"text": text, "mermaid": mermaid, "dot": dot, "json": as_json}
