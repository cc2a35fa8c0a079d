"""One public address for all that goes out to a database. Loads `gcp.compute`, so it is imported where it is needed."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp.compute as compute

from blossm_infra.site import Site, Subnet

# Beside the stack's own 10.0.0.0/16. Each instance of Cloud Run takes two addresses, and few procedures go this way.
RANGE = "10.1.0.0/20"


@dataclass(frozen=True, kw_only=True)
class FixedAddressArgs:
    site: Site


class FixedAddress(pulumi.ComponentResource):
    """A subnet whose NAT has one reserved address, made once in a stack whose databases are FLEX: they let in that one alone.

    It is a subnet of its own because Google counts whatever instance stands in one with a NAT, and most need none.
    Idle cost: 3.65 USD a month for the address. Needs the API compute.
    """

    def __init__(self, name: str, args: FixedAddressArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:FixedAddress", name, None, opts)
        self._name, self._region, self._network = name, args.site.settings.region, args.site.subnet.network
        below = pulumi.ResourceOptions(parent=self)
        reserved = compute.Address(
            name, name=name, region=self._region, address_type="EXTERNAL", labels=args.site.labels(), opts=below
        )
        subnetwork = compute.Subnetwork(
            name,
            name=name,
            network=self._network,
            region=self._region,
            ip_cidr_range=RANGE,
            private_ip_google_access=True,
            opts=below,
        )
        self.nat = self._nat(reserved, subnetwork)
        self.address, self.subnet = reserved.address, Subnet(network=self._network, subnetwork=subnetwork.id)
        self.register_outputs({"address": self.address})

    def _nat(self, reserved: compute.Address, subnetwork: compute.Subnetwork) -> compute.RouterNat:
        below = pulumi.ResourceOptions(parent=self)
        router = compute.Router(self._name, name=self._name, region=self._region, network=self._network, opts=below)
        return compute.RouterNat(
            self._name,
            name=self._name,
            router=router.name,
            region=self._region,
            nat_ip_allocate_option="MANUAL_ONLY",
            nat_ips=[reserved.self_link],
            source_subnetwork_ip_ranges_to_nat="LIST_OF_SUBNETWORKS",
            subnetworks=[compute.RouterNatSubnetworkArgs(name=subnetwork.id, source_ip_ranges_to_nats=["ALL_IP_RANGES"])],
            opts=below,
        )
