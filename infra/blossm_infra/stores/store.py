"""The databases of a stack: one cluster for event stores, one for view stores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp.serviceaccount as serviceaccount
import pulumi_mongodbatlas as mongodbatlas

from blossm.model.indexes import index_plan
from blossm_infra import naming
from blossm_infra.connection import Connect, Connection
from blossm_infra.deployed import Deployed
from blossm_infra.keeping import kept
from blossm_infra.site import Site
from blossm_infra.stacks import StoreKind
from blossm_infra.stores.access import Access, AccessArgs
from blossm_infra.stores.addresses import address
from blossm_infra.stores.entrance import entrance
from blossm_infra.stores.limits import project_limits
from blossm_infra.stores.regions import atlas_region
from blossm_infra.stores.roles import Privilege, indexing, serving_a_log, serving_a_view
from blossm_infra.stores.tiers import size_of, way_to

if TYPE_CHECKING:
    from blossm_infra.stores.fixed_address import FixedAddress  # loads gcp.compute


@dataclass(frozen=True, kw_only=True)
class StoreArgs:
    """`fixed_address` is there where the tier is FLEX."""

    kind: StoreKind
    site: Site
    fixed_address: FixedAddress | None = None


class Store(pulumi.ComponentResource):
    """An Atlas project with one cluster, the way to it, and a user for each who may come in.

    The cluster grows from M0 by FLEX to M10 and larger without being replaced. Idle cost: that of its tier.
    Needs the Atlas organization of the settings, and from M10 up its workload identity provider.
    """

    def __init__(self, name: str, args: StoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:Store", name, None, opts)
        self._kind, self._site = args.kind, args.site
        self._way = way_to(args.site.settings.tier(args.kind))
        self._way_out = args.fixed_address.subnet if args.fixed_address else None
        self.project = self._project()
        self._entrance = entrance(args.kind, self._site, project=self.project.id, fixed_address=args.fixed_address, parent=self)
        self.cluster = self._cluster()
        self._address = self.cluster.connection_strings.apply(
            lambda strings: address(strings, way=self._way, preview=pulumi.runtime.is_dry_run())
        )
        self.register_outputs({"kind": args.kind, "address": self._address})

    def serving(self, what: Deployed) -> Connect:
        """Lets an event store, or a view store, at its own data, and no further."""
        log = what.ref.kind == "event-store"
        return self._access("serve", what, serving_a_log(index_plan(self._site.model, what.ref)) if log else serving_a_view())

    def indexing(self, what: Deployed) -> Connect:
        """Lets whoever makes its collections and indexes do that."""
        return self._access("index", what, indexing())

    def _access(self, use: str, what: Deployed, privileges: tuple[Privilege, ...]) -> Connect:
        def connect(account: serviceaccount.Account) -> Connection:
            access = Access(
                naming.database_user(use, what.ref),
                AccessArgs(
                    use=use,
                    ref=what.ref,
                    account=account,
                    privileges=privileges,
                    project=self.project.id,
                    settings=self._site.settings,
                    identified=self._way == "private-endpoint",
                    labels=self._site.labels(),
                ),
                opts=pulumi.ResourceOptions(parent=self),
            )
            return Connection(
                env={
                    "BLOSSM_STORE": self._address,
                    "BLOSSM_DATABASE": naming.database(what.ref),
                    "BLOSSM_STORE_USER": access.user,
                },
                secrets=access.secrets,
                needs=(*self._entrance, *access.needs),
                project=self.project.id,
                way_out=self._way_out,
            )

        return connect

    def _bears_data(self, *needs: pulumi.Resource) -> pulumi.ResourceOptions:
        """Views are made again from the log, so only a project and cluster of events are kept."""
        waits = pulumi.ResourceOptions(parent=self, depends_on=list(needs))
        if self._kind == "view-store":
            return waits
        return pulumi.ResourceOptions.merge(kept(self._site.settings, parent=self), waits)

    def _project(self) -> mongodbatlas.Project:
        model, settings = self._site.model, self._site.settings
        name = naming.atlas_project(model.name, settings.environment, self._kind)
        return mongodbatlas.Project(
            name,
            name=name,
            org_id=settings.atlas.organization,
            limits=project_limits(model, self._kind),
            tags=self._site.labels(),
            opts=self._bears_data(),
        )

    def _cluster(self) -> mongodbatlas.AdvancedCluster:
        """It waits for its private endpoint, so that it knows its private address as soon as it is there."""
        size = size_of(self._kind, self._site.settings, region=atlas_region(self._site.settings))
        name = naming.cluster(self._kind)
        return mongodbatlas.AdvancedCluster(
            name,
            name=name,
            project_id=self.project.id,
            cluster_type="REPLICASET",
            replication_specs=[mongodbatlas.AdvancedClusterReplicationSpecArgs(region_configs=[size.region])],
            termination_protection_enabled=size.termination_protection,
            backup_enabled=size.backup,
            pit_enabled=size.continuous_backup,
            retain_backups_enabled=size.retain_backups,
            tags=self._site.labels(),
            opts=self._bears_data(*self._entrance),
        )
