"""One public address for all that goes out to a database. Loads `gcp.compute`, so it is imported where it is needed."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp.compute as compute

from blossm_infra.site import Site


@dataclass(frozen=True, kw_only=True)
class FixedAddressArgs:
    site: Site


class FixedAddress(pulumi.ComponentResource):
    """A NAT with one reserved address, made once in a stack whose databases are FLEX: they let in this address alone.

    Idle cost: 3.65 USD a month for the address; the NAT itself counts instances that run. Needs the API compute.
    """

    def __init__(self, name: str, args: FixedAddressArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:FixedAddress", name, None, opts)
        self._name, self._region, below = name, args.site.settings.region, pulumi.ResourceOptions(parent=self)
        reserved = compute.Address(
            name, name=name, region=self._region, address_type="EXTERNAL", labels=args.site.labels(), opts=below
        )
        self.nat = self._nat(args.site, reserved)
        self.address = reserved.address
        self.register_outputs({"address": self.address})

    def _nat(self, site: Site, reserved: compute.Address) -> compute.RouterNat:
        below = pulumi.ResourceOptions(parent=self)
        router = compute.Router(self._name, name=self._name, region=self._region, network=site.subnet.network, opts=below)
        return compute.RouterNat(
            self._name,
            name=self._name,
            router=router.name,
            region=self._region,
            nat_ip_allocate_option="MANUAL_ONLY",
            nat_ips=[reserved.self_link],
            source_subnetwork_ip_ranges_to_nat="LIST_OF_SUBNETWORKS",
            subnetworks=[
                compute.RouterNatSubnetworkArgs(name=site.subnet.subnetwork, source_ip_ranges_to_nats=["ALL_IP_RANGES"])
            ],
            opts=below,
        )
