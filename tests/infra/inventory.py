"""A plan as a text that a person reads and git compares: one line a resource, without its inputs."""

from __future__ import annotations

from collections.abc import Iterator

from blossm_infra.preview import Branch, Plan, Registered

REMADE_BY = "BLOSSM_UPDATE_INVENTORIES"


def inventory(plan: Plan) -> str:
    """The tree by indentation: type, name, and in brackets what protects or replaces it."""
    return "\n".join([*_totals(plan), "", *_lines(plan.tree(), depth=0), ""])


def line(resource: Registered) -> str:
    return " ".join([_type(resource.type), resource.name, *_options(resource)])


def _totals(plan: Plan) -> list[str]:
    components = sum(not resource.custom for resource in plan.resources)
    return [f"{len(plan.resources) - components} resources in {components} components"]


def _lines(branch: Branch, *, depth: int) -> Iterator[str]:
    yield "  " * depth + line(branch.resource)
    for child in branch.children:
        yield from _lines(child, depth=depth + 1)


def _type(token: str) -> str:
    """`gcp:pubsub/topic:Topic` says itself twice."""
    package, module, name = token.split(":")
    return f"{package}.{module.partition('/')[0]}.{name}"


def _options(resource: Registered) -> list[str]:
    options = {
        "protect": resource.protect,
        "retain": resource.retain_on_delete,
        "hook": bool(resource.hooks),
        "delete-before-replace": bool(resource.delete_before_replace),
        "ignore-changes": bool(resource.ignore_changes),
        "aliases": bool(resource.aliases),
    }
    said = [name for name, there in options.items() if there]
    return [f"[{' '.join(said)}]"] if said else []
