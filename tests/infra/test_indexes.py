"""The jobs that make collections and indexes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.infra.networks import bicycle_city
from tests.infra.plans import planned

from blossm.model.network import Network, Ref
from blossm_infra import naming
from blossm_infra.preview import Plan, Registered

JOB = "gcp:cloudrunv2/job:Job"
SERVICE = "gcp:cloudrunv2/service:Service"
ACCOUNT = "gcp:serviceaccount/account:Account"
ROLE = "mongodbatlas:index/customDbRole:CustomDbRole"
USER = "mongodbatlas:index/databaseUser:DatabaseUser"

LOG = naming.index_job(Ref("event-store", "shop"))
VIEW = naming.index_job(Ref("view-store", "garage.bicycles"))

LARGE = {"blossm:shape": "full", "blossm:gateways": "none"}


def _container(job: Registered) -> dict[str, Any]:
    (container,) = job.inputs["template"]["template"]["containers"]
    assert isinstance(container, dict)
    return container


def _variables(job: Registered) -> dict[str, Any]:
    return {env["name"]: env.get("value") for env in _container(job)["envs"]}


def _index_jobs(plan: Plan) -> list[Registered]:
    return [job for job in plan.of(JOB) if _container(job)["args"][0] == "indexes"]


def _changed(before: Plan, after: Plan) -> dict[str, list[str]]:
    """Names of the resources that differ → of the inputs that do."""
    old = {resource.urn: resource for resource in before.resources if resource.custom}
    new = {resource.urn: resource for resource in after.resources if resource.custom}
    assert old.keys() == new.keys()
    found = {}
    for urn, resource in new.items():
        inputs, were = resource.inputs, old[urn].inputs
        if names := [name for name in sorted(inputs.keys() | were.keys()) if inputs.get(name) != were.get(name)]:
            found[resource.name] = names
    return found


def _with_index(model: Network, *fields: str) -> Network:
    store = replace(model.event_stores["shop.bicycle"], indexes=fields)
    return replace(model, event_stores={**model.event_stores, store.address: store})


def test_there_is_a_job_for_each_log_and_each_view_store(dev: Plan) -> None:
    applied = [_container(job)["args"] for job in _index_jobs(dev)]
    assert sorted(applied) == [
        ["indexes", "apply", "event-store/shop"],
        ["indexes", "apply", "event-store/staff"],
        ["indexes", "apply", "view-store/garage.bicycles"],
        ["indexes", "apply", "view-store/totals"],
    ]


def test_a_token_fits_beside_the_name_of_its_job(dev: Plan) -> None:
    for job in _index_jobs(dev):
        assert len(job.inputs["name"]) + 1 + len(job.inputs["runExecutionToken"]) < 63


def test_a_changed_index_changes_its_token_and_nothing_else() -> None:
    before, after = bicycle_city(), _with_index(bicycle_city(), "color")
    assert _changed(planned(before, stack="dev"), planned(after, stack="dev")) == {LOG: ["runExecutionToken"]}


def test_a_changed_sort_changes_the_token_of_its_view_alone() -> None:
    model = bicycle_city()
    view = replace(model.view_stores["garage.bicycles"], sorts=((("painted", "desc"),),))
    after = replace(model, view_stores={**model.view_stores, view.address: view})
    assert _changed(planned(model, stack="dev"), planned(after, stack="dev")) == {VIEW: ["runExecutionToken"]}


def test_a_database_that_is_made_anew_gets_its_indexes_though_their_plan_is_the_same() -> None:
    elsewhere = {"blossm:atlas": '{"organization": "ffffffffffffffffffffffff"}'}
    here = planned(bicycle_city(), stack="dev")
    there = planned(replace(bicycle_city(), name="other.example"), stack="dev", config=elsewhere)
    for job in (LOG, VIEW):
        assert here.one(JOB, name=job).inputs["runExecutionToken"] != there.one(JOB, name=job).inputs["runExecutionToken"]


def test_a_job_is_tried_again_because_a_new_user_may_not_be_known_yet(dev: Plan) -> None:
    assert {job.inputs["template"]["template"]["maxRetries"] for job in _index_jobs(dev)} == {3}


def test_changed_handlers_run_no_job() -> None:
    model = bicycle_city()
    paint = replace(model.commands["shop.bicycle.paint"], retries=9)
    store = replace(model.event_stores["shop.bicycle"], snapshots_every=7, upcasters="upcasters.py")
    after = replace(
        model,
        commands={**model.commands, paint.address: paint},
        event_stores={**model.event_stores, store.address: store},
    )
    assert not _changed(planned(model, stack="dev"), planned(after, stack="dev"))


def test_another_image_changes_the_job_but_not_its_token() -> None:
    other = {"blossm:image": f"europe-west1-docker.pkg.dev/blossm-preview/blossm/network@sha256:{'1' * 64}"}
    changed = _changed(planned(bicycle_city(), stack="dev"), planned(bicycle_city(), stack="dev", config=other))
    assert changed[LOG] == ["template"]


@pytest.mark.parametrize("kind", ["event-store", "view-store"])
def test_a_store_serves_once_its_indexes_are_there(dev: Plan, kind: str) -> None:
    services = [service for service in dev.of(SERVICE) if service.inputs.get("labels", {}).get("kind") == kind]
    jobs = {job.urn: _container(job)["args"][2] for job in _index_jobs(dev)}
    waited = [[jobs[urn] for urn in service.depends_on if urn in jobs] for service in services]
    assert len(waited) == 2
    for service, (address,) in zip(services, waited, strict=True):
        (container,) = service.inputs["template"]["containers"]
        assert {"name": "BLOSSM_PROCEDURE", "value": address} in container["envs"]


def test_a_job_runs_as_an_account_of_its_own_that_reads_no_data(dev: Plan) -> None:
    job, account = dev.one(JOB, name=LOG), naming.index_account(Ref("event-store", "shop"))
    assert job.inputs["template"]["template"]["serviceAccount"] == dev.one(ACCOUNT, name=account).outputs["email"]
    assert dev.one(ACCOUNT, name=account).inputs["displayName"] == "indexes of event-store shop"
    told = _variables(job)
    assert (told["BLOSSM_DATABASE"], told["BLOSSM_STORE_USER"]) == ("log-shop", "index-event-store-shop")
    role = dev.one(ROLE, name="index-event-store-shop")
    assert {action["action"] for action in role.inputs["actions"]} == {"CREATE_COLLECTION", "CREATE_INDEX", "LIST_INDEXES"}
    assert dev.one(USER, name="index-event-store-shop").urn in job.depends_on


def test_a_job_sees_none_of_the_users_variables_and_secrets() -> None:
    model = bicycle_city()
    store = replace(model.event_stores["shop.bicycle"], env={"COLOR": "green"}, secrets={"KEY": "paint-key"})
    plan = planned(replace(model, event_stores={**model.event_stores, store.address: store}), stack="dev", config=LARGE)
    told = _variables(plan.one(JOB, name=LOG))
    assert set(told) == {"BLOSSM_ENVIRONMENT", "BLOSSM_PROCEDURE", "BLOSSM_STORE", "BLOSSM_DATABASE", "BLOSSM_STORE_USER"}


def test_a_job_can_be_taken_away_with_its_store_and_is_found_by_its_labels(dev: Plan) -> None:
    for job in _index_jobs(dev):
        assert job.inputs["deletionProtection"] is False
        assert job.inputs["labels"]["environment"] == "development"
