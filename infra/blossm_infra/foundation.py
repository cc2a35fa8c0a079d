"""What a stack stands on, whatever its network is."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp.artifactregistry as artifactregistry
import pulumi_gcp.organizations as organizations
import pulumi_gcp.projects as projects
import pulumi_gcp.serviceaccount as serviceaccount

from blossm.model.network import Network
from blossm_infra import naming
from blossm_infra.labels import labels
from blossm_infra.settings import StackSettings
from blossm_infra.signing_keys import SigningKeys, SigningKeysArgs, foreign_keys, own_keys
from blossm_infra.site import SigningKey, Site, Subnet, site

_ALWAYS = ("artifactregistry", "cloudscheduler", "cloudtasks", "compute", "dns", "iam", "pubsub", "run", "secretmanager")

_A_MONTH = f"{30 * 24 * 3600}s"
_KEPT = 10


def apis(model: Network, settings: StackSettings) -> tuple[str, ...]:
    """The APIs that a stack needs: those of every network, and those that the network's header or the stack's settings ask for.

    No procedure adds one, so that a procedure that comes touches nothing else.
    """
    keys = ("cloudkms",) if own_keys(model) else ()
    certificates = ("certificatemanager",) if settings.gateways == "loadbalancer" else ()
    return tuple(sorted((*_ALWAYS, *keys, *certificates)))


@dataclass(frozen=True, kw_only=True)
class FoundationArgs:
    model: Network
    settings: StackSettings


class Foundation(pulumi.ComponentResource):
    """Google's APIs, the private network, the registry of images, signing keys, and the accounts as which Google itself calls.

    Idle cost: 0.20 USD a month for the private network's DNS, 0.10 a GB of images beyond the first half, 0.06 a signing key.
    Needs the APIs cloudresourcemanager and serviceusage, which no program can switch on for itself.
    """

    def __init__(self, name: str, args: FoundationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:Foundation", name, None, opts)
        self.ready = [self._api(api) for api in apis(args.model, args.settings)]
        self._below = pulumi.ResourceOptions(parent=self, depends_on=self.ready)
        self.push = self._account(naming.push_account(), "Pub/Sub, when it wakes projections and the dispatcher")
        self.scheduler = self._account(
            naming.scheduler_account(), "Cloud Scheduler and Cloud Tasks, when they call the dispatcher"
        )
        self.registry = self._registry(args)
        self.site = self._site(args)
        self.register_outputs({"registry": self.registry.registry_uri})

    def _api(self, api: str) -> projects.Service:
        return projects.Service(
            naming.component("api", api),
            service=f"{api}.googleapis.com",
            disable_on_destroy=False,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _account(self, name: str, what: str) -> serviceaccount.Account:
        return serviceaccount.Account(name, account_id=name, display_name=what, opts=self._below)

    def _registry(self, args: FoundationArgs) -> artifactregistry.Repository:
        """Images with a tag stay until somebody takes it away; of the others the newest, and a month's."""
        newest = artifactregistry.RepositoryCleanupPolicyMostRecentVersionsArgs(keep_count=_KEPT)
        untagged = artifactregistry.RepositoryCleanupPolicyConditionArgs(tag_state="UNTAGGED", older_than=_A_MONTH)
        return artifactregistry.Repository(
            naming.registry(),
            repository_id=naming.registry(),
            location=args.settings.region,
            format="DOCKER",
            description="The images of the network",
            labels=labels(args.model, args.settings),
            cleanup_policies=[
                artifactregistry.RepositoryCleanupPolicyArgs(id="newest", action="KEEP", most_recent_versions=newest),
                artifactregistry.RepositoryCleanupPolicyArgs(id="untagged", action="DELETE", condition=untagged),
            ],
            opts=self._below,
        )

    def _site(self, args: FoundationArgs) -> Site:
        project = organizations.get_project(project_id=args.settings.project)
        keys = {**self._keys(args), **foreign_keys(args.model)}
        return site(args.model, args.settings, number=project.number, subnet=self._subnet(args), keys=keys)

    def _subnet(self, args: FoundationArgs) -> Subnet:
        from blossm_infra.vpc import Vpc, VpcArgs  # loads gcp.compute, which takes a second or two

        return Vpc(naming.vpc(), VpcArgs(model=args.model, settings=args.settings), opts=self._below).subnet

    def _keys(self, args: FoundationArgs) -> dict[str, SigningKey]:
        if not own_keys(args.model):
            return {}
        keys = SigningKeysArgs(model=args.model, settings=args.settings)
        return SigningKeys(naming.component("signing-keys"), keys, opts=self._below).keys
