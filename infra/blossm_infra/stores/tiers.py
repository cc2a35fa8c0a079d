"""What a cluster consists of at each tier. The cluster stays one resource while it grows: M0, FLEX, M10 and larger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pulumi_mongodbatlas as mongodbatlas

from blossm_infra.keeping import keeps
from blossm_infra.settings import StackSettings
from blossm_infra.stacks import SHARED, StoreKind, Tier

Way = Literal["open", "fixed-address", "private-endpoint"]

_NODES = 3
_BACKING = "GCP"


def way_to(tier: Tier) -> Way:
    """How a cluster is reached: M0 from everywhere, FLEX from one public address, larger ones from inside only."""
    match tier:
        case "M0":
            return "open"
        case "FLEX":
            return "fixed-address"
        case _:
            return "private-endpoint"


@dataclass(frozen=True, kw_only=True)
class Size:
    """What the tier decides of a cluster. None: the tier has no choice there, and Atlas refuses to be told."""

    region: mongodbatlas.AdvancedClusterReplicationSpecRegionConfigArgs
    termination_protection: bool
    backup: bool | None = None
    continuous_backup: bool | None = None
    retain_backups: bool | None = None


def size_of(kind: StoreKind, settings: StackSettings, *, region: str) -> Size:
    """M0 has no backups; of FLEX Atlas makes one a day by itself. Views are made again from the log, so they need neither."""
    tier, kept = settings.tier(kind), kind == "event-store" and keeps(settings)
    where = _region(tier, region)
    if tier in SHARED:
        return Size(region=where, termination_protection=kept)
    said = settings.stores.get(kind)
    backup = kind == "event-store" if said is None or said.backup is None else said.backup
    return Size(
        region=where,
        termination_protection=kept,
        backup=backup,
        continuous_backup=backup and kind == "event-store",
        retain_backups=backup,
    )


def _region(tier: Tier, region: str) -> mongodbatlas.AdvancedClusterReplicationSpecRegionConfigArgs:
    electable = mongodbatlas.AdvancedClusterReplicationSpecRegionConfigElectableSpecsArgs
    if tier in SHARED:
        return mongodbatlas.AdvancedClusterReplicationSpecRegionConfigArgs(
            provider_name="TENANT" if tier == "M0" else "FLEX",
            backing_provider_name=_BACKING,
            region_name=region,
            priority=7,  # Atlas: the highest, and the only one of a cluster in one region
            electable_specs=electable(instance_size="M0") if tier == "M0" else None,
        )
    return mongodbatlas.AdvancedClusterReplicationSpecRegionConfigArgs(
        provider_name=_BACKING,
        region_name=region,
        priority=7,
        electable_specs=electable(instance_size=tier, node_count=_NODES),
        auto_scaling=mongodbatlas.AdvancedClusterReplicationSpecRegionConfigAutoScalingArgs(
            disk_gb_enabled=True, compute_enabled=False
        ),
    )
