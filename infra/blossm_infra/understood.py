"""What the program has understood, told before anything is registered: it stands above the tree of `pulumi up`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pulumi

from blossm.model.network import Kind, Network
from blossm_infra.costs import Costs, idle_costs
from blossm_infra.settings import StackSettings
from blossm_infra.warnings import warnings

_MOST_HOSTS = 20  # more would push the rest out of sight

_WORDS: dict[Kind, tuple[str, str]] = {
    "event-store": ("event store", "event stores"),
    "command": ("command", "commands"),
    "fact": ("fact", "facts"),
    "view-store": ("view store", "view stores"),
    "projection": ("projection", "projections"),
    "command-gateway": ("command gateway", "command gateways"),
    "fact-gateway": ("fact gateway", "fact gateways"),
    "view-gateway": ("view gateway", "view gateways"),
}


def tell(model: Network, settings: StackSettings) -> Costs:
    """Logs one message for people, and a warning for each thing that they should know. Answers what the stack costs."""
    costs = idle_costs(model, settings)
    pulumi.log.info(understood(model, settings, costs))
    for warned in warnings(model, settings):
        pulumi.log.warn(str(warned))
    return costs


def understood(model: Network, settings: StackSettings, costs: Costs) -> str:
    """The network, what it consists of, where the world finds it, and what it costs while nobody does."""
    parts = (
        _network(model, settings),
        *_procedures(model),
        *_gateways(model, settings),
        *_secrets(model, settings),
        *_costs(costs),
    )
    return "\n".join(parts)


def _network(model: Network, settings: StackSettings) -> str:
    where = f"{settings.project}, {settings.region}"
    return f"{model.name} ({settings.network}), {settings.environment}, shape {settings.shape}, in {where}"


def _procedures(model: Network) -> Iterator[str]:
    counts = Counter(procedure.kind for procedure in model.procedures())
    told = [f"{counts[kind]} {many if counts[kind] > 1 else one}" for kind, (one, many) in _WORDS.items() if counts[kind]]
    yield f"procedures  {', '.join(told) or 'none'}"


def _gateways(model: Network, settings: StackSettings) -> Iterator[str]:
    hosts = [gateway.host for gateway in model.gateways()]
    if not hosts:
        return
    if settings.gateways == "none":
        yield f"gateways    {len(hosts)}, at their run.app addresses (stack output `addresses`)"
        return
    shown = hosts[:_MOST_HOSTS]
    more = [f"and {len(hosts) - len(shown)} more"] if len(hosts) > len(shown) else []
    for at, line in enumerate([*(f"https://{host}" for host in shown), *more]):
        yield f"{'' if at else 'gateways':<12}{line}"


def _secrets(model: Network, settings: StackSettings) -> Iterator[str]:
    """They are an operator's to make, and the deployment fails where one is missing."""
    named = sorted({secret for procedure in model.procedures() for secret in procedure.secrets.values()})
    if named:
        yield f"secrets     {', '.join(named)}"
        yield f"{'':<12}each must be there: gcloud secrets create NAME --project={settings.project} --data-file=FILE"


def _costs(costs: Costs) -> Iterator[str]:
    biggest = "; ".join(f"{_times(line.count)}{line.what} {line.usd:.2f}" for line in costs.biggest())
    yield f"idle cost   about {costs.total:.2f} USD a month by the list prices of {costs.as_of}"
    if biggest:
        yield f"{'':<12}most of it: {biggest}"


def _times(count: int) -> str:
    return f"{count} × " if count > 1 else ""
