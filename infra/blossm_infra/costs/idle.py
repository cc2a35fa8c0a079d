"""What a stack costs a month when nobody uses it: pure, from the network and the stack's settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from blossm.model.network import Kind, Network
from blossm_infra.container import container
from blossm_infra.costs import prices
from blossm_infra.costs.prices import Price
from blossm_infra.deployed import deployed
from blossm_infra.machine import mebibytes, processors
from blossm_infra.settings import StackSettings
from blossm_infra.signing_keys import own_keys
from blossm_infra.stacks import SHARED, STORES
from blossm_infra.stores.limits import databases, users

_BALANCER = 4  # forwarding rules: HTTP and HTTPS, IPv4 and IPv6


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`count` times `price` dollars a month. `resources` are those of the graph that it pays for, by type."""

    what: str
    count: int
    price: float
    resources: Mapping[str, int] = field(default_factory=dict)

    @property
    def usd(self) -> float:
        return self.count * self.price


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """List prices, without what a billing account has free once for all its projects. What depends on use is not in it."""

    lines: tuple[Line, ...]
    as_of: date = prices.AS_OF

    @property
    def total(self) -> float:
        return sum(line.usd for line in self.lines)

    def biggest(self, count: int = 3) -> tuple[Line, ...]:
        return tuple(sorted((line for line in self.lines if line.usd), key=lambda line: -line.usd)[:count])

    def as_dict(self) -> dict[str, Any]:
        lines = [
            {"what": line.what, "count": line.count, "price": round(line.price, 4), "usd": round(line.usd, 2)}
            for line in self.lines
        ]
        return {"usd_a_month": round(self.total, 2), "prices_of": self.as_of.isoformat(), "lines": lines}


def idle_costs(model: Network, settings: StackSettings) -> Costs:
    """Raises what `container` raises for a procedure that could not run."""
    lines = (
        *_clusters(model, settings),
        *_kept(model, settings),
        *_doors(model, settings),
        *_schedules(model),
        *_secrets(model, settings),
    )
    return Costs(lines=tuple(line for line in lines if line.count))


def _line(price: Price, what: str, count: int, *types: str) -> Line:
    return Line(what=what, count=count, price=price.month, resources=dict.fromkeys(types, count))


def _clusters(model: Network, settings: StackSettings) -> Iterator[Line]:
    there = [kind for kind in STORES if databases(model, kind)]
    for kind in there:
        tier = settings.tier(kind)
        yield _line(prices.CLUSTERS[tier], f"Atlas {tier} for {kind}s", 1, "mongodbatlas:index/advancedCluster:AdvancedCluster")
    private = sum(settings.tier(kind) not in SHARED for kind in there)
    yield _line(prices.ENDPOINT, "private endpoints at clusters", private, "gcp:compute/forwardingRule:ForwardingRule")
    shared = int(any(settings.tier(kind) == "FLEX" for kind in there))
    yield _line(prices.ADDRESS, "the address that FLEX clusters let in", shared, "gcp:compute/routerNat:RouterNat")


def _kept(model: Network, settings: StackSettings) -> Iterator[Line]:
    kept: Counter[tuple[str, float, int, bool]] = Counter()
    by_nat = 0
    for what in deployed(model).values():
        made = container(what, settings)
        if made.min_instances:
            kept[(what.ref.kind, processors(made.cpu), mebibytes(made.memory), made.cpu_idle)] += made.min_instances
            by_nat += made.min_instances if _leaves_by_nat(what.ref.kind, settings) else 0
    for (kind, cpus, memory, idle), count in kept.items():
        cpu, gib = (prices.IDLE_CPU, prices.IDLE_MEMORY) if idle else (prices.AWAKE_CPU, prices.AWAKE_MEMORY)
        size = f"{cpus:g} CPU{'' if idle else ' always'}, {memory}Mi"
        yield Line(
            what=f"kept instances of {kind}s, {size}",
            count=count,
            price=cpus * cpu.month + memory / 1024 * gib.month,
            resources={"instances": count},
        )
    yield _line(prices.NAT, "kept instances that leave by a NAT", by_nat)


def _leaves_by_nat(kind: Kind, settings: StackSettings) -> bool:
    return kind in ("event-store", "view-store") and settings.tier(kind) == "FLEX"


def _doors(model: Network, settings: StackSettings) -> Iterator[Line]:
    yield _line(prices.ZONE, "DNS zones", 1 if settings.gateways == "none" else 2, "gcp:dns/managedZone:ManagedZone")
    if settings.gateways == "loadbalancer" and any(True for _ in model.gateways()):
        rules = {"gcp:compute/globalForwardingRule:GlobalForwardingRule": _BALANCER}
        yield Line(what="the load balancer", count=1, price=prices.FORWARDING.month, resources=rules)


def _schedules(model: Network) -> Iterator[Line]:
    count = 1 + sum(bool(command.schedule) for command in model.commands.values())
    yield _line(prices.SCHEDULE, "schedules and the safety net's tick", count, "gcp:cloudscheduler/job:Job")


def _secrets(model: Network, settings: StackSettings) -> Iterator[Line]:
    passwords = sum(users(model, kind) for kind in STORES if settings.tier(kind) in SHARED)
    version = "gcp:secretmanager/secretVersion:SecretVersion"
    yield _line(prices.SECRET, "passwords of database users", passwords, version)
    named = {secret for procedure in model.procedures() for secret in procedure.secrets.values()}
    yield _line(prices.SECRET, "secrets that blossm.yaml names", len(named))
    yield _line(prices.KEY, "signing keys", len(own_keys(model)), "gcp:kms/cryptoKey:CryptoKey")
