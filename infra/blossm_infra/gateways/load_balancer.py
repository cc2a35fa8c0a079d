"""One door for all gateways. Loads `gcp.compute`, which takes a second or two: import it where it is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_gcp.certificatemanager as certificatemanager
import pulumi_gcp.compute as compute

from blossm_infra import naming
from blossm_infra.procedure import Procedure
from blossm_infra.site import Site

_SCHEME = "EXTERNAL_MANAGED"  # the global external Application Load Balancer, and not the classic one
_VERSIONS: tuple[Literal["ipv4", "ipv6"], ...] = ("ipv4", "ipv6")
_EVERY_REQUEST = 1.0
_ALL = 100.0  # per cent


@dataclass(frozen=True, kw_only=True)
class BackendArgs:
    gateway: Procedure
    site: Site


class Backend(pulumi.ComponentResource):
    """How the load balancer reaches one gateway. Idle cost: 0.

    No timeout is set, and none can be in front of Cloud Run: an answer, and so a live view, may take what the service allows.
    """

    def __init__(self, name: str, args: BackendArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:Backend", name, None, opts)
        group = compute.RegionNetworkEndpointGroup(
            name,
            name=name,
            region=args.site.settings.region,
            network_endpoint_type="SERVERLESS",
            cloud_run=compute.RegionNetworkEndpointGroupCloudRunArgs(service=args.gateway.service.name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.service = _backend_service(name, parent=self, group=group)
        self.register_outputs({})


@dataclass(frozen=True, kw_only=True)
class LoadBalancerArgs:
    """`procedures` are the gateways' services, by host name."""

    site: Site
    procedures: Mapping[str, Procedure]
    certificates: certificatemanager.CertificateMap


class LoadBalancer(pulumi.ComponentResource):
    """A global load balancer with an IPv4 and an IPv6 address: TLS from 1.2 up, hosts to gateways, HTTP to HTTPS.

    A host that no gateway has is answered 404 without reaching any. Every request is logged.
    Idle cost: about 18 USD a month, which is Google's price for up to five forwarding rules; these are four.
    """

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:LoadBalancer", name, None, opts)
        self._site = args.site
        self._below = pulumi.ResourceOptions(parent=self)
        backends = {host: self._backend(gateway) for host, gateway in sorted(args.procedures.items())}
        self.addresses = {version: self._address(version) for version in _VERSIONS}
        self._listen("https", port=443, target=self._https(self._hosts(backends), args.certificates))
        self._listen("http", port=80, target=self._http())
        self.register_outputs({version: address.address for version, address in self.addresses.items()})

    def _backend(self, gateway: Procedure) -> tuple[str, compute.BackendService]:
        backend = Backend(gateway.name, BackendArgs(gateway=gateway, site=self._site), opts=self._below)
        return gateway.name, backend.service

    def _address(self, version: Literal["ipv4", "ipv6"]) -> compute.GlobalAddress:
        name = naming.load_balancer(version)
        return compute.GlobalAddress(name, name=name, ip_version=version.upper(), labels=self._site.labels(), opts=self._below)

    def _hosts(self, backends: Mapping[str, tuple[str, compute.BackendService]]) -> compute.URLMap:
        """The only resource that knows all gateways: it changes when one comes or goes."""
        nobody = _backend_service(naming.unknown_host(), parent=self)
        abort = compute.URLMapDefaultRouteActionFaultInjectionPolicyAbortArgs(http_status=404, percentage=_ALL)
        return compute.URLMap(
            naming.load_balancer(),
            name=naming.load_balancer(),
            default_service=nobody.id,  # has no backend; a default needs one
            default_route_action=compute.URLMapDefaultRouteActionArgs(
                fault_injection_policy=compute.URLMapDefaultRouteActionFaultInjectionPolicyArgs(abort=abort)
            ),
            host_rules=[compute.URLMapHostRuleArgs(hosts=[host], path_matcher=name) for host, (name, _) in backends.items()],
            path_matchers=[
                compute.URLMapPathMatcherArgs(name=name, default_service=service.id) for name, service in backends.values()
            ],
            opts=self._below,
        )

    def _https(self, hosts: compute.URLMap, certificates: certificatemanager.CertificateMap) -> pulumi.Output[str]:
        name = naming.load_balancer("https")
        policy = compute.SSLPolicy(name, name=name, profile="MODERN", min_tls_version="TLS_1_2", opts=self._below)
        proxy = compute.TargetHttpsProxy(
            name,
            name=name,
            url_map=hosts.id,
            certificate_map=pulumi.Output.concat("//certificatemanager.googleapis.com/", certificates.id),
            ssl_policy=policy.id,
            opts=self._below,
        )
        return proxy.id

    def _http(self) -> pulumi.Output[str]:
        """Sends everybody to the same place with TLS; 308 keeps a POST a POST."""
        name = naming.load_balancer("http")
        redirect = compute.URLMapDefaultUrlRedirectArgs(
            https_redirect=True, redirect_response_code="PERMANENT_REDIRECT", strip_query=False
        )
        elsewhere = compute.URLMap(name, name=name, default_url_redirect=redirect, opts=self._below)
        return compute.TargetHttpProxy(name, name=name, url_map=elsewhere.id, opts=self._below).id

    def _listen(self, what: Literal["http", "https"], *, port: int, target: pulumi.Input[str]) -> None:
        for version, address in self.addresses.items():
            name = naming.load_balancer(what, version)
            compute.GlobalForwardingRule(
                name,
                name=name,
                ip_address=address.id,
                ip_protocol="TCP",
                port_range=str(port),
                target=target,
                load_balancing_scheme=_SCHEME,
                labels=self._site.labels(),
                opts=self._below,
            )


def _backend_service(
    name: str, *, parent: pulumi.Resource, group: compute.RegionNetworkEndpointGroup | None = None
) -> compute.BackendService:
    return compute.BackendService(
        name,
        name=name,
        load_balancing_scheme=_SCHEME,
        protocol="HTTPS",
        backends=[compute.BackendServiceBackendArgs(group=group.id)] if group else [],
        log_config=compute.BackendServiceLogConfigArgs(enable=True, sample_rate=_EVERY_REQUEST),
        opts=pulumi.ResourceOptions(parent=parent),
    )
