"""How the world reaches a network's gateways, under the names that the model gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp.dns as dns

from blossm_infra import naming
from blossm_infra.gateways import hosts
from blossm_infra.gateways.certificates import Certificates, CertificatesArgs
from blossm_infra.gateways.dns import Dns, DnsArgs, record
from blossm_infra.gateways.mapping import GOOGLE, Mappings, MappingsArgs
from blossm_infra.procedure import Procedure
from blossm_infra.site import Site


@dataclass(frozen=True, kw_only=True)
class GatewaysArgs:
    """`procedures` are the gateways' services, by host name."""

    site: Site
    procedures: Mapping[str, Procedure]


class Gateways(pulumi.ComponentResource):
    """Host names, certificates and DNS of all gateways, in the stack's mode.

    `loadbalancer`: one load balancer with wildcard certificates. `mapping`: Cloud Run's own domain mappings. Both have a DNS
    zone, to which the domain above must be delegated once. `none`: nothing but the run.app addresses of the services.
    Idle cost: about 18.50, 0.20 and 0 USD a month.
    """

    def __init__(self, name: str, args: GatewaysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:Gateways", name, None, opts)
        self.name_servers: pulumi.Input[Sequence[str]] = []
        self.addresses = {gateway.ref.address: _address(args.site, host, gateway) for host, gateway in args.procedures.items()}
        if args.site.settings.gateways != "none":
            zone = self._own_zone(args.site)
            if args.procedures:
                self._open(args, zone)
        self.register_outputs({"name_servers": self.name_servers})

    def _own_zone(self, site: Site) -> dns.ManagedZone:
        own = Dns(naming.component("dns-zone"), DnsArgs(site=site), opts=pulumi.ResourceOptions(parent=self))
        self.name_servers = own.name_servers
        return own.zone

    def _open(self, args: GatewaysArgs, zone: dns.ManagedZone) -> None:
        """A record per host, which says what there is and stays the same record when the mode changes."""
        behind = args.site.settings.gateways == "loadbalancer"
        target = self._balance(args, zone) if behind else self._map(args)
        for host in args.procedures:
            record(host, "CNAME", [target], zone=zone, parent=self)

    def _map(self, args: GatewaysArgs) -> str:
        Mappings(
            naming.component("mappings"),
            MappingsArgs(site=args.site, procedures=args.procedures),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return GOOGLE

    def _balance(self, args: GatewaysArgs, zone: dns.ManagedZone) -> str:
        from blossm_infra.gateways.load_balancer import LoadBalancer, LoadBalancerArgs  # loads gcp.compute

        below = pulumi.ResourceOptions(parent=self)
        certificates = Certificates(
            naming.component("certificates"), CertificatesArgs(site=args.site, hosts=args.procedures, zone=zone), opts=below
        )
        balancer = LoadBalancer(
            naming.component("load-balancer"),
            LoadBalancerArgs(site=args.site, procedures=args.procedures, certificates=certificates.map),
            opts=below,
        )
        front = hosts.front(args.site.model)
        record(front, "A", [balancer.addresses["ipv4"].address], zone=zone, parent=self)
        record(front, "AAAA", [balancer.addresses["ipv6"].address], zone=zone, parent=self)
        return f"{front}."


def _address(site: Site, host: str, gateway: Procedure) -> str:
    """Where a gateway answers: at its host, or where there are no hosts, where Cloud Run puts it."""
    return site.url(gateway.name) if site.settings.gateways == "none" else f"https://{host}"
