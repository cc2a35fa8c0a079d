"""A cluster's address inside the private network. Loads `gcp.compute`, so it is imported where it is needed."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp.compute as compute
import pulumi_mongodbatlas as mongodbatlas

from blossm_infra.site import Site


@dataclass(frozen=True, kw_only=True)
class PrivateEndpointArgs:
    site: Site
    project: pulumi.Input[str]


class PrivateEndpoint(pulumi.ComponentResource):
    """One internal address that leads to a cluster by Private Service Connect; its nodes are told apart by port.

    It is made before the cluster, which then knows its private address from the first moment.
    Idle cost: 7.30 USD a month for the forwarding rule. Needs the API compute.
    """

    def __init__(self, name: str, args: PrivateEndpointArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:PrivateEndpoint", name, None, opts)
        below = pulumi.ResourceOptions(parent=self)
        endpoint = mongodbatlas.PrivateLinkEndpoint(
            name,
            project_id=args.project,
            provider_name="GCP",
            region=args.site.settings.region,
            port_mapping_enabled=True,
            opts=below,
        )
        address, rule = self._rule(name, args.site, endpoint)
        self.link = mongodbatlas.PrivateLinkEndpointService(
            name,
            project_id=args.project,
            private_link_id=endpoint.private_link_id,
            provider_name="GCP",
            endpoint_service_id=rule.name,
            private_endpoint_ip_address=address.address,
            gcp_project_id=args.site.settings.project,
            opts=below,
        )
        self.register_outputs({"address": address.address})

    def _rule(
        self, name: str, site: Site, endpoint: mongodbatlas.PrivateLinkEndpoint
    ) -> tuple[compute.Address, compute.ForwardingRule]:
        region, below = site.settings.region, pulumi.ResourceOptions(parent=self)
        address = compute.Address(
            name,
            name=name,
            region=region,
            address_type="INTERNAL",
            subnetwork=site.subnet.subnetwork,
            labels=site.labels(),
            opts=below,
        )
        rule = compute.ForwardingRule(
            name,
            name=name,
            region=region,
            network=site.subnet.network,
            ip_address=address.id,
            target=endpoint.service_attachment_names[0],
            load_balancing_scheme="",  # as Private Service Connect wants it: left out, Google takes it for a load balancer's
            labels=site.labels(),
            # Its name and address are fixed, so another target takes its place only when it is gone.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        return address, rule
