"""Which stores a network needs, and what they share."""

from __future__ import annotations

import pulumi

from blossm_infra import naming
from blossm_infra.site import Site
from blossm_infra.stacks import STORES, StoreKind
from blossm_infra.stores.limits import databases
from blossm_infra.stores.store import Store, StoreArgs
from blossm_infra.stores.tiers import way_to


def needed_stores(site: Site, *, opts: pulumi.ResourceOptions) -> dict[StoreKind, Store]:
    """A cluster for event stores and one for view stores, where the network has any, and the one address that FLEX lets in."""
    kinds = [kind for kind in STORES if databases(site.model, kind)]
    limited = [kind for kind in kinds if way_to(site.settings.tier(kind)) == "fixed-address"]
    fixed = None
    if limited:
        from blossm_infra.stores.fixed_address import FixedAddress, FixedAddressArgs  # loads gcp.compute

        fixed = FixedAddress(naming.fixed_address(), FixedAddressArgs(site=site), opts=opts)
    return {
        kind: Store(
            naming.component("store", kind),
            StoreArgs(kind=kind, site=site, fixed_address=fixed if kind in limited else None),
            opts=opts,
        )
        for kind in kinds
    }
