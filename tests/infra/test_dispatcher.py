"""What calls commands later: by the clock, because a log says so, and now and then to be safe."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.infra.networks import bicycle_city, command
from tests.infra.plans import planned

from blossm.model.network import CommandSpec, Network, Ref, Shape
from blossm_infra import naming
from blossm_infra.deployed import dispatched
from blossm_infra.preview import SAMPLE, UNKNOWN, Plan, Registered
from blossm_infra.schedules import how_often
from blossm_infra.settings import settings_of

SERVICE = "gcp:cloudrunv2/service:Service"
BINDING = "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"
JOB = "gcp:cloudscheduler/job:Job"
QUEUE = "gcp:cloudtasks/queue:Queue"
ENQUEUER = "gcp:cloudtasks/queueIamMember:QueueIamMember"
ACTS_AS = "gcp:serviceaccount/iAMMember:IAMMember"
PUBLISHER = "gcp:pubsub/topicIAMMember:TopicIAMMember"
SUBSCRIPTION = "gcp:pubsub/subscription:Subscription"

URL = "https://dispatcher-123456789012.europe-west1.run.app"
DISPATCHER = "serviceAccount:dispatcher@blossm-preview.iam.gserviceaccount.com"
CALL_LATER = "call-later@blossm-preview.iam.gserviceaccount.com"


def _with(network: Network, *commands: CommandSpec) -> Network:
    return replace(network, commands={**network.commands, **{spec.address: spec for spec in commands}})


def _tidy(**said: Any) -> CommandSpec:
    return replace(command("staff.mechanic.tidy"), schedule="0 5 * * *", **said)


@pytest.fixture(scope="module")
def scheduled() -> Plan:
    return planned(_with(bicycle_city(), _tidy(shape=Shape(timeout=120.0))))


def _container(plan: Plan) -> dict[str, Any]:
    (container,) = plan.one(SERVICE, name="dispatcher").inputs["template"]["containers"]
    assert isinstance(container, dict)
    return container


def _variables(plan: Plan) -> dict[str, Any]:
    return {variable["name"]: variable["value"] for variable in _container(plan)["envs"]}


def _body(job: Registered) -> Any:
    return json.loads(base64.b64decode(job.inputs["httpTarget"]["body"]))


def test_a_command_with_a_schedule_is_called_by_the_clock_in_utc(scheduled: Plan) -> None:
    job = scheduled.one(JOB, name="schedule-staff-mechanic-tidy")
    assert (job.inputs["schedule"], job.inputs["timeZone"]) == ("0 5 * * *", "Etc/UTC")
    assert job.inputs["httpTarget"]["uri"] == f"{URL}/scheduled"
    assert job.inputs["httpTarget"]["oidcToken"] == {"serviceAccountEmail": CALL_LATER, "audience": URL}
    assert _body(job) == {
        "command": "staff.mechanic.tidy",
        "url": "https://command-staff-mechanic-tidy-123456789012.europe-west1.run.app",
    }


@pytest.mark.parametrize(("timeout", "deadline"), [(0.5, "15.5s"), (120.0, "135s"), (3600.0, "1800s")])
def test_the_clock_waits_as_long_as_the_command_may_take_within_its_own_limits(timeout: float, deadline: str) -> None:
    plan = planned(_with(bicycle_city(), _tidy(shape=Shape(timeout=timeout))))
    assert plan.one(JOB, name="schedule-staff-mechanic-tidy").inputs["attemptDeadline"] == deadline


def test_a_scheduled_command_that_is_added_adds_its_job_and_its_binding_and_touches_nothing_else() -> None:
    city = bicycle_city()
    before = {resource.urn: resource for resource in planned(_with(city, command("staff.mechanic.tidy"))).resources}
    after = {resource.urn: resource for resource in planned(_with(city, _tidy())).resources}
    added = [after[urn] for urn in after if urn not in before]
    assert sorted((resource.type, resource.name) for resource in added) == [
        (BINDING, "command-staff-mechanic-tidy-from-dispatcher"),
        (JOB, "schedule-staff-mechanic-tidy"),
    ]
    assert [urn for urn in before if before[urn].custom and after[urn] != before[urn]] == []


def test_a_stack_looks_every_minute_in_production_and_every_hour_elsewhere() -> None:
    assert how_often(settings_of(SAMPLE, stack="prod")) == "* * * * *"
    assert {how_often(settings_of(SAMPLE, stack=stack)) for stack in ("dev", "sandbox")} == {"0 * * * *"}
    assert how_often(settings_of({**SAMPLE, "blossm:tick": "*/5 * * * *"}, stack="prod")) == "*/5 * * * *"


def test_a_network_without_schedules_has_the_safety_net_all_the_same(dev: Plan) -> None:
    tick = dev.one(JOB)
    assert (tick.name, tick.inputs["httpTarget"]["uri"], _body(tick)) == ("safety-net", f"{URL}/tick", {})


def test_the_dispatcher_is_reached_by_google_from_inside_and_by_nobody_else(dev: Plan) -> None:
    service = dev.one(SERVICE, name="dispatcher")
    assert service.inputs["ingress"] == "INGRESS_TRAFFIC_INTERNAL_ONLY"
    assert service.inputs["invokerIamDisabled"] is False
    callers = {b.inputs["member"] for b in dev.of(BINDING) if b.inputs["name"] == "dispatcher"}
    domain = "blossm-preview.iam.gserviceaccount.com"
    assert callers == {f"serviceAccount:push-wake-ups@{domain}", f"serviceAccount:call-later@{domain}"}


def test_the_dispatcher_may_call_what_it_dispatches_and_nothing_else(scheduled: Plan) -> None:
    bound = {binding.inputs["name"] for binding in scheduled.of(BINDING) if binding.inputs["member"] == DISPATCHER}
    assert bound == {naming.service_name(ref) for ref in dispatched(_with(bicycle_city(), _tidy()))}
    assert bound == {
        "command-shop-bicycle-paint",
        "command-shop-bicycle-repaint",
        "command-staff-mechanic-notify",
        "command-staff-mechanic-tidy",
        "event-store-shop",
    }


def test_the_dispatcher_speaks_http_to_google_and_is_no_larger_than_it_must(dev: Plan) -> None:
    assert _container(dev)["ports"] == {"name": "http1", "containerPort": 8080}
    assert _container(dev)["resources"]["limits"] == {"cpu": "1", "memory": "256Mi"}
    assert dev.one(SERVICE, name="dispatcher").inputs["template"]["scaling"] == {"minInstanceCount": 0, "maxInstanceCount": 3}


def test_the_dispatcher_is_told_where_it_is_whom_it_calls_and_whom_it_wakes(dev: Plan) -> None:
    told = _variables(dev)
    assert told["BLOSSM_PROCEDURE"] == "dispatcher"
    assert told["BLOSSM_DISPATCHER"] == f"{URL}/later"  # where its tasks come back to
    assert told["BLOSSM_SCHEDULER"] == CALL_LATER
    assert told["BLOSSM_TASKS"] == "projects/blossm-preview/locations/europe-west1/queues/call-later"
    assert json.loads(told["BLOSSM_TOPICS"]) == {
        service: f"projects/blossm-preview/topics/wake-ups-{service}" for service in ("shop", "staff")
    }
    assert set(json.loads(told["BLOSSM_CALLEES"])) == {
        "command/shop.bicycle.paint",
        "command/shop.bicycle.repaint",
        "command/staff.mechanic.notify",
        "event-store/shop",
    }


def test_a_task_is_tried_until_the_dispatcher_has_taken_it(dev: Plan) -> None:
    queue = dev.one(QUEUE).inputs
    assert queue["retryConfig"] == {"maxAttempts": -1, "minBackoff": "1s", "maxBackoff": "300s", "maxDoublings": 8}
    assert queue["rateLimits"] == {"maxConcurrentDispatches": 100, "maxDispatchesPerSecond": 100}


def test_the_dispatcher_makes_tasks_that_are_called_as_somebody(dev: Plan) -> None:
    enqueuer, acts = dev.one(ENQUEUER).inputs, dev.one(ACTS_AS).inputs
    assert (enqueuer["name"], enqueuer["role"], enqueuer["member"]) == ("call-later", "roles/cloudtasks.enqueuer", DISPATCHER)
    assert (acts["role"], acts["member"]) == ("roles/iam.serviceAccountUser", DISPATCHER)
    assert acts["serviceAccountId"].endswith(CALL_LATER)


def test_the_dispatcher_may_wake_every_service(dev: Plan) -> None:
    woken = {p.inputs["topic"] for p in dev.of(PUBLISHER) if p.inputs["member"] == DISPATCHER}
    assert woken == {"wake-ups-shop", "wake-ups-staff"}


def test_a_log_that_may_say_later_wakes_the_dispatcher_at_once(dev: Plan) -> None:
    """In the shop, paint and repaint call others; in staff, nobody does."""
    heard = {s.name: s.inputs["pushConfig"] for s in dev.of(SUBSCRIPTION) if s.name.startswith("later-")}
    token = {"serviceAccountEmail": "push-wake-ups@blossm-preview.iam.gserviceaccount.com", "audience": URL}
    assert heard == {"later-shop": {"pushEndpoint": f"{URL}/wake-up/shop", "oidcToken": token}}


def test_before_the_first_up_a_job_tells_where_it_calls() -> None:
    plan = planned(_with(bicycle_city(), _tidy()), unknowns=True)
    target = plan.one(JOB, name="schedule-staff-mechanic-tidy").inputs["httpTarget"]
    assert target["uri"] == f"{URL}/scheduled"
    assert target["oidcToken"] == {"serviceAccountEmail": UNKNOWN, "audience": URL}


word = st.from_regex(r"[a-z][a-z0-9_]{0,40}", fullmatch=True)


@given(st.lists(st.tuples(word, word, word), unique=True, max_size=20))
def test_no_two_schedules_share_a_name_and_google_takes_it(addresses: list[tuple[str, str, str]]) -> None:
    names = [naming.schedule(Ref("command", ".".join(address))) for address in addresses]
    assert len({*names, naming.tick()}) == len(names) + 1
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,500}", name) for name in names)


@given(word, word, word)
def test_what_the_dispatcher_hears_by_is_no_projections_subscription(service: str, context: str, name: str) -> None:
    assert naming.later(service) != naming.subscription(service, Ref("projection", f"{context}.{name}"))
    assert re.fullmatch(r"[a-z][a-z0-9-]{2,254}", naming.later(service))


def test_the_queues_name_is_what_cloud_tasks_takes() -> None:
    assert re.fullmatch(r"[A-Za-z0-9-]{1,100}", naming.queue())
