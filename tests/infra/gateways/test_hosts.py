"""What can be wrong with host names is told before anything is registered."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.infra.gateways.doors import command_gateway, fact_gateway
from tests.infra.networks import bicycle_city
from tests.infra.plans import planned

from blossm.model.network import GatewaySpec, Network
from blossm_infra.gateways import hosts
from blossm_infra.preview import SAMPLE, RunError
from blossm_infra.settings import StackSettings, settings_of

LONGEST = f"c.{'b' * 37}.shop.bicyclecity.example"


def _settings(stack: str = "prod", **config: object) -> StackSettings:
    said = {f"blossm:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    return settings_of({**SAMPLE, **said}, stack=stack)


def _with(*gateways: GatewaySpec, network: Network | None = None) -> Network:
    city = network or bicycle_city("production")
    more = {f"{gateway.kind} {gateway.at.line}": gateway for gateway in gateways}
    commands = {key: gateway for key, gateway in more.items() if gateway.kind == "command-gateway"}
    facts = {key: gateway for key, gateway in more.items() if gateway.kind == "fact-gateway"}
    return replace(
        city,
        command_gateways={**city.command_gateways, **commands},  # type: ignore[dict-item]  # chosen by their kind
        fact_gateways={**city.fact_gateways, **facts},  # type: ignore[dict-item]
    )


def test_the_network_as_it_is_has_no_problems() -> None:
    for mode in ("none", "mapping", "loadbalancer"):
        assert hosts.problems(bicycle_city("production"), _settings(gateways=mode)) == []


def test_a_host_of_64_letters_is_the_longest() -> None:
    assert len(LONGEST) == 64
    assert hosts.problems(_with(command_gateway("c.b.shop", host=LONGEST)), _settings()) == []
    (problem,) = hosts.problems(_with(command_gateway("c.b.shop", host=f"{LONGEST}s")), _settings())
    assert problem.startswith("services/shop/bicycle/blossm.yaml:80:1: `c.b")
    assert "has 65 letters, and a host name with a certificate at most 64; shorten a name that it is made of" in problem


def test_where_there_is_no_certificate_a_host_may_have_any_length() -> None:
    assert hosts.problems(_with(command_gateway("c.b.shop", host=f"{LONGEST}s")), _settings(gateways="none")) == []


def test_two_gateways_on_one_host_are_told_with_both_places() -> None:
    taken = "f.bicyclecity.example"
    (problem,) = hosts.problems(_with(fact_gateway("f", host=taken)), _settings())
    assert problem == (
        "services/shop/bicycle/blossm.yaml:90:1: the host `f.bicyclecity.example` is that of "
        "the fact-gateway at services/shop/bicycle/blossm.yaml:70:1 already"
    )


def test_all_problems_are_told_at_once_and_nothing_is_registered() -> None:
    network = _with(command_gateway("c.b.shop", host=f"{LONGEST}s", line=81), fact_gateway("f", host="f.bicyclecity.example"))
    with pytest.raises(RunError) as refused:
        planned(network, stack="prod")
    assert [line.partition(": ")[0] for line in str(refused.value).splitlines()] == [
        "services/shop/bicycle/blossm.yaml:81:1",
        "services/shop/bicycle/blossm.yaml:90:1",
    ]


def test_a_delegation_needs_a_zone() -> None:
    (problem,) = hosts.problems(bicycle_city("production"), _settings(gateways="none", delegations={"dev": "stack"}))
    assert problem == ("Pulumi.prod.yaml: `blossm:delegations` needs a zone, and with `blossm:gateways: none` there is none")


def test_a_delegation_is_for_what_lies_below() -> None:
    prefixed = replace(bicycle_city("production"), environments={**bicycle_city().environments, "production": "live"})
    (problem,) = hosts.problems(prefixed, _settings(delegations={"dev": "stack"}))
    assert problem == (
        "Pulumi.prod.yaml: `blossm:delegations` names `dev`, "
        "but `dev.bicyclecity.example` is not below `live.bicyclecity.example`"
    )


def test_the_load_balancers_own_name_is_not_delegated() -> None:
    odd = replace(bicycle_city("production"), environments={**bicycle_city().environments, "development": "gateways"})
    (problem,) = hosts.problems(odd, _settings(delegations={"dev": "stack"}))
    assert "`gateways.bicyclecity.example` is the load balancer's own name" in problem


def test_a_delegation_to_nobody_is_told() -> None:
    (problem,) = hosts.problems(bicycle_city("production"), _settings(delegations={"dev": []}))
    assert problem.endswith("names no name servers of `dev`; say `stack`, or list them")
