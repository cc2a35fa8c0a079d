"""What keeps event stores from being lost, without an engine: tests/engine has the same with one."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Mapping
from typing import Any

import pulumi
import pytest
from tests.infra.networks import bicycle_city
from tests.infra.plans import planned

from blossm.model.network import Network
from blossm_infra.harness.plan import Plan
from blossm_infra.keeping import LOCK, ONCE
from blossm_infra.last_deployed import Deployment, unfinished
from blossm_infra.network import Network as Deployed
from blossm_infra.network import NetworkArgs
from blossm_infra.preview import SAMPLE, preview_program
from blossm_infra.settings import settings_of

_DEPLOYED = ("shop.bicycle", "shop.wheel", "staff.mechanic")
_PLACE = {"gcp:project": SAMPLE["gcp:project"], "gcp:region": SAMPLE["gcp:region"], "network": "bicyclecity.example"}
_TIERS = {"event-store": "M10", "view-store": "M10"}


def _after(
    model: Network,
    *,
    stack: str = "prod",
    kept: bool = True,
    retired: Collection[str] = (),
    config: Mapping[str, str] | None = None,
    tiers: Mapping[str, str] = _TIERS,
) -> Plan:
    """The network, where the stack was deployed before with the event stores of the city; some may be `retired`."""
    stores = {address: {"retired": address in retired} for address in _DEPLOYED}
    about = {"kept": kept, "begun": True, "place": _PLACE, "tiers": tiers}
    outputs: dict[str, Any] = {"event_stores": stores, "last_deployment": about}
    args = NetworkArgs(model=model, settings=settings_of({**SAMPLE, **(config or {})}, stack=stack))
    return preview_program(
        lambda: Deployed(model.name, args),
        stack=stack,
        stacks={f"organization/blossm/{stack}": outputs},
    )


def _without_wheels(model: Network) -> Network:
    """The domain `wheel` has left."""
    shop = dataclasses.replace(model.services["shop"], domains=("bicycle",))
    register = dataclasses.replace(model.commands["shop.bicycle.register"], logs=("bicycle",))
    bicycles = dataclasses.replace(
        model.projections["garage.bicycles"], events={"shop.bicycle": ("painted",), "staff.mechanic": ("hired",)}
    )
    return dataclasses.replace(
        model,
        services={**model.services, "shop": shop},
        event_stores={address: store for address, store in model.event_stores.items() if address != "shop.wheel"},
        commands={**model.commands, "shop.bicycle.register": register},
        projections={**model.projections, "garage.bicycles": bicycles},
    )


def test_in_production_everything_that_holds_events_is_locked_protected_and_retained(prod: Plan) -> None:
    locked = [resource for resource in prod.resources if LOCK in resource.hooks]
    assert all(resource.protect and resource.retain_on_delete for resource in locked)
    assert {resource.type for resource in locked} == {
        "blossm:infra:EventStore",
        "blossm:infra:Guard",
        "mongodbatlas:index/advancedCluster:AdvancedCluster",
        "mongodbatlas:index/project:Project",
    }


def test_views_are_made_again_from_the_log_so_they_are_not_kept(prod: Plan) -> None:
    kept = [it.name for it in prod.of("mongodbatlas:index/advancedCluster:AdvancedCluster") if it.protect]
    assert kept == ["events"]


def test_in_development_nothing_is_kept_and_the_lock_is_known_all_the_same(dev: Plan) -> None:
    assert not [resource for resource in dev.resources if resource.protect or resource.hooks or resource.retain_on_delete]
    assert dev.hooks[LOCK].on_dry_run


def test_a_stack_may_keep_its_event_stores_though_its_shape_does_not() -> None:
    plan = planned(bicycle_city("staging"), stack="staging", config={"blossm:protect": "true"})
    assert plan.one("blossm:infra:EventStore", name="event-store-shop-wheel").protect


def test_the_guard_stands_behind_all_that_a_stack_has(prod: Plan) -> None:
    guard = prod.one("blossm:infra:Guard")
    assert {resource.urn for resource in prod.resources if resource.custom} - {prod.resources[0].urn} <= set(guard.depends_on)


@pytest.mark.parametrize("type", ["blossm:infra:EventStore", "blossm:infra:Guard", "mongodbatlas:index/project:Project"])
def test_the_lock_tells_what_would_be_lost_and_what_to_do(prod: Plan, type: str) -> None:
    with pytest.raises(pulumi.RunError, match=r"(?s)event.*neither deleted nor replaced.*`retired: true`.*docs/infra/safety.md"):
        prod.hooks[LOCK].run(pulumi.ResourceHookArgs(urn="", id="", name="it", type=type))


def test_an_event_store_that_left_the_network_is_missed_before_anything_is_registered() -> None:
    with pytest.raises(pulumi.RunError, match=r"event store `shop.wheel` is deployed, and no blossm.yaml has it any more"):
        _after(_without_wheels(bicycle_city("production")))


def test_an_event_store_that_was_deployed_as_retired_may_leave() -> None:
    plan = _after(_without_wheels(bicycle_city("production")), retired=["shop.wheel"])
    assert "shop.wheel" not in plan.outputs["event_stores"]


def test_a_retired_event_store_is_locked_no_more() -> None:
    model = bicycle_city("production")
    wheel = dataclasses.replace(model.event_stores["shop.wheel"], retired=True)
    model = dataclasses.replace(model, event_stores={**model.event_stores, "shop.wheel": wheel})
    plan = planned(model, stack="prod")
    assert not plan.one("blossm:infra:EventStore", name="event-store-shop-wheel").protect
    assert plan.outputs["event_stores"]["shop.wheel"] == {"retired": True}


def test_what_a_stack_keeps_no_more_it_lets_go_only_after_that_was_deployed() -> None:
    without = _without_wheels(bicycle_city("development"))
    with pytest.raises(pulumi.RunError, match=r"event store `shop.wheel` is deployed"):
        _after(without, stack="dev", kept=True, tiers={})
    assert _after(without, stack="dev", kept=False, tiers={})


def test_event_stores_do_not_move_without_their_events() -> None:
    with pytest.raises(pulumi.RunError, match=r"`gcp:region` was 'europe-west1' and is 'europe-north1'"):
        _after(bicycle_city("production"), config={"gcp:region": "europe-north1"})


def test_a_stack_that_keeps_nothing_is_destroyed_before_it_is_elsewhere() -> None:
    with pytest.raises(pulumi.RunError, match=r"(?s)`gcp:region` was 'europe-west1' and is 'europe-north1'.*`pulumi destroy`"):
        _after(bicycle_city("development"), stack="dev", kept=False, tiers={}, config={"gcp:region": "europe-north1"})


def test_a_network_does_not_get_another_name() -> None:
    renamed = dataclasses.replace(bicycle_city("production"), name="cargo.example")
    with pytest.raises(pulumi.RunError, match=r"`network` was 'bicyclecity.example' and is 'cargo.example'"):
        _after(renamed)


def test_the_last_event_store_stays_though_it_is_retired() -> None:
    model = bicycle_city("production")
    empty = dataclasses.replace(
        model, services={}, event_stores={}, commands={}, facts={}, projections={}, command_gateways={}, fact_gateways={}
    )
    with pytest.raises(pulumi.RunError, match=r"the cluster that holds the events of all that were retired would go"):
        _after(empty, retired=_DEPLOYED)


@pytest.mark.parametrize(("was", "becomes"), [("M10", "FLEX"), ("M30", "M0"), ("FLEX", "M0")])
def test_a_cluster_does_not_become_one_that_atlas_has_no_way_to(was: str, becomes: str) -> None:
    config = {"blossm:stores": json.dumps({"event-store": {"tier": becomes}}), "blossm:shape": "free"}
    with pytest.raises(pulumi.RunError, match=f"the cluster of the event-stores is {was} and would be {becomes}"):
        _after(bicycle_city("development"), stack="dev", kept=False, config=config, tiers={"event-store": was})


def test_machines_of_its_own_may_become_smaller() -> None:
    assert _after(bicycle_city("production"), tiers={"event-store": "M30", "view-store": "M20"})


def test_what_holds_events_is_not_made_a_second_time() -> None:
    plan = _after(bicycle_city("production"))
    once = {resource.type for resource in plan.resources if resource.hooks_at.get("before_create") == (ONCE,)}
    assert once == {
        "blossm:infra:Foundation",
        "mongodbatlas:index/advancedCluster:AdvancedCluster",
        "mongodbatlas:index/project:Project",
    }
    with pytest.raises(pulumi.RunError, match=r"`events` would be made anew.*(?s:.*)When a cluster is gone"):
        plan.hooks[ONCE].run(pulumi.ResourceHookArgs(urn="", id="", name="events", type=""))


def test_what_holds_events_is_made_a_first_time(prod: Plan) -> None:
    prod.hooks[ONCE].run(pulumi.ResourceHookArgs(urn="", id="", name="events", type=""))


def test_a_program_has_one_network() -> None:
    args = NetworkArgs(model=bicycle_city("production"), settings=settings_of(SAMPLE, stack="prod"))
    with pytest.raises(pulumi.RunError, match="two Networks"):
        preview_program(lambda: (Deployed("one", args), Deployed("two", args)), stack="prod")


def test_what_a_failed_deployment_leaves_is_remembered_as_it_may_be() -> None:
    before = Deployment(retired={"shop.wheel": False, "shop.bell": True}, kept=True, begun=True, place={"gcp:region": "here"})
    this = Deployment(retired={"shop.wheel": True, "shop.bike": False}, begun=True, place={"gcp:region": "there"})
    left = unfinished(this, after=before)
    assert left.retired == {"shop.wheel": False, "shop.bell": True, "shop.bike": False}
    assert (left.kept, left.place) == (True, {"gcp:region": "here"})
    assert unfinished(this, after=Deployment()).place == {}, "a misspelt project may be corrected"
    assert not unfinished(this, after=Deployment()).begun, "its cluster may be made by the next one"


def test_a_first_deployment_misses_nothing(prod: Plan) -> None:
    assert prod.outputs["event_stores"] == {address: {"retired": False} for address in _DEPLOYED}
    assert prod.outputs["last_deployment"]["kept"] is True
