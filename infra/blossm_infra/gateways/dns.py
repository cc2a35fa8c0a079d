"""The stack's own part of DNS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_gcp.dns as dns

from blossm_infra import naming
from blossm_infra.gateways import hosts
from blossm_infra.keeping import keeps
from blossm_infra.site import Site

_MINUTES = 60
_TTL = 5 * _MINUTES  # soon enough when a host moves
_NAME_SERVERS_TTL = 60 * _MINUTES  # a stack's name servers change only when its zone is made anew


@dataclass(frozen=True, kw_only=True)
class DnsArgs:
    site: Site


class Dns(pulumi.ComponentResource):
    """The zone of the stack's hosts, and in production the delegations to the zones of other stacks.

    Whoever holds the domain above must name `name_servers` there, once. A zone that is made anew gets other name servers,
    so where event stores are kept, the zone is protected too.
    Idle cost: 0.20 USD a month.
    """

    def __init__(self, name: str, args: DnsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:Dns", name, None, opts)
        self._site = args.site
        self.zone = self._zone()
        self.name_servers: pulumi.Output[Sequence[str]] = self.zone.name_servers
        for stack, servers in args.site.settings.delegations.items():
            self._delegate(stack, servers)
        self.register_outputs({"name_servers": self.name_servers})

    def _zone(self) -> dns.ManagedZone:
        domain = self._site.model.host
        return dns.ManagedZone(
            naming.zone(domain),
            name=naming.zone(domain),
            dns_name=f"{domain}.",
            description=f"Hosts of {self._site.model.name}, {self._site.settings.environment}",
            dnssec_config=dns.ManagedZoneDnssecConfigArgs(state="on", non_existence="nsec3"),
            labels=self._site.labels(),
            opts=pulumi.ResourceOptions(parent=self, protect=keeps(self._site.settings)),
        )

    def _delegate(self, stack: str, servers: Literal["stack"] | list[str]) -> None:
        domain = hosts.domain(self._site.model, stack)
        told = self._asked(stack) if servers == "stack" else [_absolute(server) for server in servers]
        record(domain, "NS", told, zone=self.zone, parent=self, ttl=_NAME_SERVERS_TTL)

    def _asked(self, stack: str) -> pulumi.Output[list[str]]:
        """Another stack's own answer. The engine fails when it was never deployed, so only named stacks are asked."""
        full = f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}"
        asked = pulumi.StackReference(full, opts=pulumi.ResourceOptions(parent=self))
        at = self._site.settings.file.at(("blossm:delegations", stack))
        return asked.get_output("name_servers").apply(lambda servers: _told(stack, servers, at=at))


def record(
    host: str,
    kind: Literal["A", "AAAA", "CNAME", "NS"],
    data: pulumi.Input[Sequence[pulumi.Input[str]]],
    *,
    zone: dns.ManagedZone,
    parent: pulumi.Resource,
    ttl: int = _TTL,
) -> dns.RecordSet:
    """What a zone says about a host."""
    return dns.RecordSet(
        naming.record(host, kind),
        managed_zone=zone.name,
        name=f"{host}.",
        type=kind,
        ttl=ttl,
        rrdatas=data,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _told(stack: str, servers: Sequence[str] | None, *, at: str) -> list[str]:
    if not servers:
        raise pulumi.RunError(
            f"{at}: `blossm:delegations` asks the stack `{stack}`, and it has no zone yet: deploy it first, with "
            "`blossm:gateways` other than `none`"
        )
    return [_absolute(server) for server in servers]


def _absolute(server: str) -> str:
    return f"{server.rstrip('.')}."
