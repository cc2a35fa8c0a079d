"""One procedure in the cloud: what it runs as, what it runs on, who may call it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_gcp.cloudrunv2 as cloudrunv2
import pulumi_gcp.serviceaccount as serviceaccount

from blossm_infra import naming
from blossm_infra.container import GATEWAYS, Container, container
from blossm_infra.deployed import Deployed
from blossm_infra.settings import StackSettings
from blossm_infra.shapes import SHAPES

_PORT = 8080


@dataclass(frozen=True, kw_only=True)
class ProcedureArgs:
    """`env` adds what only the cloud knows to the variables of blossm.yaml."""

    what: Deployed
    settings: StackSettings
    env: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


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
        public = self.ref.kind in GATEWAYS
        return cloudrunv2.Service(
            self.name,
            name=naming.service_name(self.ref),
            location=args.settings.region,
            description=args.what.first.description or f"{self.ref.kind} {self.ref.address}",
            labels=_labels(args),
            ingress="INGRESS_TRAFFIC_ALL" if public else "INGRESS_TRAFFIC_INTERNAL_ONLY",
            invoker_iam_disabled=public,  # a gateway reads tokens itself; everybody else needs a binding
            deletion_protection=SHAPES[args.settings.shape].deletion_protection,
            template=_template(container(args.what, args.settings), args, self.account.email),
            opts=pulumi.ResourceOptions(parent=self),
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


def procedures(whats: Iterable[Deployed], settings: StackSettings, *, parent: pulumi.Resource) -> tuple[Procedure, ...]:
    """One component each, as children of `parent`."""
    opts = pulumi.ResourceOptions(parent=parent)
    return tuple(
        Procedure(naming.service_name(what.ref), ProcedureArgs(what=what, settings=settings), opts=opts) for what in whats
    )


def _labels(args: ProcedureArgs) -> dict[str, str]:
    spec = args.what.first
    said = {
        "environment": args.settings.environment,
        "kind": args.what.ref.kind,
        "service": spec.service,
        "domain": spec.domain if len(args.what.specs) == 1 else "",
        "context": spec.context,
    }
    return {key: naming.label(value) for key, value in said.items() if value}


def _template(what: Container, args: ProcedureArgs, account: pulumi.Input[str]) -> cloudrunv2.ServiceTemplateArgs:
    return cloudrunv2.ServiceTemplateArgs(
        service_account=account,
        timeout=what.timeout,
        max_instance_request_concurrency=what.concurrency,
        scaling=cloudrunv2.ServiceTemplateScalingArgs(
            min_instance_count=what.min_instances, max_instance_count=what.max_instances
        ),
        containers=[
            cloudrunv2.ServiceTemplateContainerArgs(
                image=args.settings.image,
                ports=cloudrunv2.ServiceTemplateContainerPortsArgs(name=what.port, container_port=_PORT),
                resources=cloudrunv2.ServiceTemplateContainerResourcesArgs(
                    cpu_idle=what.cpu_idle, startup_cpu_boost=True, limits={"cpu": what.cpu, "memory": what.memory}
                ),
                startup_probe=_probe(what),
                envs=[*_variables({**what.env, **args.env}), *_secrets(what.secrets)],
            )
        ],
    )


def _probe(what: Container) -> cloudrunv2.ServiceTemplateContainerStartupProbeArgs:
    """An instance gets requests as soon as it says it is ready, within a minute."""
    if what.port == "http1":
        ready = cloudrunv2.ServiceTemplateContainerStartupProbeHttpGetArgs(path="/healthz", port=_PORT)
        return cloudrunv2.ServiceTemplateContainerStartupProbeArgs(
            http_get=ready, period_seconds=1, timeout_seconds=1, failure_threshold=60
        )
    return cloudrunv2.ServiceTemplateContainerStartupProbeArgs(
        grpc=cloudrunv2.ServiceTemplateContainerStartupProbeGrpcArgs(port=_PORT),
        period_seconds=1,
        timeout_seconds=1,
        failure_threshold=60,
    )


def _variables(env: Mapping[str, pulumi.Input[str]]) -> list[cloudrunv2.ServiceTemplateContainerEnvArgs]:
    return [cloudrunv2.ServiceTemplateContainerEnvArgs(name=name, value=value) for name, value in sorted(env.items())]


def _secrets(secrets: Mapping[str, str]) -> list[cloudrunv2.ServiceTemplateContainerEnvArgs]:
    """Only the reference: no value of a secret passes through this program or its state."""
    return [
        cloudrunv2.ServiceTemplateContainerEnvArgs(
            name=name,
            value_source=cloudrunv2.ServiceTemplateContainerEnvValueSourceArgs(
                secret_key_ref=cloudrunv2.ServiceTemplateContainerEnvValueSourceSecretKeyRefArgs(
                    secret=secret, version="latest"
                )
            ),
        )
        for name, secret in sorted(secrets.items())
    ]
