"""What lies below a plan's gateways, and what two plans differ in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.infra.networks import bicycle_city, entries, place

from blossm.model.network import CommandGatewaySpec, Environment, FactGatewaySpec, Network, Reads, Ref
from blossm_infra.preview import Branch, Plan, Registered

GATEWAYS = "blossm:infra:Gateways"
BACKEND = "gcp:compute/backendService:BackendService"
GROUP = "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup"
URL_MAP = "gcp:compute/uRLMap:URLMap"
RECORD = "gcp:dns/recordSet:RecordSet"
ZONE = "gcp:dns/managedZone:ManagedZone"
CERTIFICATE = "gcp:certificatemanager/certificate:Certificate"
SERVICE = "gcp:cloudrunv2/service:Service"


def below_gateways(plan: Plan) -> list[Registered]:
    """Resources only: what an operator pays for and waits for."""
    (found,) = [branch for branch in _walk(plan.tree()) if branch.resource.type == GATEWAYS]
    return [branch.resource for branch in _walk(found) if branch.resource.custom]


def counts(resources: list[Registered]) -> dict[str, int]:
    """How many of each, without the provider's long words."""
    return dict(Counter(resource.type.rpartition(":")[2] for resource in resources))


def of(plan: Plan, type: str) -> list[Registered]:
    """Those of a type that are the gateways' own: the stack's private network has zones and records too."""
    return [resource for resource in below_gateways(plan) if resource.type == type]


def zone(plan: Plan) -> Registered:
    (found,) = of(plan, ZONE)
    return found


def records(plan: Plan, kind: str) -> dict[str, Any]:
    """What the zone says of each host whose name is known."""
    found = [record for record in of(plan, RECORD) if record.inputs["type"] == kind]
    return {name: record.inputs["rrdatas"] for record in found if isinstance(name := record.inputs["name"], str)}


def _walk(branch: Branch) -> list[Branch]:
    return [branch, *(inner for child in branch.children for inner in _walk(child))]


@dataclass(frozen=True)
class Difference:
    added: list[Registered]
    removed: list[Registered]
    changed: list[Registered]


def difference(before: Plan, after: Plan) -> Difference:
    """By what an engine would compare: names in the tree, and inputs."""
    old, new = _by_urn(before), _by_urn(after)
    return Difference(
        added=[resource for urn, resource in new.items() if urn not in old],
        removed=[resource for urn, resource in old.items() if urn not in new],
        changed=[resource for urn, resource in new.items() if urn in old and old[urn].inputs != resource.inputs],
    )


def _by_urn(plan: Plan) -> Mapping[str, Registered]:
    return {resource.urn: resource for resource in plan.resources if resource.custom}


def command_gateway(address: str, *, host: str, line: int = 80) -> CommandGatewaySpec:
    """A door to one command of its domain."""
    _, domain, service = address.split(".")
    target = Ref("command", "staff.mechanic.notify")
    return CommandGatewaySpec(
        name=domain, address=address, at=place(line), service=service, domain=domain, host=host, entries=entries(target)
    )


def only_facts(environment: Environment) -> Network:
    """One fact and the gateway to it: as much as DNS needs."""
    city = bicycle_city(environment)
    return Network(
        name=city.name,
        environment=environment,
        environments=city.environments,
        facts={"price": replace(city.facts["price"], reads=Reads())},
        fact_gateways=city.fact_gateways,
    )


def fact_gateway(address: str, *, host: str, line: int = 90) -> FactGatewaySpec:
    """A door to one fact."""
    target = Ref("fact", "shop.bicycle.owner")
    return FactGatewaySpec(name=address, address=address, at=place(line), host=host, entries=entries(target))
