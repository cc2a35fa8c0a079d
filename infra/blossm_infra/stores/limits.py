"""How many databases, collections, users and roles a network needs of Atlas, and how many there may be."""

from __future__ import annotations

from collections.abc import Iterator

import pulumi_mongodbatlas as mongodbatlas

from blossm.model.indexes import INDEXES, IndexPlan, index_plan
from blossm.model.network import Network, Ref
from blossm_infra.deployed import deployed
from blossm_infra.settings import StackSettings
from blossm_infra.stacks import SHARED, STORES, StoreKind

USES = ("serve", "index")

# Of a project, and how far they can be raised (Atlas: setProjectLimit).
GIVEN, USERS = 100, 900

# Of a cluster below M10 (Atlas: limits of M0 and Flex clusters).
DATABASES, COLLECTIONS = 100, 500


def databases(model: Network, kind: StoreKind) -> tuple[Ref, ...]:
    """What has a database in the cluster of this kind: the logs of services, or view stores."""
    return tuple(ref for ref in deployed(model) if ref.kind == kind)


def users(model: Network, kind: StoreKind) -> int:
    """The database users in the project of this kind: for each database one that serves and one that makes indexes."""
    return len(USES) * len(databases(model, kind))


def project_limits(model: Network, kind: StoreKind) -> list[mongodbatlas.ProjectLimitArgs] | None:
    """What has to be raised, in hundreds, so that the next database rarely touches the project. None for most networks."""
    needed = users(model, kind)
    if needed <= GIVEN:
        return None
    hundreds = -(-needed // 100) * 100
    return [
        mongodbatlas.ProjectLimitArgs(name=f"atlas.project.security.databaseAccess.{what}", value=hundreds)
        for what in ("users", "customRoles")
    ]


def limit_problems(model: Network, settings: StackSettings) -> Iterator[str]:
    """What Atlas or MongoDB would refuse, with the number."""
    for kind in STORES:
        plans = {ref: index_plan(model, ref) for ref in databases(model, kind)}
        yield from _too_many(kind, plans, settings)
        for ref, plan in plans.items():
            yield from _too_many_indexes(model, ref, plan)


def _too_many(kind: StoreKind, plans: dict[Ref, IndexPlan], settings: StackSettings) -> Iterator[str]:
    tier, collections = settings.tier(kind), sum(len(plan.collections) for plan in plans.values())
    said = f"{settings.file.at(('blossm:stores', kind, 'tier'))}: the cluster of the {kind}s"
    if len(plans) * len(USES) > USERS:
        yield f"{said} would have {len(plans) * len(USES)} database users, and a project of Atlas has at most {USERS}"
    if tier not in SHARED:
        return
    larger = f"give it a tier from M10: `blossm:stores: {{{kind}: {{tier: M10}}}}`"
    if len(plans) > DATABASES:
        yield f"{said} would have {len(plans)} databases, and {tier} has at most {DATABASES}: {larger}"
    if collections > COLLECTIONS:
        yield f"{said} would have {collections} collections, and {tier} has at most {COLLECTIONS}: {larger}"


def _too_many_indexes(model: Network, ref: Ref, plan: IndexPlan) -> Iterator[str]:
    for collection in plan.collections:
        if (count := len(collection.indexes) + 1) > INDEXES:
            at = model.view_stores[ref.address].at if ref.kind == "view-store" else ref.address
            yield f"{at}: `indexes`, `sorts` and `text` make {count} indexes, and a collection of MongoDB has at most {INDEXES}"
