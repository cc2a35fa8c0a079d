"""What an operator sees in the preview after a change of blossm.yaml."""

from __future__ import annotations

import functools
from dataclasses import replace

import pytest
from tests.infra.gateways.doors import Difference, below_gateways, command_gateway, counts, difference, fact_gateway
from tests.infra.networks import bicycle_city, command
from tests.infra.plans import planned

from blossm.model.network import GatewaySpec, Network
from blossm_infra.preview import Plan

CITY = bicycle_city("production")
NEW_PARENT = command_gateway("c.mechanic.staff", host="c.mechanic.staff.bicyclecity.example")
KNOWN_PARENT = fact_gateway("f.bicycle.shop", host="f.bicycle.shop.bicyclecity.example")


@functools.cache
def _as_it_is(mode: str) -> Plan:
    return _plan(CITY, mode)


def _plan(network: Network, mode: str) -> Plan:
    return planned(network, stack="prod", config={"blossm:gateways": mode})


def _with(gateway: GatewaySpec) -> Network:
    if gateway.kind == "command-gateway":
        return replace(CITY, command_gateways={**CITY.command_gateways, gateway.address: gateway})  # type: ignore[dict-item]
    return replace(CITY, fact_gateways={**CITY.fact_gateways, gateway.address: gateway})  # type: ignore[dict-item]


def _doors(found: Difference, after: Plan) -> dict[str, int]:
    """How many of each were added below the gateways."""
    there = {resource.urn for resource in below_gateways(after)}
    return counts([resource for resource in found.added if resource.urn in there])


def test_a_gateway_under_a_known_parent_adds_its_backend_and_record_and_changes_the_url_map_only() -> None:
    before, after = _as_it_is("loadbalancer"), _plan(_with(KNOWN_PARENT), "loadbalancer")
    found = difference(before, after)
    assert _doors(found, after) == {"RegionNetworkEndpointGroup": 1, "BackendService": 1, "RecordSet": 1}
    assert [(resource.type, resource.name) for resource in found.changed] == [("gcp:compute/uRLMap:URLMap", "gateways")]
    assert found.removed == []


def test_a_gateway_under_a_new_parent_adds_its_certificate_too() -> None:
    before, after = _as_it_is("loadbalancer"), _plan(_with(NEW_PARENT), "loadbalancer")
    found = difference(before, after)
    assert _doors(found, after) == {
        "RegionNetworkEndpointGroup": 1,
        "BackendService": 1,
        "DnsAuthorization": 1,
        "Certificate": 1,
        "CertificateMapEntry": 1,
        "RecordSet": 2,  # the host, and the proof
    }
    assert [resource.name for resource in found.changed] == ["gateways"]
    assert found.removed == []


@pytest.mark.parametrize("gateway", [KNOWN_PARENT, NEW_PARENT], ids=["known parent", "new parent"])
def test_a_mapped_gateway_adds_its_mapping_and_record_and_changes_nothing(gateway: GatewaySpec) -> None:
    before, after = _as_it_is("mapping"), _plan(_with(gateway), "mapping")
    found = difference(before, after)
    assert _doors(found, after) == {"DomainMapping": 1, "RecordSet": 1}
    assert (found.changed, found.removed) == ([], [])


@pytest.mark.parametrize("mode", ["none", "mapping", "loadbalancer"])
def test_a_command_more_changes_no_gateway(mode: str) -> None:
    larger = replace(CITY, commands={**CITY.commands, "shop.bicycle.sell": command("shop.bicycle.sell")})
    before, after = _as_it_is(mode), _plan(larger, mode)
    found = difference(before, after)
    assert "command-shop-bicycle-sell" in {resource.name for resource in found.added}
    assert _doors(found, after) == {}
    touched = {resource.urn for resource in [*found.changed, *found.removed]}
    assert touched.isdisjoint(resource.urn for resource in below_gateways(after))


def test_a_gateway_that_goes_takes_its_own_and_changes_the_url_map_only() -> None:
    before, after = _plan(_with(NEW_PARENT), "loadbalancer"), _as_it_is("loadbalancer")
    found = difference(before, after)
    assert found.added == []
    assert [resource.name for resource in found.changed] == ["gateways"]
