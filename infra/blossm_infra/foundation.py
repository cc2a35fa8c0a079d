"""What a stack stands on, whatever its network is."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp.organizations as organizations
import pulumi_gcp.projects as projects
import pulumi_gcp.serviceaccount as serviceaccount

from blossm.model.network import Network
from blossm_infra import naming
from blossm_infra.settings import StackSettings
from blossm_infra.site import Site, site

APIS = (
    "artifactregistry",
    "certificatemanager",
    "cloudkms",
    "cloudscheduler",
    "cloudtasks",
    "compute",
    "dns",
    "iam",
    "pubsub",
    "run",
    "secretmanager",
)


@dataclass(frozen=True, kw_only=True)
class FoundationArgs:
    model: Network
    settings: StackSettings


class Foundation(pulumi.ComponentResource):
    """Google's APIs, the private network, the registry of images, and the accounts as which Google itself calls.

    Idle cost: that of the images kept in the registry.
    """

    def __init__(self, name: str, args: FoundationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:Foundation", name, None, opts)
        self.ready = [self._api(api) for api in APIS]
        self.push = self._account(naming.push_account(), "Pub/Sub, when it wakes projections")
        self.scheduler = self._account(
            naming.scheduler_account(), "Cloud Scheduler and Cloud Tasks, when they call the dispatcher"
        )
        self.site = self._site(args)
        self.register_outputs({})

    def _api(self, api: str) -> projects.Service:
        return projects.Service(
            naming.component("api", api),
            service=f"{api}.googleapis.com",
            disable_on_destroy=False,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _account(self, name: str, what: str) -> serviceaccount.Account:
        return serviceaccount.Account(name, account_id=name, display_name=what, opts=pulumi.ResourceOptions(parent=self))

    def _site(self, args: FoundationArgs) -> Site:
        from blossm_infra.vpc import Vpc, VpcArgs  # loads gcp.compute, which takes a second or two

        vpc = Vpc(
            naming.vpc(),
            VpcArgs(settings=args.settings),
            opts=pulumi.ResourceOptions(parent=self, depends_on=self.ready),
        )
        project = organizations.get_project(project_id=args.settings.project)
        return site(args.model, args.settings, number=project.number, subnet=vpc.subnet)
