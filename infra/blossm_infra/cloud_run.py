"""A container as Cloud Run wants it: the one place that spells out templates of services and of jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_gcp.cloudrunv2 as cloudrunv2
import pulumi_gcp.serviceaccount as serviceaccount

from blossm_infra.connection import NO_DATABASE, Connection
from blossm_infra.container import Container
from blossm_infra.machine import mebibytes
from blossm_infra.site import Site, Subnet

PORT = 8080

# A new instance may wait a minute or more for its private network; Cloud Run waits four for an instance at most.
_STARTS_WITHIN = 240

# Jobs run in Cloud Run's second generation, which takes this much at least.
_LEAST_OF_A_JOB = 512
Variables = Mapping[str, pulumi.Input[str]]


def service_template(
    what: Container,
    *,
    site: Site,
    account: pulumi.Input[str],
    env: Variables | None = None,
    connection: Connection = NO_DATABASE,
) -> cloudrunv2.ServiceTemplateArgs:
    """`env` and `connection` add what only the cloud knows to the container's own variables."""
    variables = {**what.env, **(env or {}), **connection.env}
    secrets = {**what.secrets, **connection.secrets}
    return cloudrunv2.ServiceTemplateArgs(
        service_account=account,
        timeout=what.timeout,
        max_instance_request_concurrency=what.concurrency,
        scaling=cloudrunv2.ServiceTemplateScalingArgs(
            min_instance_count=what.min_instances, max_instance_count=what.max_instances
        ),
        vpc_access=cloudrunv2.ServiceTemplateVpcAccessArgs(
            egress=_egress(connection), network_interfaces=[_interface(connection.way_out or site.subnet)]
        ),
        containers=[
            cloudrunv2.ServiceTemplateContainerArgs(
                image=what.image,
                ports=cloudrunv2.ServiceTemplateContainerPortsArgs(name=what.port, container_port=PORT),
                resources=cloudrunv2.ServiceTemplateContainerResourcesArgs(
                    cpu_idle=what.cpu_idle, startup_cpu_boost=True, limits={"cpu": what.cpu, "memory": what.memory}
                ),
                startup_probe=_probe(what),
                envs=[*_variables(variables), *_secrets(secrets)],
            )
        ],
    )


def job_template(
    what: Container,
    *,
    args: Sequence[str],
    site: Site,
    account: pulumi.Input[str],
    env: Variables | None = None,
    connection: Connection = NO_DATABASE,
    retries: int = 0,
) -> cloudrunv2.JobTemplateArgs:
    """One task that runs `blossm` with these arguments, and where it fails is tried so many times again."""
    subnet = connection.way_out or site.subnet
    inside = cloudrunv2.JobTemplateTemplateVpcAccessNetworkInterfaceArgs(network=subnet.network, subnetwork=subnet.subnetwork)
    variables = {**what.env, **(env or {}), **connection.env}
    secrets = {**what.secrets, **connection.secrets}
    container = cloudrunv2.JobTemplateTemplateContainerArgs(
        image=what.image,
        commands=["blossm"],
        args=list(args),
        resources=cloudrunv2.JobTemplateTemplateContainerResourcesArgs(limits={"cpu": what.cpu, "memory": _memory_of_job(what)}),
        envs=[*_job_variables(variables), *_job_secrets(secrets)],
    )
    return cloudrunv2.JobTemplateArgs(
        task_count=1,
        template=cloudrunv2.JobTemplateTemplateArgs(
            service_account=account,
            timeout=what.timeout,
            max_retries=retries,
            vpc_access=cloudrunv2.JobTemplateTemplateVpcAccessArgs(egress=_egress(connection), network_interfaces=[inside]),
            containers=[container],
        ),
    )


def _memory_of_job(what: Container) -> str:
    return what.memory if mebibytes(what.memory) >= _LEAST_OF_A_JOB else f"{_LEAST_OF_A_JOB}Mi"


def let_call(
    name: str, service: cloudrunv2.Service, account: serviceaccount.Account, *, region: str, parent: pulumi.Resource
) -> None:
    """Lets `account` call `service`. A binding on the service itself: nobody gets one on the project."""
    cloudrunv2.ServiceIamMember(
        name,
        name=service.name,
        location=region,
        role="roles/run.invoker",
        member=account.member,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _egress(connection: Connection) -> str:
    return "ALL_TRAFFIC" if connection.way_out else "PRIVATE_RANGES_ONLY"


def _interface(subnet: Subnet) -> cloudrunv2.ServiceTemplateVpcAccessNetworkInterfaceArgs:
    return cloudrunv2.ServiceTemplateVpcAccessNetworkInterfaceArgs(network=subnet.network, subnetwork=subnet.subnetwork)


def _probe(what: Container) -> cloudrunv2.ServiceTemplateContainerStartupProbeArgs:
    """An instance gets requests as soon as it says that it is ready: it is asked every second."""
    if what.port == "http1":
        ready = cloudrunv2.ServiceTemplateContainerStartupProbeHttpGetArgs(path="/healthz", port=PORT)
        return cloudrunv2.ServiceTemplateContainerStartupProbeArgs(
            http_get=ready, period_seconds=1, timeout_seconds=1, failure_threshold=_STARTS_WITHIN
        )
    return cloudrunv2.ServiceTemplateContainerStartupProbeArgs(
        grpc=cloudrunv2.ServiceTemplateContainerStartupProbeGrpcArgs(port=PORT),
        period_seconds=1,
        timeout_seconds=1,
        failure_threshold=_STARTS_WITHIN,
    )


def _variables(env: Variables) -> list[cloudrunv2.ServiceTemplateContainerEnvArgs]:
    return [cloudrunv2.ServiceTemplateContainerEnvArgs(name=name, value=value) for name, value in sorted(env.items())]


def _secrets(secrets: Variables) -> list[cloudrunv2.ServiceTemplateContainerEnvArgs]:
    """Only the reference: no value of a secret passes through here."""
    return [
        cloudrunv2.ServiceTemplateContainerEnvArgs(
            name=name,
            value_source=cloudrunv2.ServiceTemplateContainerEnvValueSourceArgs(
                secret_key_ref=cloudrunv2.ServiceTemplateContainerEnvValueSourceSecretKeyRefArgs(secret=secret, version="latest")
            ),
        )
        for name, secret in sorted(secrets.items())
    ]


def _job_variables(env: Variables) -> list[cloudrunv2.JobTemplateTemplateContainerEnvArgs]:
    return [cloudrunv2.JobTemplateTemplateContainerEnvArgs(name=name, value=value) for name, value in sorted(env.items())]


def _job_secrets(secrets: Variables) -> list[cloudrunv2.JobTemplateTemplateContainerEnvArgs]:
    return [
        cloudrunv2.JobTemplateTemplateContainerEnvArgs(
            name=name,
            value_source=cloudrunv2.JobTemplateTemplateContainerEnvValueSourceArgs(
                secret_key_ref=cloudrunv2.JobTemplateTemplateContainerEnvValueSourceSecretKeyRefArgs(
                    secret=secret, version="latest"
                )
            ),
        )
        for name, secret in sorted(secrets.items())
    ]
