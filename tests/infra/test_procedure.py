"""One procedure in the cloud, whatever its kind."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.infra.networks import bicycle_city
from tests.infra.plans import planned

from blossm.model.network import Network, Ref
from blossm_infra import naming
from blossm_infra.preview import SAMPLE, Plan, Registered

SERVICE = "gcp:cloudrunv2/service:Service"
ACCOUNT = "gcp:serviceaccount/account:Account"
BINDING = "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"


def _container(service: Registered) -> dict[str, Any]:
    (container,) = service.inputs["template"]["containers"]
    assert isinstance(container, dict)
    return container


def _variables(service: Registered) -> dict[str, str]:
    return {variable["name"]: variable.get("value", "") for variable in _container(service)["envs"]}


def _protected(plan: Plan) -> set[str]:
    return {service.name for service in plan.of(SERVICE) if service.inputs["deletionProtection"]}


def _retired(network: Network, *addresses: str) -> Network:
    stores = {a: replace(store, retired=a in addresses) for a, store in network.event_stores.items()}
    return replace(network, event_stores=stores)


def test_a_procedure_is_told_where_those_are_that_it_may_call(dev: Plan) -> None:
    told = json.loads(_variables(dev.one(SERVICE, name="command-shop-bicycle-paint"))["BLOSSM_CALLEES"])
    assert told["event-store/shop"] == "https://event-store-shop-123456789012.europe-west1.run.app"
    assert told["fact/price"] == "https://fact-price-123456789012.europe-west1.run.app"
    assert set(told) == {
        "event-store/shop",
        "event-store/staff",
        "fact/price",
        "command/staff.mechanic.notify",
        "command/shop.bicycle.repaint",
    }


def test_who_calls_nobody_is_told_nobody(dev: Plan) -> None:
    assert "BLOSSM_CALLEES" not in _variables(dev.one(SERVICE, name="event-store-shop"))


def test_where_a_procedure_answers_is_known_before_it_exists(dev: Plan) -> None:
    unknown = planned(bicycle_city(), unknowns=True)
    for name in ("command-shop-bicycle-paint", "gateway-f", "projection-totals"):
        variables = _variables(unknown.one(SERVICE, name=name))
        assert variables["BLOSSM_CALLEES"] == _variables(dev.one(SERVICE, name=name))["BLOSSM_CALLEES"]


def test_an_instance_may_wait_for_its_private_network_as_long_as_cloud_run_waits_for_it(dev: Plan) -> None:
    for service in dev.of(SERVICE):
        probe = _container(service)["startupProbe"]
        assert probe["periodSeconds"] * probe["failureThreshold"] == 240


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_binding_stands_on_the_service_in_its_region(stack: str, request: pytest.FixtureRequest) -> None:
    plan: Plan = request.getfixturevalue(stack)
    assert {binding.inputs["location"] for binding in plan.of(BINDING)} == {"europe-west1"}


def test_only_the_services_of_logs_are_protected_from_deletion(dev: Plan, prod: Plan) -> None:
    """All others hold nothing, so a command that leaves blossm.yaml leaves production in one `pulumi up`."""
    assert _protected(dev) == set()
    assert _protected(prod) == {"event-store-shop", "event-store-staff"}


def test_a_log_whose_event_stores_are_all_retired_may_go() -> None:
    city = bicycle_city("production")
    assert _protected(planned(_retired(city, "shop.bicycle"), stack="prod")) == {"event-store-shop", "event-store-staff"}
    assert _protected(planned(_retired(city, "staff.mechanic"), stack="prod")) == {"event-store-shop"}


def test_a_stack_that_is_no_production_may_protect_its_logs() -> None:
    plan = planned(bicycle_city(), config={**SAMPLE, "blossm:protect": "true"})
    assert _protected(plan) == {"event-store-shop", "event-store-staff"}


def test_what_people_read_is_cut_to_what_google_takes() -> None:
    city = bicycle_city()
    long = replace(city.facts["price"], description="What it costs. " * 100)
    plan = planned(replace(city, facts={**city.facts, "price": long}))
    assert len(plan.one(SERVICE, name="fact-price").inputs["description"]) == 512
    assert all(len(account.inputs["displayName"]) <= 100 for account in plan.of(ACCOUNT))


def test_a_description_is_one_line_of_whole_letters() -> None:
    city = bicycle_city()
    told = {"price": "In euros.\n\n\tPer bicycle. ", "shop.bicycle.owner": "🚲" * 600, "staff.mechanic.permissions": " \n"}
    plan = planned(
        replace(city, facts={address: replace(city.facts[address], description=text) for address, text in told.items()})
    )
    lines = [plan.one(SERVICE, name=naming.service_name(Ref("fact", address))).inputs["description"] for address in told]
    assert lines == ["In euros. Per bicycle.", "🚲" * 128, "fact staff.mechanic.permissions"]
