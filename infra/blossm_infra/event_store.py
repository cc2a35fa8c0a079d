"""The window that one domain has on its service's log."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from blossm.model.network import EventStoreSpec
from blossm_infra.keeping import locked
from blossm_infra.settings import StackSettings


@dataclass(frozen=True, kw_only=True)
class EventStoreArgs:
    spec: EventStoreSpec
    settings: StackSettings


class EventStore(pulumi.ComponentResource):
    """That a domain's events are in the log. It makes nothing: it is what can be missed when it leaves blossm.yaml.

    One that was deployed as `retired: true` may leave. Idle cost: 0.
    """

    def __init__(self, name: str, args: EventStoreArgs, *, parent: pulumi.Resource) -> None:
        leaves = pulumi.ResourceOptions(parent=parent)
        opts = leaves if args.spec.retired else locked(args.settings, parent=parent)
        super().__init__("blossm:infra:EventStore", name, None, opts)
        self.register_outputs({"address": args.spec.address, "retired": args.spec.retired})
