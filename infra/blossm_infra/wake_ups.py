"""How those who follow a log hear that it has grown. A wake-up carries no data: a lost or doubled one changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pulumi
import pulumi_gcp.pubsub as pubsub
import pulumi_gcp.serviceaccount as serviceaccount

from blossm_infra import naming
from blossm_infra.procedure import Procedure
from blossm_infra.site import Site

PATH = "/wake-up"


@dataclass(frozen=True, kw_only=True)
class WakeUpsArgs:
    service: str
    site: Site


class WakeUps(pulumi.ComponentResource):
    """The topic that tells a service's projections to look at its log, with one push subscription each.

    Idle cost: 0. Needs the API pubsub, and the account as which Pub/Sub calls.
    """

    def __init__(self, name: str, args: WakeUpsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:WakeUps", name, None, opts)
        self.name, self._service, self._site = name, args.service, args.site
        self._labels = args.site.labels(service=args.service)
        self.topic = pubsub.Topic(name, name=name, labels=self._labels, opts=pulumi.ResourceOptions(parent=self))
        self.topic_id = f"projects/{args.site.settings.project}/topics/{name}"

    def sent_by(self, sender: str, account: serviceaccount.Account) -> None:
        """Let this one, by name, wake the others: the log's event store, and the safety net."""
        pubsub.TopicIAMMember(
            f"{self.name}-from-{sender}",
            topic=self.topic.name,
            role="roles/pubsub.publisher",
            member=account.member,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def tell(self, projections: Iterable[Procedure], *, push: serviceaccount.Account) -> None:
        """Wake these, calling them as `push`. Called once, when they all stand."""
        for projection in projections:
            self.push_to(
                naming.subscription(self._service, projection.ref),
                url=self._site.url(projection.name),
                path=PATH,
                push=push,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[projection.service]),
            )
        self.register_outputs({"topic": self.topic.name})

    def push_to(self, name: str, *, url: str, path: str, push: serviceaccount.Account, opts: pulumi.ResourceOptions) -> None:
        """Wake whoever answers at `url`, with a token of `push` that is good there and nowhere else."""
        pubsub.Subscription(
            name,
            name=name,
            topic=self.topic.id,
            labels=self._labels,
            ack_deadline_seconds=60,
            message_retention_duration="600s",  # the least there is: an old wake-up tells nothing new
            expiration_policy=pubsub.SubscriptionExpirationPolicyArgs(ttl=""),  # never
            retry_policy=pubsub.SubscriptionRetryPolicyArgs(minimum_backoff="1s", maximum_backoff="60s"),
            push_config=pubsub.SubscriptionPushConfigArgs(
                push_endpoint=f"{url}{path}",
                oidc_token=pubsub.SubscriptionPushConfigOidcTokenArgs(service_account_email=push.email, audience=url),
            ),
            opts=opts,
        )
