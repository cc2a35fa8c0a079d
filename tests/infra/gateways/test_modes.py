"""How the world reaches gateways, by mode."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.infra.gateways.doors import SERVICE, below_gateways, counts, records
from tests.infra.networks import bicycle_city
from tests.infra.plans import planned

from blossm.model.load import load
from blossm_infra.preview import UNKNOWN, Plan
from blossm_infra.settings import STACKS

EXAMPLES = Path(__file__).parents[3] / "examples"
MODES = {"sandbox": "none", "dev": "mapping", "staging": "loadbalancer", "prod": "loadbalancer"}


def _doors(plan: Plan) -> list[dict[str, object]]:
    return [service.inputs for service in plan.of(SERVICE) if service.inputs["labels"].get("kind", "").endswith("gateway")]


def test_a_load_balancer_is_counted(balanced: Plan) -> None:
    assert counts(below_gateways(balanced)) == {
        "ManagedZone": 1,
        "CertificateMap": 1,
        "DnsAuthorization": 3,  # *.bicycle.shop, *.garage, and * of the network itself
        "Certificate": 3,
        "CertificateMapEntry": 3,
        "RegionNetworkEndpointGroup": 3,  # one per gateway
        "BackendService": 4,  # and the one for unknown hosts
        "URLMap": 2,  # hosts, and from HTTP to HTTPS
        "SSLPolicy": 1,
        "TargetHttpsProxy": 1,
        "TargetHttpProxy": 1,
        "GlobalAddress": 2,  # IPv4, IPv6
        "GlobalForwardingRule": 4,
        "RecordSet": 3 + 3 + 2,  # proofs, hosts, addresses
    }


def test_mappings_are_counted(mapped: Plan) -> None:
    assert counts(below_gateways(mapped)) == {"ManagedZone": 1, "DomainMapping": 3, "RecordSet": 3}


def test_a_host_is_mapped_once_so_a_mapping_goes_before_another_takes_its_place(mapped: Plan) -> None:
    assert all(mapping.delete_before_replace for mapping in mapped.of("gcp:cloudrun/domainMapping:DomainMapping"))


def test_without_a_mode_there_is_no_dns_at_all(bare: Plan) -> None:
    assert below_gateways(bare) == []
    assert bare.outputs["name_servers"] == []


def test_behind_a_load_balancer_a_gateway_has_no_other_way_in(balanced: Plan) -> None:
    for door in _doors(balanced):
        assert door["ingress"] == "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
        assert door["defaultUriDisabled"] is True


def test_without_a_load_balancer_a_gateway_is_open_to_the_world(mapped: Plan, bare: Plan) -> None:
    for door in [*_doors(mapped), *_doors(bare)]:
        assert door["ingress"] == "INGRESS_TRAFFIC_ALL"
        assert door["defaultUriDisabled"] is False


def test_nobody_else_ever_loses_the_address_by_which_others_call_him(balanced: Plan) -> None:
    doors = [door["name"] for door in _doors(balanced)]
    others = [service.inputs for service in balanced.of(SERVICE) if service.inputs["name"] not in doors]
    assert not any(service.get("defaultUriDisabled") for service in others)


def test_gateways_answer_at_their_hosts_and_where_there_are_none_at_run_app(balanced: Plan, mapped: Plan, bare: Plan) -> None:
    assert balanced.outputs["addresses"]["f"] == "https://f.bicyclecity.example"
    assert mapped.outputs["addresses"]["f"] == "https://f.dev.bicyclecity.example"
    assert bare.outputs["addresses"]["f"] == "https://gateway-f-123456789012.europe-west1.run.app"


def test_a_stack_says_its_name_servers_once_it_has_a_zone(balanced: Plan, mapped: Plan, *, unknowns: bool) -> None:
    for plan in (balanced, mapped):
        told = plan.outputs["name_servers"]
        assert told == UNKNOWN if unknowns else isinstance(told, list) and told


def test_a_host_keeps_its_record_when_the_mode_changes() -> None:
    """A CNAME stays a CNAME: another type beside it is refused by DNS until the first is gone, so it is changed in place."""
    city = bicycle_city("development")
    plans = [planned(city, config={"blossm:gateways": mode}) for mode in ("mapping", "loadbalancer")]
    mapping, balancer = (records(plan, "CNAME") for plan in plans)
    hosts = [f"{gateway.host}." for gateway in city.gateways()]
    assert {host: mapping[host] for host in hosts} == {host: ["ghs.googlehosted.com."] for host in hosts}
    assert {host: balancer[host] for host in hosts} == {host: ["gateways.dev.bicyclecity.example."] for host in hosts}
    urns = [{record.urn for record in below_gateways(plan) if record.inputs.get("name") in hosts} for plan in plans]
    assert urns[0] == urns[1]


def test_a_network_without_gateways_has_a_zone_and_nothing_to_pay_for() -> None:
    closed = replace(bicycle_city("production"), command_gateways={}, fact_gateways={}, view_gateways={})
    assert counts(below_gateways(planned(closed, stack="prod"))) == {"ManagedZone": 1}


@pytest.mark.parametrize("example", ["hello", "bicycle_city"])
@pytest.mark.parametrize(("stack", "mode"), MODES.items())
def test_every_gateway_of_the_examples_has_its_record_in_every_stack_and_mode(example: str, stack: str, mode: str) -> None:
    network = load(EXAMPLES / example, environment=STACKS[stack])
    plan = planned(network, stack=stack, config={"blossm:gateways": mode})
    hosts = {f"{gateway.host}." for gateway in network.gateways()}
    named = {name for name in records(plan, "CNAME") if name in hosts}
    assert named == (set() if mode == "none" else hosts)
