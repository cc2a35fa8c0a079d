"""One procedure in the cloud: what it runs as, what it runs on, who may call it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_gcp.cloudrunv2 as cloudrunv2
import pulumi_gcp.serviceaccount as serviceaccount

from blossm.model.network import EventStoreSpec, GatewaySpec
from blossm_infra import naming
from blossm_infra.cloud_run import let_call, service_template
from blossm_infra.connection import NO_DATABASE, Connect
from blossm_infra.container import container
from blossm_infra.deployed import Deployed
from blossm_infra.keeping import keeps
from blossm_infra.secrets import grant_secrets
from blossm_infra.settings import StackSettings
from blossm_infra.signing_keys import grant_public_keys, keys_of
from blossm_infra.site import SigningKey, Site

_DESCRIPTION = 512  # bytes that Cloud Run takes, whatever it counts


@dataclass(frozen=True, kw_only=True)
class ProcedureArgs:
    """`env` adds what only the cloud knows to the variables of blossm.yaml; `connect` lets its account into a database."""

    what: Deployed
    site: Site
    env: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    connect: Connect | None = None
    after: tuple[pulumi.Resource, ...] = ()


class Procedure(pulumi.ComponentResource):
    """A Cloud Run service, the account it runs as, and one binding per caller. The same for every kind.

    Idle cost: 0, but for the instances that blossm.yaml or the stack's shape keeps. Needs the APIs run and iam, and where it
    has secrets secretmanager.
    """

    def __init__(self, name: str, args: ProcedureArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:Procedure", name, None, opts)
        self.name, self.ref, self._region = name, args.what.ref, args.site.settings.region
        self.account = serviceaccount.Account(
            name,
            account_id=naming.account_id(self.ref),
            display_name=naming.display_name(self.ref),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.service = self._service(args)
        self.uri: pulumi.Output[str] = self.service.uri

    def _service(self, args: ProcedureArgs) -> cloudrunv2.Service:
        settings, public = args.site.settings, isinstance(args.what.first, GatewaySpec)
        what, keys = container(args.what, settings), _keys(args)
        connection = args.connect(self.account) if args.connect else NO_DATABASE
        secrets = grant_secrets(self.name, what.secrets.values(), self.account, parent=self)
        checks = grant_public_keys(self.name, keys, self.account, parent=self)
        return cloudrunv2.Service(
            self.name,
            name=naming.service_name(self.ref),
            location=settings.region,
            description=_description(args.what),
            labels=_labels(args),
            ingress=_ingress(args) if public else "INGRESS_TRAFFIC_INTERNAL_ONLY",
            default_uri_disabled=public and _behind(settings),  # else the stack's own network could pass the load balancer by
            invoker_iam_disabled=public,  # a gateway reads tokens itself; everybody else needs a binding
            deletion_protection=_protected(args),
            template=service_template(
                what, site=args.site, account=self.account.email, env=_env(args, keys), connection=connection
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*connection.needs, *secrets, *checks, *args.after]),
        )

    def admit(self, callers: Mapping[str, serviceaccount.Account]) -> None:
        """Let these call, by name, and nobody else. Called once, when all procedures stand: two may call each other."""
        for caller, account in callers.items():
            let_call(naming.binding(self.ref, caller), self.service, account, region=self._region, parent=self)
        self.register_outputs({"uri": self.uri, "account": self.account.email, "callers": sorted(callers)})


def procedures(whats: Iterable[Deployed], site: Site, *, parent: pulumi.Resource) -> tuple[Procedure, ...]:
    """One component each, as children of `parent`, for those that need no database."""
    opts = pulumi.ResourceOptions(parent=parent)
    return tuple(Procedure(naming.service_name(what.ref), ProcedureArgs(what=what, site=site), opts=opts) for what in whats)


def _ingress(args: ProcedureArgs) -> str:
    return "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER" if _behind(args.site.settings) else "INGRESS_TRAFFIC_ALL"


def _behind(settings: StackSettings) -> bool:
    return settings.gateways == "loadbalancer"


def _keys(args: ProcedureArgs) -> Mapping[str, SigningKey]:
    gateway = args.what.first
    return keys_of(args.site, gateway) if isinstance(gateway, GatewaySpec) else {}


def _env(args: ProcedureArgs, keys: Mapping[str, SigningKey]) -> dict[str, pulumi.Input[str]]:
    listed = {
        "BLOSSM_CALLEES": args.site.callees(args.what.ref),
        "BLOSSM_KEYS": {issuer: key.path for issuer, key in keys.items()},
    }
    return {**{name: json.dumps(value) for name, value in listed.items() if value}, **args.env}


def _protected(args: ProcedureArgs) -> bool:
    """A log's service can't be deleted where event stores are kept, until all of them are retired.

    All others hold nothing: a command that leaves blossm.yaml goes in one step, and what went by mistake comes back so.
    """
    stores = [spec for spec in args.what.specs if isinstance(spec, EventStoreSpec)]
    return keeps(args.site.settings) and any(not store.retired for store in stores)


def _description(what: Deployed) -> str:
    """On one line, as lists of services show it."""
    said = " ".join(what.first.description.split()) or f"{what.ref.kind} {what.ref.address}"
    return said.encode()[:_DESCRIPTION].decode(errors="ignore")


def _labels(args: ProcedureArgs) -> dict[str, str]:
    spec = args.what.first
    domain = "" if args.what.ref.kind == "event-store" else spec.domain  # a log is its service's
    return args.site.labels(kind=args.what.ref.kind, service=spec.service, domain=domain, context=spec.context)
