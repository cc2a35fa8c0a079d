"""The stack's private network. The only module, with the load balancer's and the private endpoint's, that loads `gcp.compute`."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp.compute as compute
import pulumi_gcp.dns as dns

from blossm.model.network import Network
from blossm_infra import naming
from blossm_infra.labels import labels
from blossm_infra.settings import StackSettings
from blossm_infra.site import Subnet

# Each instance of Cloud Run takes two addresses; nobody else shares this network, so there may be many.
RANGE = "10.0.0.0/16"

DOMAIN = "run.app."

# private.googleapis.com: Google's services, reached from inside. What comes this way is internal to Cloud Run's ingress.
GOOGLE = ("199.36.153.8", "199.36.153.9", "199.36.153.10", "199.36.153.11")


@dataclass(frozen=True, kw_only=True)
class VpcArgs:
    model: Network
    settings: StackSettings


class Vpc(pulumi.ComponentResource):
    """A network with one subnet, and a DNS zone that leads from it to procedures without leaving Google.

    Idle cost: 0.20 USD a month, for the zone. Needs the APIs compute and dns.
    """

    def __init__(self, name: str, args: VpcArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:Vpc", name, None, opts)
        below = pulumi.ResourceOptions(parent=self)
        self.network = compute.Network(name, name=name, auto_create_subnetworks=False, opts=below)
        subnetwork = compute.Subnetwork(
            name,
            name=name,
            network=self.network.id,
            region=args.settings.region,
            ip_cidr_range=RANGE,
            private_ip_google_access=True,
            opts=below,
        )
        self._find_each_other(args)
        self.subnet = Subnet(network=self.network.id, subnetwork=subnetwork.id)
        self.register_outputs({"network": self.network.id, "subnetwork": subnetwork.id})

    def _find_each_other(self, args: VpcArgs) -> None:
        below = pulumi.ResourceOptions(parent=self)
        zone = dns.ManagedZone(
            naming.private_zone(),
            name=naming.private_zone(),
            dns_name=DOMAIN,
            description="Procedures, as they reach each other from inside the private network",
            visibility="private",
            private_visibility_config=dns.ManagedZonePrivateVisibilityConfigArgs(
                networks=[dns.ManagedZonePrivateVisibilityConfigNetworkArgs(network_url=self.network.id)]
            ),
            labels=labels(args.model, args.settings),
            opts=below,
        )
        for name, kind, answers in ((DOMAIN, "A", list(GOOGLE)), (f"*.{DOMAIN}", "CNAME", [DOMAIN])):
            dns.RecordSet(
                f"{naming.private_zone()}-{kind.lower()}",
                managed_zone=zone.name,
                name=name,
                type=kind,
                ttl=300,
                rrdatas=answers,
                opts=below,
            )
