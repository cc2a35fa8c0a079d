"""TLS for the load balancer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pulumi
import pulumi_gcp.certificatemanager as certificatemanager
import pulumi_gcp.dns as dns

from blossm_infra import naming
from blossm_infra.gateways import hosts
from blossm_infra.site import Site


@dataclass(frozen=True, kw_only=True)
class CertificatesArgs:
    site: Site
    hosts: Iterable[str]
    zone: dns.ManagedZone


class Certificates(pulumi.ComponentResource):
    """One wildcard certificate per parent domain of the hosts, in one map that the load balancer looks them up in.

    Google renews them. They are issued once the zone is delegated: until then, hosts answer with no certificate at all.
    Idle cost: 0 (up to 100 certificates in a project).
    """

    def __init__(self, name: str, args: CertificatesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:Certificates", name, None, opts)
        self.map = certificatemanager.CertificateMap(
            naming.load_balancer(),
            name=naming.load_balancer(),
            labels=args.site.labels(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        for parent in hosts.parents(args.hosts):
            Wildcard(
                naming.wildcard(parent),
                WildcardArgs(domain=parent, map=self.map, site=args.site, zone=args.zone),
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})


@dataclass(frozen=True, kw_only=True)
class WildcardArgs:
    domain: str
    map: certificatemanager.CertificateMap
    site: Site
    zone: dns.ManagedZone


class Wildcard(pulumi.ComponentResource):
    """A certificate for every host one label below a domain, with the record by which Google sees that the domain is ours.

    Idle cost: 0 (up to 100 certificates in a project).
    """

    def __init__(self, name: str, args: WildcardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:Wildcard", name, None, opts)
        below = pulumi.ResourceOptions(parent=self)
        authorization = certificatemanager.DnsAuthorization(
            name,
            name=name,
            domain=args.domain,
            type="PER_PROJECT_RECORD",  # leaves the domain's plain `_acme-challenge` to whoever else needs it
            labels=args.site.labels(),
            opts=below,
        )
        certificate = certificatemanager.Certificate(
            name,
            name=name,
            managed=certificatemanager.CertificateManagedArgs(
                domains=[f"*.{args.domain}"], dns_authorizations=[authorization.id]
            ),
            labels=args.site.labels(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._proof(name, authorization, args.zone)]),
        )
        certificatemanager.CertificateMapEntry(
            name,
            name=name,
            map=args.map.name,
            hostname=f"*.{args.domain}",
            certificates=[certificate.id],
            labels=args.site.labels(),
            opts=below,
        )
        self.register_outputs({})

    def _proof(self, name: str, authorization: certificatemanager.DnsAuthorization, zone: dns.ManagedZone) -> dns.RecordSet:
        asked = authorization.dns_resource_records[0]
        return dns.RecordSet(
            name,
            managed_zone=zone.name,
            name=asked.name,
            type="CNAME",
            ttl=300,
            rrdatas=[asked.data],
            opts=pulumi.ResourceOptions(parent=self),
        )
