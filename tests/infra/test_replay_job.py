"""The jobs that replay projections."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from tests.infra.networks import bicycle_city
from tests.infra.plans import planned

from blossm.model.network import Ref, Shape
from blossm_infra import naming
from blossm_infra.preview import Plan, Registered

JOB = "gcp:cloudrunv2/job:Job"
SERVICE = "gcp:cloudrunv2/service:Service"
REPLAY = naming.replay_job(Ref("projection", "garage.bicycles"))
PROJECTION = naming.service_name(Ref("projection", "garage.bicycles"))


def _task(job: Registered) -> dict[str, Any]:
    task = job.inputs["template"]["template"]
    assert isinstance(task, dict)
    return task


def _variables(container: dict[str, Any]) -> dict[str, Any]:
    return {env["name"]: env.get("value", env.get("valueSource")) for env in container["envs"]}


def test_every_projection_has_a_job_that_replays_it(dev: Plan) -> None:
    replays = [_task(job)["containers"][0]["args"] for job in dev.of(JOB) if job.name.startswith("replay-")]
    assert sorted(replays) == [["replay", "garage.bicycles"], ["replay", "totals"]]


def test_a_replay_is_its_projection_and_nothing_more(dev: Plan) -> None:
    job, service = dev.one(JOB, name=REPLAY), dev.one(SERVICE, name=PROJECTION)
    assert _task(job)["serviceAccount"] == service.inputs["template"]["serviceAccount"]
    (theirs,), (ours,) = service.inputs["template"]["containers"], _task(job)["containers"]
    assert _variables(ours) == _variables(theirs)
    assert ours["image"] == theirs["image"]


def test_a_replay_reaches_the_logs_that_its_projection_listens_to(dev: Plan) -> None:
    (container,) = _task(dev.one(JOB, name=REPLAY))["containers"]
    callees = json.loads(_variables(container)["BLOSSM_CALLEES"])
    assert {"event-store/shop", "event-store/staff", "view-store/garage.bicycles"} <= callees.keys()


def test_a_replay_has_what_its_handlers_need() -> None:
    model = bicycle_city()
    projection = replace(model.projections["totals"], env={"COLOR": "green"}, secrets={"KEY": "paint-key"})
    plan = planned(replace(model, projections={**model.projections, "totals": projection}), stack="dev")
    (container,) = _task(plan.one(JOB, name=naming.replay_job(projection.ref)))["containers"]
    told = _variables(container)
    assert told["COLOR"] == "green"
    assert told["KEY"]["secretKeyRef"]["secret"] == "paint-key"


def test_no_deployment_runs_a_replay(dev: Plan) -> None:
    job = dev.one(JOB, name=REPLAY)
    assert not {"runExecutionToken", "startExecutionToken"} & job.inputs.keys()


def test_a_replay_may_take_a_day_and_is_not_tried_again_by_itself(dev: Plan) -> None:
    task = _task(dev.one(JOB, name=REPLAY))
    assert (task["timeout"], task["maxRetries"]) == ("86400s", 0)


def test_a_replay_is_there_once_its_projection_may_read_its_secrets(dev: Plan) -> None:
    assert dev.one(SERVICE, name=PROJECTION).urn in dev.one(JOB, name=REPLAY).depends_on


def test_a_replay_has_a_whole_cpu_and_half_a_gibibyte_at_least_because_jobs_take_no_less() -> None:
    model = bicycle_city()
    for cpu in ("0.5", "500m"):
        projection = replace(model.projections["totals"], shape=Shape(memory="256Mi", cpu=cpu))
        plan = planned(replace(model, projections={**model.projections, "totals": projection}), stack="dev")
        (container,) = _task(plan.one(JOB, name=naming.replay_job(projection.ref)))["containers"]
        assert container["resources"]["limits"] == {"cpu": "1", "memory": "512Mi"}
