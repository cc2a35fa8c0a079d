"""One procedure in the cloud: what it runs as, what it runs on, who may call it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_gcp.cloudrunv2 as cloudrunv2
import pulumi_gcp.serviceaccount as serviceaccount

from blossm_infra import naming
from blossm_infra.cloud_run import service_template
from blossm_infra.connection import NO_DATABASE, Connect
from blossm_infra.container import GATEWAYS, container
from blossm_infra.deployed import Deployed
from blossm_infra.secrets import grant_secrets
from blossm_infra.shapes import SHAPES
from blossm_infra.site import Site


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

    Idle cost: 0, but for the instances that blossm.yaml or the stack's shape keeps.
    """

    def __init__(self, name: str, args: ProcedureArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:Procedure", name, None, opts)
        self.name, self.ref = name, args.what.ref
        self.account = serviceaccount.Account(
            name,
            account_id=naming.account_id(self.ref),
            display_name=f"{self.ref.kind} {self.ref.address}",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.service = self._service(args)
        self.uri: pulumi.Output[str] = self.service.uri

    def _service(self, args: ProcedureArgs) -> cloudrunv2.Service:
        settings, public = args.site.settings, self.ref.kind in GATEWAYS
        what = container(args.what, settings)
        connection = args.connect(self.account) if args.connect else NO_DATABASE
        read = grant_secrets(self.name, what.secrets.values(), self.account, parent=self)
        return cloudrunv2.Service(
            self.name,
            name=naming.service_name(self.ref),
            location=settings.region,
            description=args.what.first.description or f"{self.ref.kind} {self.ref.address}",
            labels=_labels(args),
            ingress=_ingress(args) if public else "INGRESS_TRAFFIC_INTERNAL_ONLY",
            invoker_iam_disabled=public,  # a gateway reads tokens itself; everybody else needs a binding
            deletion_protection=SHAPES[settings.shape].deletion_protection,
            template=service_template(what, site=args.site, account=self.account.email, env=_env(args), connection=connection),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*connection.needs, *read, *args.after]),
        )

    def admit(self, callers: Mapping[str, serviceaccount.Account]) -> None:
        """Let these call, by name, and nobody else. Called once, when all procedures stand: two may call each other."""
        for caller, account in callers.items():
            cloudrunv2.ServiceIamMember(
                naming.binding(self.ref, caller),
                name=self.service.name,
                location=self.service.location,
                role="roles/run.invoker",
                member=account.member,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({"uri": self.uri, "account": self.account.email, "callers": sorted(callers)})


def procedures(whats: Iterable[Deployed], site: Site, *, parent: pulumi.Resource) -> tuple[Procedure, ...]:
    """One component each, as children of `parent`, for those that need no database."""
    opts = pulumi.ResourceOptions(parent=parent)
    return tuple(Procedure(naming.service_name(what.ref), ProcedureArgs(what=what, site=site), opts=opts) for what in whats)


def _ingress(args: ProcedureArgs) -> str:
    behind = args.site.settings.gateways == "loadbalancer"
    return "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER" if behind else "INGRESS_TRAFFIC_ALL"


def _env(args: ProcedureArgs) -> dict[str, pulumi.Input[str]]:
    callees = args.site.callees(args.what.ref)
    return {**({"BLOSSM_CALLEES": json.dumps(callees)} if callees else {}), **args.env}


def _labels(args: ProcedureArgs) -> dict[str, str]:
    spec = args.what.first
    said = {
        "environment": args.site.settings.environment,
        "kind": args.what.ref.kind,
        "service": spec.service,
        "domain": spec.domain if len(args.what.specs) == 1 else "",
        "context": spec.context,
    }
    return {key: naming.label(value) for key, value in said.items() if value}
