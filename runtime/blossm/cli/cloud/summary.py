"""A proposal as one document: what `blossm plan --json` prints. Its keys are in docs/cli.md."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from blossm.cli.cloud.proposal import Proposal
from blossm.cli.cloud.running import OURS, Running, running, secrets_of

if TYPE_CHECKING:
    from blossm_infra.preview import Branch


def summary(proposal: Proposal) -> dict[str, Any]:
    """The whole proposal as plain data; what is secret or not known yet is only named."""
    from blossm_infra.preview import plain

    plan, settings = proposal.plan, proposal.settings
    outputs, root = plain(plan.outputs), plan.tree()
    hosts = outputs.get("hosts", {})
    return {
        "network": network_name(proposal),
        "stack": proposal.stack,
        "environment": settings.environment,
        "project": settings.project,
        "region": settings.region,
        "shape": settings.shape,
        "image": settings.image,
        "gateways": settings.gateways,
        "kinds": outputs.get("counts", {}),
        "procedures": [_procedure(one, hosts) for one in running(root).values()],
        "event_stores": outputs.get("event_stores", {}),
        "hosts": hosts,
        "secrets": secrets_of(plan),
        "resources": {kind: count for kind, count in plan.counts().items() if not kind.startswith((OURS, "pulumi:"))},
        "idle_cost": idle_cost(proposal),
        "warnings": list(proposal.warnings),
        "findings": [asdict(finding) for finding in proposal.findings],
        "tree": _tree(root),
    }


def network_name(proposal: Proposal) -> str:
    """The network's own name; of a program without one, the Pulumi project's."""
    return next((network.name for network in proposal.plan.of(f"{OURS}Network")), proposal.project.name)


def idle_cost(proposal: Proposal) -> dict[str, Any] | None:
    """What the program has found it to cost: `usd_a_month`, `prices_of`, `lines`; None of a program that doesn't say."""
    costs: list[dict[str, Any]] = [
        network.outputs["idle_cost"] for network in proposal.plan.of(f"{OURS}Network") if "idle_cost" in network.outputs
    ]
    return costs[0] if costs else None


def _procedure(one: Running, hosts: dict[str, str]) -> dict[str, Any]:
    least, most = one.instances
    return {
        "kind": one.kind,
        "address": one.address,
        "name": one.name,
        "min_instances": least,
        "max_instances": most,
        "cpu": one.cpu,
        "memory": one.memory,
        "host": hosts.get(one.address) if one.kind.endswith("-gateway") else None,
        "callers": list(one.callers),
    }


def _tree(branch: Branch) -> dict[str, Any]:
    resource = branch.resource
    return {
        "type": resource.type,
        "name": resource.name,
        "protect": resource.protect,
        "children": [_tree(child) for child in branch.children],
    }
