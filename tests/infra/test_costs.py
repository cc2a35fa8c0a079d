"""What a stack costs while nobody uses it: the estimate knows the graph, and every price its source."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.infra.deployments import NAMES, deployment
from tests.infra.networks import bicycle_city
from tests.infra.plans import planned

from blossm.model.network import Issuer, Network, ViewGatewaySpec
from blossm_infra.costs import PRICES, Costs, idle_costs
from blossm_infra.preview import SAMPLE, Plan
from blossm_infra.settings import settings_of

ROOT = Path(__file__).parents[2]
SERVICE = "gcp:cloudrunv2/service:Service"
PAID = (
    "mongodbatlas:index/advancedCluster:AdvancedCluster",
    "gcp:compute/forwardingRule:ForwardingRule",
    "gcp:compute/globalForwardingRule:GlobalForwardingRule",
    "gcp:compute/routerNat:RouterNat",
    "gcp:dns/managedZone:ManagedZone",
    "gcp:cloudscheduler/job:Job",
    "gcp:secretmanager/secretVersion:SecretVersion",
    "gcp:kms/cryptoKey:CryptoKey",
)
"""Every type in the graph that costs something while it stands."""


def _costs(model: Network, *, stack: str = "dev", **config: Any) -> Costs:
    said = {key.replace("__", ":"): v if isinstance(v, str) else json.dumps(v) for key, v in config.items()}
    return idle_costs(model, settings_of({**SAMPLE, **said}, stack=stack))


def _counted(costs: Costs) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for line in costs.lines:
        counted.update(line.resources)
    return {kind: counted[kind] for kind in (*PAID, "instances")}


def _there(plan: Plan) -> dict[str, int]:
    kept = sum(service.inputs["template"]["scaling"]["minInstanceCount"] for service in plan.of(SERVICE))
    return {**{kind: plan.counts().get(kind, 0) for kind in PAID}, "instances": kept}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_paid_for_is_what_is_there(name: str) -> None:
    standing = deployment(name)
    assert _counted(idle_costs(standing.model, standing.settings)) == _there(standing.plan)


@pytest.mark.parametrize(
    "config",
    [
        {"blossm:gateways": "none"},
        {"blossm:shape": "small", "blossm:gateways": "mapping"},
        {"blossm:shape": "small", "blossm:stores": '{"event-store": {"tier": "M10"}}'},
        {"blossm:shape": "full", "blossm:stores": '{"view-store": {"tier": "FLEX"}}'},
        {"blossm:scale": '{"fact": {"min_instances": 2}, "event-store": {"min_instances": 1}}'},
    ],
)
def test_so_it_is_when_a_stack_has_settings_of_its_own(config: dict[str, str]) -> None:
    issuer = Issuer(name="access", issuer="https://id.example", key="access")
    city = bicycle_city()
    commands = {address: replace(command, schedule="0 5 * * *") for address, command in city.commands.items()}
    model = replace(city, issuers={"access": issuer}, commands=commands)
    assert _counted(idle_costs(model, settings_of({**SAMPLE, **config}, stack="dev"))) == _there(planned(model, config=config))


def test_without_gateways_no_load_balancer_is_paid_for() -> None:
    no_views: dict[str, ViewGatewaySpec] = {}
    model = replace(bicycle_city(), command_gateways={}, fact_gateways={}, view_gateways=no_views)
    config = {"blossm:gateways": "loadbalancer"}
    assert _counted(idle_costs(model, settings_of({**SAMPLE, **config}, stack="dev"))) == _there(planned(model, config=config))


def test_a_free_stack_costs_about_nothing_and_each_larger_shape_more() -> None:
    totals = [_costs(bicycle_city(), stack="dev", blossm__shape=shape).total for shape in ("free", "small", "full")]
    assert totals == sorted(totals)
    assert totals[0] - _kept(bicycle_city()) < 2


def _kept(model: Network) -> float:
    """What blossm.yaml itself keeps: paint has an instance in every stack."""
    return sum(line.usd for line in _costs(model).lines if "instances" in line.resources)


def test_an_instance_that_always_has_its_cpu_costs_more_than_one_that_sleeps() -> None:
    def store(*, idle: bool) -> float:
        scale = {"event-store/shop": {"min_instances": 1, "cpu_idle": idle}}
        (line,) = [line for line in _costs(bicycle_city(), blossm__scale=scale).lines if "event-stores, 1 CPU" in line.what]
        return line.usd

    assert store(idle=False) == pytest.approx(3600 * 730 * (0.000018 + 0.5 * 0.000002))
    assert store(idle=True) == pytest.approx(3600 * 730 * (0.0000025 + 0.5 * 0.0000025))


def test_secrets_that_an_operator_makes_are_paid_for_once_each() -> None:
    (line,) = [line for line in _costs(bicycle_city()).lines if line.what == "secrets that blossm.yaml names"]
    assert (line.count, line.usd) == (1, 0.06)


def test_the_biggest_lines_come_first_and_cost_something() -> None:
    costs = _costs(bicycle_city("production"), stack="prod")
    biggest = costs.biggest(3)
    assert [line.usd for line in biggest] == sorted((line.usd for line in costs.lines), reverse=True)[:3]
    assert not any(line.usd == 0 for line in _costs(bicycle_city()).biggest(100))


def test_the_estimate_is_data_for_other_programs() -> None:
    told = json.loads(json.dumps(_costs(bicycle_city()).as_dict()))
    assert told["usd_a_month"] == pytest.approx(sum(line["usd"] for line in told["lines"]), abs=0.05)
    assert told["prices_of"].startswith("20")


def test_the_plan_has_the_estimate_too() -> None:
    outputs = planned(bicycle_city()).one("blossm:infra:Network").outputs
    assert outputs["idle_cost"]["usd_a_month"] == round(_costs(bicycle_city()).total, 2)


def test_every_price_has_a_source_and_says_what_is_uncertain() -> None:
    assert all(price.source.startswith("https://") for price in PRICES)
    assert len({price.what for price in PRICES}) == len(PRICES)
    assert all(price.month >= 0 for price in PRICES)
