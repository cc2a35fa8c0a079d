"""The stack's private network. The only module, with the load balancer's and the private endpoint's, that loads `gcp.compute`."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp.compute as compute

from blossm_infra.settings import StackSettings
from blossm_infra.site import Subnet


@dataclass(frozen=True, kw_only=True)
class VpcArgs:
    settings: StackSettings


class Vpc(pulumi.ComponentResource):
    """A network with one subnet, through which procedures reach each other and Google's APIs. Idle cost: 0."""

    def __init__(self, name: str, args: VpcArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:Vpc", name, None, opts)
        self.network = compute.Network(name, name=name, auto_create_subnetworks=False, opts=pulumi.ResourceOptions(parent=self))
        subnetwork = compute.Subnetwork(
            name,
            name=name,
            network=self.network.id,
            region=args.settings.region,
            ip_cidr_range="10.0.0.0/20",
            private_ip_google_access=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.subnet = Subnet(network=self.network.id, subnetwork=subnetwork.id)
        self.register_outputs({})
