"""What calls commands later: Google's schedulers speak HTTP only, commands speak gRPC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp.serviceaccount as serviceaccount

from blossm_infra.site import Site
from blossm_infra.wake_ups import WakeUps


@dataclass(frozen=True, kw_only=True)
class DispatcherArgs:
    """`topics` are the services' wake-ups, by service."""

    site: Site
    push: serviceaccount.Account
    scheduler: serviceaccount.Account
    topics: Mapping[str, WakeUps]


class Dispatcher(pulumi.ComponentResource):
    """The network's small HTTP service that calls commands later, and its safety net: a tick that wakes everybody.

    Idle cost: that of its schedules.
    """

    def __init__(self, name: str, args: DispatcherArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:Dispatcher", name, None, opts)
        self.account: serviceaccount.Account | None = None
        self.register_outputs({})
