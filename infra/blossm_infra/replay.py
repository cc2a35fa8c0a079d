"""What replays a projection in the cloud."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pulumi
import pulumi_gcp.cloudrunv2 as cloudrunv2

from blossm_infra.cloud_run import job_template
from blossm_infra.container import container
from blossm_infra.deployed import Deployed
from blossm_infra.machine import processors
from blossm_infra.procedure import Procedure
from blossm_infra.site import Site

_A_DAY = f"{24 * 3600}s"


@dataclass(frozen=True, kw_only=True)
class ReplayJobArgs:
    what: Deployed
    site: Site
    projection: Procedure


class ReplayJob(pulumi.ComponentResource):
    """A Cloud Run job that replays one projection, with that projection's account and nothing more.

    It runs when an operator says so, for a day at most; what is interrupted goes on where it was.
    Idle cost: 0. Needs the API run.
    """

    def __init__(self, name: str, args: ReplayJobArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:ReplayJob", name, None, opts)
        settings, ref = args.site.settings, args.what.ref
        what = container(args.what, settings)
        cloudrunv2.Job(
            name,
            name=name,
            location=settings.region,
            labels=args.site.labels(kind=ref.kind, context=args.what.first.context),
            deletion_protection=False,
            template=job_template(
                replace(what, cpu=max(what.cpu, "1", key=processors), timeout=_A_DAY),
                args=["replay", ref.address],
                site=args.site,
                account=args.projection.account.email,
                env={"BLOSSM_CALLEES": json.dumps(args.site.callees(ref))},
            ),
            # The service stands once its account may read its secrets, and those are the job's too.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.projection.service]),
        )
        self.register_outputs({})
