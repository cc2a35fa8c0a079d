"""What the clock calls: one job for each command with a `schedule:`, and one for the safety net."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp.cloudscheduler as cloudscheduler
import pulumi_gcp.serviceaccount as serviceaccount

from blossm.model.network import CommandSpec
from blossm_infra import naming
from blossm_infra.settings import StackSettings
from blossm_infra.site import Site

SCHEDULED = "/scheduled"
TICK = "/tick"

# Cloud Scheduler gives an HTTP call 15 seconds at least and 30 minutes at most.
_SHORTEST, _LONGEST = 15.0, 1800.0
_ON_THE_WAY = 15.0


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where the dispatcher answers, and as whom Cloud Scheduler calls it."""

    url: str
    account: serviceaccount.Account


def call_by_the_clock(command: CommandSpec, site: Site, target: Target, *, opts: pulumi.ResourceOptions) -> None:
    """The request says where the command is, so that the dispatcher needs no list of those that have a schedule."""
    url = site.url(naming.service_name(command.ref))
    _job(
        naming.schedule(command.ref),
        f"Calls {command.address}",
        schedule=command.schedule,
        path=SCHEDULED,
        body={"command": command.address, "url": url},
        deadline=min(max(command.shape.timeout + _ON_THE_WAY, _SHORTEST), _LONGEST),
        site=site,
        target=target,
        opts=opts,
    )


def tick(site: Site, target: Target, *, opts: pulumi.ResourceOptions) -> None:
    """Wakes everybody, in case that a wake-up was lost."""
    _job(
        naming.tick(),
        "Wakes all projections, and looks for calls that are due",
        schedule=how_often(site.settings),
        path=TICK,
        body={},
        deadline=60.0,
        site=site,
        target=target,
        opts=opts,
    )


def how_often(settings: StackSettings) -> str:
    """Every minute in production and every hour elsewhere, where the stack says nothing else."""
    return settings.tick or ("* * * * *" if settings.environment == "production" else "0 * * * *")


def _job(
    name: str,
    description: str,
    *,
    schedule: str,
    path: str,
    body: Mapping[str, str],
    deadline: float,
    site: Site,
    target: Target,
    opts: pulumi.ResourceOptions,
) -> None:
    cloudscheduler.Job(
        name,
        name=name,
        region=site.settings.region,
        description=description,
        schedule=schedule,
        time_zone="Etc/UTC",
        attempt_deadline=f"{deadline:g}s",
        retry_config=cloudscheduler.JobRetryConfigArgs(
            retry_count=3, min_backoff_duration="5s", max_backoff_duration="60s", max_doublings=4
        ),
        http_target=cloudscheduler.JobHttpTargetArgs(
            uri=f"{target.url}{path}",
            http_method="POST",
            headers={"Content-Type": "application/json"},
            body=base64.b64encode(json.dumps(body).encode()).decode(),
            oidc_token=cloudscheduler.JobHttpTargetOidcTokenArgs(service_account_email=target.account.email, audience=target.url),
        ),
        opts=opts,
    )
