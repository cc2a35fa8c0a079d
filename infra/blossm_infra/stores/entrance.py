"""The way into a cluster, which is there before anybody needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_mongodbatlas as mongodbatlas

from blossm_infra import naming
from blossm_infra.site import Site
from blossm_infra.stacks import StoreKind
from blossm_infra.stores.tiers import way_to

if TYPE_CHECKING:
    from blossm_infra.stores.fixed_address import FixedAddress  # loads gcp.compute

EVERYWHERE = "0.0.0.0/0"


def entrance(
    kind: StoreKind,
    site: Site,
    *,
    project: pulumi.Input[str],
    fixed_address: FixedAddress | None,
    parent: pulumi.Resource,
) -> tuple[pulumi.Resource, ...]:
    """What has to stand before somebody can come in: only M0 is open to the world, and has nothing but passwords."""
    match way_to(site.settings.tier(kind)):
        case "open":
            return (_listed(kind, project, parent, cidr_block=EVERYWHERE, comment="open: M0 in shape `free`"),)
        case "fixed-address":
            if fixed_address is None:
                raise ValueError(f"the {kind}'s cluster lets in one address, and the stack has none")
            entry = _listed(kind, project, parent, ip_address=fixed_address.address, comment="what this stack goes out by")
            return (entry, fixed_address.nat)
        case "private-endpoint":
            from blossm_infra.stores.private_endpoint import PrivateEndpoint, PrivateEndpointArgs  # loads gcp.compute

            args = PrivateEndpointArgs(site=site, project=project)
            opts = pulumi.ResourceOptions(parent=parent)
            return (PrivateEndpoint(naming.private_endpoint(kind), args, opts=opts).link,)


def _listed(
    kind: StoreKind,
    project: pulumi.Input[str],
    parent: pulumi.Resource,
    *,
    comment: str,
    cidr_block: str | None = None,
    ip_address: pulumi.Input[str] | None = None,
) -> pulumi.Resource:
    return mongodbatlas.ProjectIpAccessList(
        naming.cluster(kind),
        project_id=project,
        cidr_block=cidr_block,
        ip_address=ip_address,
        comment=comment,
        opts=pulumi.ResourceOptions(parent=parent),
    )
