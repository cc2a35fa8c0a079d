"""The databases of a stack: one cluster for event stores, one for view stores."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from blossm_infra.connection import NO_DATABASE, Connect
from blossm_infra.deployed import Deployed
from blossm_infra.settings import StoreKind
from blossm_infra.site import Site


@dataclass(frozen=True, kw_only=True)
class StoreArgs:
    kind: StoreKind
    site: Site


class Store(pulumi.ComponentResource):
    """An Atlas project with one cluster, and the users that may reach it."""

    def __init__(self, name: str, args: StoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:Store", name, None, opts)
        self.register_outputs({})

    def serving(self, what: Deployed) -> Connect:
        """Lets an event store, or a view store, at its own data, and no further."""
        return lambda account: NO_DATABASE

    def indexing(self, what: Deployed) -> Connect:
        """Lets whoever makes its collections and indexes do that."""
        return lambda account: NO_DATABASE
