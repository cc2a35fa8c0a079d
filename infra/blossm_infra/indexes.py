"""What makes collections and indexes, before anybody serves from them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import pulumi
import pulumi_gcp.cloudrunv2 as cloudrunv2
import pulumi_gcp.serviceaccount as serviceaccount

from blossm.model.indexes import IndexPlan, index_plan
from blossm_infra import naming
from blossm_infra.cloud_run import job_template
from blossm_infra.connection import Connect
from blossm_infra.container import Container, container
from blossm_infra.deployed import Deployed
from blossm_infra.settings import StackSettings
from blossm_infra.site import Site

TOKEN = 12  # Cloud Run: a job's name, at most 49 letters, and its token are fewer than 63 together

# To make an index of a large log takes a while. `pulumi up` waits as long as the job may run, and a little longer.
_LONGEST, _WAIT = "3600s", "70m"

# A user of a database who was made just now may not be known to its cluster yet. To apply a plan twice changes nothing.
_RETRIES = 3


@dataclass(frozen=True, kw_only=True)
class IndexJobArgs:
    what: Deployed
    site: Site
    connect: Connect


class IndexJob(pulumi.ComponentResource):
    """A Cloud Run job that applies the index plan of one log or one view store; `pulumi up` runs it when the plan has changed.

    It runs as an account of its own, which reads no data. Idle cost: 0. Needs the APIs run and iam.
    """

    def __init__(self, name: str, args: IndexJobArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:IndexJob", name, None, opts)
        self._name = name
        account = serviceaccount.Account(
            naming.index_account(args.what.ref),
            account_id=naming.index_account(args.what.ref),
            display_name=f"indexes of {naming.display_name(args.what.ref)}"[: naming.DISPLAY],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.done: tuple[pulumi.Resource, ...] = (self._job(args, account),)
        self.register_outputs({})

    def _job(self, args: IndexJobArgs, account: serviceaccount.Account) -> cloudrunv2.Job:
        settings, ref, connection = args.site.settings, args.what.ref, args.connect(account)
        return cloudrunv2.Job(
            self._name,
            name=self._name,
            location=settings.region,
            labels=args.site.labels(kind=ref.kind, service=args.what.first.service, context=args.what.first.context),
            deletion_protection=False,
            run_execution_token=_token(index_plan(args.site.model, ref), connection.project),
            template=job_template(
                index_container(args.what, settings),
                args=["indexes", "apply", f"{ref.kind}/{ref.address}"],
                site=args.site,
                account=account.email,
                connection=connection,
                retries=_RETRIES,
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(connection.needs),
                custom_timeouts=pulumi.CustomTimeouts(create=_WAIT, update=_WAIT),
            ),
        )


def _token(plan: IndexPlan, project: pulumi.Input[str]) -> pulumi.Output[str]:
    """Another one for another plan, and for the same plan in a database that was made anew."""
    whole = pulumi.Output.concat(project, "/", plan.fingerprint)
    return whole.apply(lambda text: hashlib.sha256(text.encode()).hexdigest()[:TOKEN])


def index_container(what: Deployed, settings: StackSettings) -> Container:
    """The network's image, without the user's variables and secrets: no handler runs here."""
    found = container(what, settings)
    ours = {name: value for name, value in found.env.items() if name.startswith("BLOSSM_")}
    return replace(found, memory="512Mi", cpu="1", timeout=_LONGEST, env=ours, secrets={})
