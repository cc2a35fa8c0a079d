"""What the program tells before the tree: an operator reads it and knows what is meant to be."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pulumi
import pytest
from tests.infra.networks import bicycle_city
from tests.infra.plans import planned

from blossm.model.network import Environment, Network
from blossm_infra.costs import idle_costs
from blossm_infra.network import Network as Deployed
from blossm_infra.network import NetworkArgs
from blossm_infra.preview import SAMPLE, preview_program
from blossm_infra.settings import settings_of
from blossm_infra.understood import understood

SEEDLESS = {**SAMPLE, "blossm:databaseSeed": ""}


def _understood(model: Network, *, stack: str = "dev", **config: Any) -> str:
    said = {key.replace("__", ":"): v if isinstance(v, str) else json.dumps(v) for key, v in config.items()}
    settings = settings_of({**SAMPLE, **said}, stack=stack)
    return understood(model, settings, idle_costs(model, settings))


def test_it_reads_like_this() -> None:
    costs = idle_costs(bicycle_city(), settings_of(SAMPLE, stack="dev"))
    first, second, third = costs.biggest()
    assert _understood(bicycle_city()).splitlines() == [
        "bicyclecity.example (.), development, shape free, in blossm-preview, europe-west1",
        "procedures  3 event stores, 4 commands, 3 facts, 2 view stores, 2 projections, "
        "1 command gateway, 1 fact gateway, 1 view gateway",
        "gateways    https://c.bicycle.shop.dev.bicyclecity.example",
        "            https://f.dev.bicyclecity.example",
        "            https://v.garage.dev.bicyclecity.example",
        "secrets     paint-key",
        "            each must be there: gcloud secrets create NAME --project=blossm-preview --data-file=FILE",
        f"idle cost   about {costs.total:.2f} USD a month by the list prices of {costs.as_of}",
        f"            most of it: {first.what} {first.usd:.2f}; {second.count} × {second.what} {second.usd:.2f}; "
        f"{third.count} × {third.what} {third.usd:.2f}",
    ]


def test_gateways_without_names_are_counted() -> None:
    assert "gateways    3, at their run.app addresses (stack output `addresses`)" in _understood(
        bicycle_city(), blossm__gateways="none"
    )


def test_many_gateways_do_not_push_the_rest_out_of_sight() -> None:
    city = bicycle_city()
    (gateway,) = city.fact_gateways.values()
    many = {f"f.{number}": replace(gateway, address=f"f.{number}", host=f"f{number}.example") for number in range(30)}
    told = _understood(replace(city, fact_gateways=many)).splitlines()
    assert sum("https://" in line for line in told) == 20
    assert "            and 12 more" in told


def test_a_network_with_nothing_in_it_is_told_as_such() -> None:
    environments: dict[Environment, str] = {"development": "dev", "staging": "stg", "sandbox": "snd", "production": ""}
    empty = Network(name="empty.example", environment="development", environments=environments)
    assert "procedures  none" in _understood(empty)
    assert "gateways" not in _understood(empty)


def test_the_program_says_it_before_anything_else() -> None:
    messages = planned(bicycle_city()).messages
    assert messages[0] == f"info: {_understood(bicycle_city())}"


def test_nothing_is_told_or_registered_of_a_network_that_is_refused() -> None:
    with pytest.raises(
        pulumi.RunError, match=r"^Pulumi.dev.yaml: `blossm:scale\[.fact/prize.\]` is no procedure of this network"
    ):
        planned(bicycle_city(), config={"blossm:scale": '{"fact/prize": {}}'})


def test_without_a_seed_a_preview_goes_on_and_an_up_ends_before_it_begins() -> None:
    args = NetworkArgs(model=bicycle_city(), settings=settings_of(SEEDLESS, stack="dev"))

    def program() -> None:
        Deployed("bicyclecity.example", args)

    assert any("`pulumi up` will refuse" in message for message in preview_program(program, unknowns=True).messages)
    with pytest.raises(pulumi.RunError, match=r"^Pulumi.dev.yaml: `blossm:databaseSeed` is missing: databases below `M10`"):
        preview_program(program)
