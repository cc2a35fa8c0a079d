"""What replays a projection in the cloud."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from blossm_infra.deployed import Deployed
from blossm_infra.procedure import Procedure
from blossm_infra.site import Site


@dataclass(frozen=True, kw_only=True)
class ReplayJobArgs:
    what: Deployed
    site: Site
    projection: Procedure


class ReplayJob(pulumi.ComponentResource):
    """A Cloud Run job that replays one projection, with that projection's account and nothing more.

    It runs when an operator says so. Idle cost: 0.
    """

    def __init__(self, name: str, args: ReplayJobArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:ReplayJob", name, None, opts)
        self.register_outputs({})
