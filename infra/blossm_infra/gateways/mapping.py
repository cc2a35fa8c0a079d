"""Gateways under their own names without a load balancer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp.cloudrun as cloudrun

from blossm_infra.procedure import Procedure
from blossm_infra.site import Site

GOOGLE = "ghs.googlehosted.com."
"""Where Cloud Run serves mapped domains. No gateway's host is a zone's own name, so a CNAME to it is allowed for each."""


@dataclass(frozen=True, kw_only=True)
class MappingsArgs:
    """`procedures` are the gateways' services, by host name."""

    site: Site
    procedures: Mapping[str, Procedure]


class Mappings(pulumi.ComponentResource):
    """A Cloud Run domain mapping per gateway; Google issues a certificate for each host.

    Needs a domain that the deploying account has verified, and a region that has domain mappings (a preview of Google's).
    Idle cost: 0.
    """

    def __init__(self, name: str, args: MappingsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:Mappings", name, None, opts)
        for host, gateway in args.procedures.items():
            cloudrun.DomainMapping(
                gateway.name,
                name=host,
                location=args.site.settings.region,
                metadata=cloudrun.DomainMappingMetadataArgs(namespace=args.site.settings.project, labels=args.site.labels()),
                spec=cloudrun.DomainMappingSpecArgs(route_name=gateway.service.name),
                # A host is mapped once, so another mapping takes its place only when it is gone.
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )
        self.register_outputs({})
