"""What is to be said of a proposal besides its tree: what it is, what it costs, what the world reaches, what is off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from blossm.cli.cloud.proposal import Proposal
from blossm.cli.cloud.running import GUARD, SERVICE, STACK, secrets_of
from blossm.cli.cloud.summary import idle_cost, network_name
from blossm.cli.cloud.words import counted, word

_MODES = {
    "none": "at run.app addresses, which `pulumi stack output addresses` tells; these names lead nowhere",
    "mapping": "by Cloud Run's domain mappings",
    "loadbalancer": "by a load balancer",
}
_MOST = 12  # lines of costs, before the small ones are one


def heading(proposal: Proposal) -> Iterator[Text]:
    """Which network, where, how large."""
    from blossm_infra.keeping import keeps

    settings, plan = proposal.settings, proposal.plan
    counts: dict[str, int] = plan.outputs.get("counts", {})
    own = [resource for resource in plan.resources if resource.custom and resource.type != STACK]
    size = (
        counted(sum(counts.values()), "procedure"),
        counted(len(plan.of(SERVICE)), "Cloud Run service"),
        f"{counted(len(own), 'resource')} in {counted(len(plan.resources) - len(own) - 1, 'component')}",
    )
    where = f" in stack {proposal.stack}: {settings.environment}, shape {settings.shape}"
    yield Text.assemble((network_name(proposal), "bold"), where)
    keeping = "event stores are kept" if keeps(settings) else "event stores may be lost"
    yield Text(f"project {settings.project} in {settings.region}; {keeping}", style="dim")
    yield Text(f"image {_short(settings.image)}", style="dim")
    yield Text(", ".join(size), style="dim")


def protected(proposal: Proposal) -> Iterator[Text]:
    """What can't be deleted until its protection is taken off, by Pulumi or at the provider."""
    found: dict[str, list[str]] = {}
    for resource in proposal.plan.resources:
        if resource.type != GUARD and (resource.protect or resource.inputs.get("deletionProtection") is True):
            found.setdefault(word(resource.type), []).append(resource.outputs.get("address", resource.name))
    if found:
        yield Text("protected from deletion", style="bold")
        width = max(map(len, found))
        for what, names in found.items():
            yield Text(f"  {what:{width}}  {', '.join(names)}")


def hosts(proposal: Proposal) -> Iterator[Text]:
    """Where the world reaches the gateways."""
    found: dict[str, str] = proposal.plan.outputs.get("hosts", {})
    if found:
        yield Text.assemble(("open to the world", "bold"), (f"  {_MODES[proposal.settings.gateways]}", "dim"))
        width = max(map(len, found))
        for address, host in found.items():
            yield Text(f"  {address:{width}}  https://{host}")


def secrets(proposal: Proposal) -> Iterator[Text]:
    """What an operator makes by hand, before the stack is deployed."""
    if named := secrets_of(proposal.plan):
        yield Text.assemble(("secrets that must be there", "bold"), ("  gcloud secrets create NAME --data-file=FILE", "dim"))
        for name in named:
            yield Text(f"  {name}")


def costs(proposal: Proposal) -> Iterator[Text]:
    """What it costs when nobody uses it, the dearest first."""
    if (cost := idle_cost(proposal)) is None:
        return
    yield Text.assemble(
        ("idle cost", "bold"), f"  {_usd(cost['usd_a_month'])} a month", (f"  list prices of {cost['prices_of']}", "dim")
    )
    lines = sorted((line for line in cost["lines"] if line["usd"]), key=lambda line: -line["usd"])
    width = max((len(line["what"]) for line in lines[:_MOST]), default=0)
    for line in lines[:_MOST]:
        yield Text(f"  {line['what']:{width}}  {line['usd']:10,.2f}")
    if rest := lines[_MOST:]:
        yield Text(f"  {counted(len(rest), 'more'):{width}}  {sum(line['usd'] for line in rest):10,.2f}")


def total(proposal: Proposal) -> Iterator[Text]:
    """The same in one line."""
    if (cost := idle_cost(proposal)) is not None:
        yield Text(f"idle cost {_usd(cost['usd_a_month'])} a month, at list prices of {cost['prices_of']}")


def warnings(proposal: Proposal) -> Iterator[Text]:
    for warning in proposal.warnings:
        yield Text.assemble(("warning: ", "yellow"), warning)


def findings(proposal: Proposal) -> Iterator[Text]:
    """What breaks a rule of policy: all resources with one fault together, the way out below them."""
    if not proposal.findings:
        yield Text("no rule of policy is broken", style="dim")
    faults: dict[tuple[str, str, str, str], list[str]] = {}
    for finding in proposal.findings:
        faults.setdefault((finding.severity, finding.rule, finding.message, finding.fix), []).append(finding.resource)
    for (severity, rule, message, fix), resources in faults.items():
        yield Text.assemble((f"{severity}[{rule}]", "red" if severity == "error" else "yellow"), f": {message}")
        yield from (Text(f"  {resource}") for resource in resources)
        if fix:
            yield Text(f"help: {fix}")


def _short(image: str) -> str:
    """An image with as much of its digest as people compare."""
    name, at, digest = image.partition("@sha256:")
    return f"{name}{at}{digest[:12]}…" if digest else image


def _usd(amount: Any) -> str:
    return f"{amount:,.2f} USD"
