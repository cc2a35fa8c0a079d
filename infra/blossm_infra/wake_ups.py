"""How projections hear that a log has grown. A wake-up carries no data: a lost or doubled one changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pulumi
import pulumi_gcp.pubsub as pubsub
import pulumi_gcp.serviceaccount as serviceaccount

from blossm_infra import naming
from blossm_infra.procedure import Procedure

PATH = "/wake-up"


@dataclass(frozen=True, kw_only=True)
class WakeUpsArgs:
    service: str


class WakeUps(pulumi.ComponentResource):
    """The topic that tells a service's projections to look at its log, with one push subscription each.

    Idle cost: 0.
    """

    def __init__(self, name: str, args: WakeUpsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:WakeUps", name, None, opts)
        self._name, self._service = name, args.service
        self._labels = {"service": naming.label(args.service)}
        self.topic = pubsub.Topic(name, name=name, labels=self._labels, opts=pulumi.ResourceOptions(parent=self))

    def sent_by(self, sender: str, account: serviceaccount.Account) -> None:
        """Let this one, by name, wake the others: the log's event store, and the safety net."""
        pubsub.TopicIAMMember(
            f"{self._name}-from-{sender}",
            topic=self.topic.name,
            role="roles/pubsub.publisher",
            member=account.member,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def tell(self, projections: Iterable[Procedure], *, push: serviceaccount.Account) -> None:
        """Wake these, calling them as `push`. Called once, when they all stand."""
        for projection in projections:
            self._subscribe(projection, push)
        self.register_outputs({"topic": self.topic.name})

    def _subscribe(self, projection: Procedure, push: serviceaccount.Account) -> None:
        name = naming.subscription(self._service, projection.ref)
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
                push_endpoint=pulumi.Output.concat(projection.uri, PATH),
                oidc_token=pubsub.SubscriptionPushConfigOidcTokenArgs(service_account_email=push.email, audience=projection.uri),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
