"""docs/infra/gateways.md says what is so."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import yaml
from tests.infra.gateways.doors import only_facts, zone
from tests.infra.networks import bicycle_city
from tests.infra.plans import planned

from blossm_infra.costs import prices
from blossm_infra.gateways import hosts, mapping
from blossm_infra.preview import SAMPLE
from blossm_infra.settings import GatewayMode, settings_of
from blossm_infra.stacks import GATEWAYS

PAGE = (Path(__file__).parents[3] / "docs" / "infra" / "gateways.md").read_text(encoding="utf-8")


def _rows() -> dict[str, list[str]]:
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return {first: rest for first, *rest in cells}


def test_the_table_has_every_mode() -> None:
    assert {mode.strip("`") for mode in _rows()["`blossm:gateways`"]} == set(get_args(GatewayMode))


def test_every_shape_has_the_mode_that_the_page_says() -> None:
    said = dict(zip((mode.strip("`") for mode in _rows()["`blossm:gateways`"]), _rows()["for"], strict=True))
    for shape, mode in GATEWAYS.items():
        assert f"`{shape}`" in said[mode]


def test_the_costs_are_those_of_the_price_table() -> None:
    balancer, mapped, none = _rows()["idle cost a month ([all costs](costs.md))"]
    assert balancer.startswith(f"about {prices.FORWARDING.month:.0f} USD ")
    assert f"{prices.ZONE.month:.2f} USD for the zone" in balancer
    assert (mapped, none) == (f"{prices.ZONE.month:.2f} USD for the zone", "0")


def test_the_delegations_on_the_page_are_taken() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    config = {key: json.dumps(value) for key, value in yaml.safe_load(block)["config"].items()}
    settings = settings_of({**SAMPLE, **config}, stack="prod")
    assert hosts.problems(bicycle_city("production"), settings) == []


def test_the_names_on_the_page_are_those_in_the_cloud() -> None:
    plan = planned(only_facts("production"), stack="prod")
    assert f"--zone {zone(plan).inputs['name']} " in PAGE
    assert mapping.GOOGLE.rstrip(".") in PAGE
    assert f"`{hosts.FRONT}.<stack's domain>`" in PAGE
    for output in re.findall(r"pulumi stack output (\w+)", PAGE):
        assert output in plan.outputs
