"""All documents → one network, for one environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar, assert_never

from blossm.model.headers import Hierarchy
from blossm.model.link import gateways, read_side, write_side
from blossm.model.link.addresses import check_hosts, gather
from blossm.model.link.examples import check_examples
from blossm.model.link.index import Draft, Index
from blossm.model.link.labels import check_labels
from blossm.model.link.python import Modules
from blossm.model.link.root import environments, issuers, permissions_fact, roles
from blossm.model.link.services import services
from blossm.model.link.sign_in import check_sign_in
from blossm.model.link.types import Types
from blossm.model.names import address
from blossm.model.network import (
    AnyProcedure,
    CommandGatewaySpec,
    CommandSpec,
    Environment,
    EventStoreSpec,
    FactGatewaySpec,
    FactSpec,
    Network,
    ProjectionSpec,
    ViewGatewaySpec,
    ViewStoreSpec,
)
from blossm.model.schema.headers import NetworkKeys

Spec = TypeVar("Spec", bound=AnyProcedure)


def link(hierarchy: Hierarchy, root: Path, environment: Environment, modules: Modules, *, complete: bool) -> Network:
    """The network of these documents. What is wrong goes to the findings, and then the network is not to be used."""
    header = next((chain[-1] for chain in hierarchy.chains if chain[-1].kind == "network"), None)
    keys = header.keys if header and isinstance(header.keys, NetworkKeys) else NetworkKeys(network="network.example")
    prefixes = environments(keys)
    host = address(prefixes[environment], keys.network)
    index = Index(
        findings=hierarchy.findings,
        environment=environment,
        host=host,
        network=keys,
        doubtful=header.doubtful if header else frozenset({"auth"}),
        complete=complete,
        modules=modules,
        types=Types(hierarchy.findings, host, complete=complete and header is not None),
    )
    known_services = services(hierarchy, index)
    check_labels(hierarchy, prefixes)
    gather(hierarchy, index)
    for chain in hierarchy.chains:
        index.types.check_types(chain)
    network = Network(
        name=keys.network,
        environment=environment,
        environments=prefixes,
        directory=str(root),
        title=keys.title,
        issuers=issuers(header, index),
        permissions_fact=permissions_fact(header, index),
        roles=roles(hierarchy, index),
        services=known_services,
        **_procedures(index),
    )
    check_hosts(index, prefixes)
    check_sign_in(network, index)
    return network


def _procedures(index: Index) -> dict[str, Any]:
    """The parts of a network that hold procedures."""
    specs = _specs(index)
    views = _of(ViewStoreSpec, specs)
    return {
        "contexts": tuple(dict.fromkeys(view.context for view in views.values() if view.context)),
        "event_stores": _of(EventStoreSpec, specs),
        "commands": _of(CommandSpec, specs),
        "facts": _of(FactSpec, specs),
        "command_gateways": _of(CommandGatewaySpec, specs),
        "fact_gateways": _of(FactGatewaySpec, specs),
        "view_stores": views,
        "projections": _of(ProjectionSpec, specs),
        "view_gateways": _of(ViewGatewaySpec, specs),
    }


def _specs(index: Index) -> list[AnyProcedure]:
    """Every procedure whose keys can be read; the event stores first, since the others refer to their actions."""
    for store, draft in index.drafts.get("event-store", {}).items():
        if draft.keys:
            spec = write_side.event_store(draft, index)
            if draft.sure("actions"):
                index.event_stores[store] = spec
    others = [
        _spec(draft, index)
        for kind, drafts in index.drafts.items()
        if kind != "event-store"
        for draft in drafts.values()
        if draft.keys
    ]
    for store in index.event_stores:
        check_examples(index.drafts["event-store"][store], index)
    return [*index.event_stores.values(), *others]


def _spec(draft: Draft, index: Index) -> AnyProcedure:
    match draft.kind:
        case "event-store":
            return write_side.event_store(draft, index)
        case "command":
            return write_side.command(draft, index)
        case "fact":
            return write_side.fact(draft, index)
        case "command-gateway":
            return gateways.command_gateway(draft, index)
        case "fact-gateway":
            return gateways.fact_gateway(draft, index)
        case "view-store":
            return read_side.view_store(draft, index)
        case "projection":
            return read_side.projection(draft, index)
        case "view-gateway":
            return gateways.view_gateway(draft, index)
        case _:
            assert_never(draft.kind)


def _of(kind: type[Spec], specs: list[AnyProcedure]) -> dict[str, Spec]:
    return {spec.address: spec for spec in specs if isinstance(spec, kind)}
