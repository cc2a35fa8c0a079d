"""What calls commands later: Google's schedulers speak HTTP only, commands speak gRPC."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp.cloudrunv2 as cloudrunv2
import pulumi_gcp.cloudtasks as cloudtasks
import pulumi_gcp.serviceaccount as serviceaccount

from blossm.model.network import Ref
from blossm_infra import naming
from blossm_infra.cloud_run import let_call, service_template
from blossm_infra.container import Container
from blossm_infra.deployed import dispatching
from blossm_infra.schedules import Target, call_by_the_clock, tick
from blossm_infra.site import Site
from blossm_infra.wake_ups import PATH, WakeUps

LATER = "/later"


@dataclass(frozen=True, kw_only=True)
class DispatcherArgs:
    """`topics` are the services' wake-ups, by service."""

    site: Site
    push: serviceaccount.Account
    scheduler: serviceaccount.Account
    topics: Mapping[str, WakeUps]


class Dispatcher(pulumi.ComponentResource):
    """The network's small HTTP service that calls commands later, and its safety net: a tick that wakes everybody.

    It makes the service and its account, a queue of Cloud Tasks, a job of Cloud Scheduler for each command with a
    `schedule:` and one for the tick, and a subscription for each log that may say that a command is to be called later.
    Idle cost: 0.10 USD a month and job; a project's first three are free. Needs the APIs run, cloudtasks, cloudscheduler, pubsub.
    """

    def __init__(self, name: str, args: DispatcherArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:Dispatcher", name, None, opts)
        self.name, self._args, self._site = name, args, args.site
        self._url = args.site.url(naming.dispatcher())
        self._below = pulumi.ResourceOptions(parent=self)
        self.account = serviceaccount.Account(
            name, account_id=naming.dispatcher(), display_name="the dispatcher, which calls commands later", opts=self._below
        )
        self._queue = self._later()
        self.service = self._service()
        for caller, account in {naming.push_account(): args.push, naming.scheduler_account(): args.scheduler}.items():
            let_call(f"{name}-from-{caller}", self.service, account, region=args.site.settings.region, parent=self)
        self._by_the_clock()
        self._hear()
        self.register_outputs({"url": self._url, "account": self.account.email})

    def _later(self) -> cloudtasks.Queue:
        """Tries until the dispatcher has taken the task: it answers for what can't succeed."""
        queue = cloudtasks.Queue(
            naming.queue(),
            name=naming.queue(),
            location=self._site.settings.region,
            rate_limits=cloudtasks.QueueRateLimitsArgs(max_dispatches_per_second=100, max_concurrent_dispatches=100),
            retry_config=cloudtasks.QueueRetryConfigArgs(max_attempts=-1, min_backoff="1s", max_backoff="300s", max_doublings=8),
            opts=self._below,
        )
        cloudtasks.QueueIamMember(
            f"{naming.queue()}-from-{self.name}",
            name=queue.name,
            location=self._site.settings.region,
            role="roles/cloudtasks.enqueuer",
            member=self.account.member,
            opts=self._below,
        )
        serviceaccount.IAMMember(  # a task is called as somebody, and who makes it must be allowed to be that somebody
            f"{naming.scheduler_account()}-by-{self.name}",
            service_account_id=self._args.scheduler.name,
            role="roles/iam.serviceAccountUser",
            member=self.account.member,
            opts=self._below,
        )
        return queue

    def _service(self) -> cloudrunv2.Service:
        return cloudrunv2.Service(
            self.name,
            name=naming.dispatcher(),
            location=self._site.settings.region,
            description="Calls commands later, and wakes projections now and then",
            labels=self._site.labels(kind="dispatcher"),
            ingress="INGRESS_TRAFFIC_INTERNAL_ONLY",  # Cloud Scheduler, Cloud Tasks and Pub/Sub of the same project are inside
            invoker_iam_disabled=False,
            deletion_protection=False,  # it keeps nothing
            template=service_template(_container(self._site), site=self._site, account=self.account.email, env=self._env()),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._queue]),
        )

    def _env(self) -> dict[str, pulumi.Input[str]]:
        """Commands that have a schedule only are not here: the request that calls one says where it is."""
        settings, model = self._site.settings, self._site.model
        called = (Ref("command", address) for c in model.commands.values() for address in c.calls)
        logs = (Ref("event-store", address) for address in dispatching(model))
        topics = {service: topic.topic_id for service, topic in self._args.topics.items()}
        return {
            "BLOSSM_DISPATCHER": f"{self._url}{LATER}",
            "BLOSSM_CALLEES": json.dumps(self._site.urls(*sorted({*called, *logs})), sort_keys=True),
            "BLOSSM_TASKS": f"projects/{settings.project}/locations/{settings.region}/queues/{naming.queue()}",
            "BLOSSM_TOPICS": json.dumps(topics, sort_keys=True),
            "BLOSSM_SCHEDULER": self._args.scheduler.email,
        }

    def _by_the_clock(self) -> None:
        target = Target(url=self._url, account=self._args.scheduler)
        opts = pulumi.ResourceOptions(parent=self, depends_on=[self.service])
        tick(self._site, target, opts=opts)
        for command in self._site.model.commands.values():
            if command.schedule:
                call_by_the_clock(command, self._site, target, opts=opts)

    def _hear(self) -> None:
        """A log that may say `later` wakes the dispatcher at once; the tick wakes all logs."""
        opts = pulumi.ResourceOptions(parent=self, depends_on=[self.service])
        may_say_later = {address.partition(".")[0] for address in dispatching(self._site.model)}
        for service, topic in self._args.topics.items():
            topic.sent_by(self.name, self.account)
            if service in may_say_later:
                path = f"{PATH}/{service}"
                topic.push_to(naming.later(service), url=self._url, path=path, push=self._args.push, opts=opts)


def _container(site: Site) -> Container:
    """Small: it waits for others. It may take as long as Google's schedulers wait for it."""
    return Container(
        image=site.settings.image,
        port="http1",
        memory="256Mi",
        cpu="1",
        cpu_idle=True,
        timeout="1800s",
        concurrency=80,
        min_instances=0,
        max_instances=3,
        env={"BLOSSM_ENVIRONMENT": site.settings.environment, "BLOSSM_PROCEDURE": naming.dispatcher()},
        secrets={},
    )
