"""The read side in the cloud."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from blossm_infra.deployed import Deployed
from blossm_infra.procedure import procedures
from blossm_infra.settings import StackSettings


@dataclass(frozen=True, kw_only=True)
class ContextArgs:
    """`procedures` are the context's view stores, projections and view gateway."""

    procedures: tuple[Deployed, ...]
    settings: StackSettings


class Context(pulumi.ComponentResource):
    """The view stores, projections and view gateway of one context, or of the views without one.

    What wakes its projections stands at the services they listen to. Idle cost: that of its procedures.
    """

    def __init__(self, name: str, args: ContextArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:Context", name, None, opts)
        self.procedures = procedures(args.procedures, args.settings, parent=self)
        self.register_outputs({})
