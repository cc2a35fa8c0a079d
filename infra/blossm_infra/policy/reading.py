"""How rules read a plan, in which much may be unknown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blossm_infra.harness.plan import Plan, Registered
from blossm_infra.harness.wire import Secret, Unknown

SERVICE = "gcp:cloudrunv2/service:Service"
JOB = "gcp:cloudrunv2/job:Job"
SUBSCRIPTION = "gcp:pubsub/subscription:Subscription"
CLOCK = "gcp:cloudscheduler/job:Job"
ROLE = "mongodbatlas:index/customDbRole:CustomDbRole"
USER = "mongodbatlas:index/databaseUser:DatabaseUser"
CLUSTER = "mongodbatlas:index/advancedCluster:AdvancedCluster"
ATLAS_PROJECT = "mongodbatlas:index/project:Project"
GATEWAYS = ("command-gateway", "fact-gateway", "view-gateway")


def at(resource: Registered, *path: str) -> Any:
    """The input at a path; None where there is none, and whatever is unknown as it is."""
    value: Any = resource.inputs
    for key in path:
        if not isinstance(value, dict):
            return value if isinstance(value, Unknown) else None
        value = value.get(key)
    return value.value if isinstance(value, Secret) else value


def is_gateway(service: Registered) -> bool:
    return at(service, "labels", "kind") in GATEWAYS


def containers(resource: Registered) -> list[dict[str, Any]]:
    """Those of a Cloud Run service or job."""
    template = at(resource, "template", "template") if resource.type == JOB else at(resource, "template")
    found: list[dict[str, Any]] = template.get("containers", []) if isinstance(template, dict) else []
    return found


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that is no list or object, with its path; a secret is one value."""
    match value:
        case dict():
            for key, inner in value.items():
                yield from leaves(inner, f"{path}.{key}" if path else key)
        case list():
            for index, inner in enumerate(value):
                yield from leaves(inner, f"{path}[{index}]")
        case _:
            yield path, value


def below(plan: Plan, component: Registered) -> Iterator[Registered]:
    """All that lies below a component."""
    inside = {component.urn}
    for resource in plan.resources:  # parents come before their children
        if resource.parent in inside:
            inside.add(resource.urn)
            yield resource
