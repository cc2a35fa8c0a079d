"""What runs in a stack: each procedure by its own name, with what it runs on and who may call it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blossm_infra.preview import Branch, Plan, Registered

OURS = "blossm:infra:"
GUARD = f"{OURS}Guard"
STACK = "pulumi:pulumi:Stack"
SERVICE = "gcp:cloudrunv2/service:Service"
_SECRET = "gcp:secretmanager/secret:Secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One service of Cloud Run. `callers` are `kind/address`, or an account's name where no procedure calls."""

    name: str
    kind: str
    address: str
    instances: tuple[int, int]
    cpu: str
    memory: str
    callers: tuple[str, ...]


def running(root: Branch) -> dict[str, Running]:
    """Everything that runs, by the name of its component."""
    found = {component.name: (component, service) for component, service in _components(root)}
    refs = {name: _ref(service) for name, (_, service) in found.items()}
    return {name: _running(component, service, refs) for name, (component, service) in found.items()}


def secrets_of(plan: Plan) -> list[str]:
    """The secrets that containers are given and that the program does not make itself."""
    variables = [variable for service in plan.of(SERVICE) for variable in _container(service).get("envs", ())]
    named = {variable["valueSource"]["secretKeyRef"]["secret"] for variable in variables if "valueSource" in variable}
    made = {resource.inputs.get("secretId") for resource in plan.of(_SECRET)}
    return sorted(name for name in named if isinstance(name, str) and name not in made)


def _components(branch: Branch) -> Iterator[tuple[Registered, Registered]]:
    for child in branch.children:
        if branch.resource.type == f"{OURS}Procedure" and child.resource.type == SERVICE:
            yield branch.resource, child.resource
        yield from _components(child)


def _ref(service: Registered) -> str:
    """Which procedure a container is told to be, `kind/address`; of one that is told nothing, its name."""
    told = {variable["name"]: variable.get("value") for variable in _container(service).get("envs", ())}
    return str(told.get("BLOSSM_PROCEDURE") or service.name)


def _running(component: Registered, service: Registered, refs: Mapping[str, str]) -> Running:
    kind, _, address = refs[component.name].partition("/")
    scaling, limits = service.inputs["template"]["scaling"], _container(service)["resources"]["limits"]
    return Running(
        name=component.name,
        kind=kind,
        address=address,
        instances=(scaling["minInstanceCount"], scaling["maxInstanceCount"]),
        cpu=limits["cpu"],
        memory=limits["memory"],
        callers=tuple(refs.get(caller, caller) for caller in component.outputs["callers"]),
    )


def _container(service: Registered) -> dict[str, Any]:
    container: dict[str, Any] = service.inputs["template"]["containers"][0]
    return container
