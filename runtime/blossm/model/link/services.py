"""Services, their domains, and the direction in which they depend on each other."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from blossm.model.diagnostics import Spot, did_you_mean
from blossm.model.documents import Header
from blossm.model.headers import Hierarchy
from blossm.model.link.index import Index, draft
from blossm.model.network import ServiceSpec
from blossm.model.schema.headers import ServiceKeys


def services(hierarchy: Hierarchy, index: Index) -> dict[str, ServiceSpec]:
    """Every service, from the headers and event stores that name it. What was found is put into the index."""
    places = _domains(hierarchy, index)
    spots: dict[tuple[str, str], Spot] = {}
    depends_on: dict[str, dict[str, None]] = {name: {} for name in places}
    for chain in hierarchy.chains:
        header = chain[-1]
        keys = header.keys if header.name else None
        for at, other in enumerate(keys.depends_on if isinstance(keys, ServiceKeys) else ()):
            spot = header.document.value("depends_on", at)
            if other not in places:
                help = did_you_mean(other, places, there_are="services")
                index.tell_unknown(f"there is no service `{other}`", spot, help=help)
                continue
            depends_on[header.name][other] = None
            spots.setdefault((header.name, other), spot)
    index.services = {name: tuple(others) for name, others in depends_on.items()}
    _tell_circles({name: set(others) for name, others in depends_on.items()}, spots, index)
    return {
        name: ServiceSpec(
            name=name,
            at=places[name].place,
            depends_on=index.services[name],
            domains=tuple(domain for service, domain in index.domains if service == name),
        )
        for name in places
    }


def _domains(hierarchy: Hierarchy, index: Index) -> dict[str, Spot]:
    """Services and where each is named first; their domains go into the index."""
    places: dict[str, Spot] = {}
    for chain in hierarchy.chains:
        header = chain[-1]
        service = _service_of(chain)
        if header.kind in ("service", "domain") and service:
            places.setdefault(service, header.document.value("service" if header.kind == "service" else "domain"))
        if header.kind == "domain" and header.name:
            if service:
                index.domains[service, header.name] = None
            else:
                help = "a header above it, or this one, says `service: shop`"
                message = f"the domain `{header.name}` belongs to no service"
                index.findings.add("B124", message, header.document.value("domain"), help=help)
    for placed in hierarchy.procedures:
        if placed.procedure.kind == "event-store":
            store = draft(placed)
            if store.service and store.domain:
                places.setdefault(store.service, store.spot)
                index.domains[store.service, store.domain] = None
    return places


def _service_of(chain: tuple[Header, ...]) -> str:
    """The service that the last header of a chain is, or lies in."""
    said = {header.kind: header for header in chain}
    if "domain" in said and said["domain"].service:
        return said["domain"].service
    return said["service"].name if "service" in said else ""


def _tell_circles(graph: dict[str, set[str]], spots: dict[tuple[str, str], Spot], index: Index) -> None:
    """Tell each circle at the dependency that closes it."""
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle: list[str] = list(reversed(error.args[1]))
            first = circle.index(min(circle))
            names = [*circle[first:-1], *circle[:first], circle[first]]
            index.findings.add("B303", f"`{names[0]}` depends on itself: {' → '.join(names)}", spots[names[-2], names[-1]])
            graph[names[-2]].discard(names[-1])
        else:
            return
