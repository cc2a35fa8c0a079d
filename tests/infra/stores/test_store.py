"""The clusters of a stack, and who may come in."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.infra.networks import bicycle_city, place
from tests.infra.plans import planned

from blossm.model.network import Environment, Network, Reads, Ref, ViewStoreSpec
from blossm_infra import naming
from blossm_infra.preview import UNKNOWN, Plan, Registered, Secret, plain

PROJECT = "mongodbatlas:index/project:Project"
CLUSTER = "mongodbatlas:index/advancedCluster:AdvancedCluster"
ROLE = "mongodbatlas:index/customDbRole:CustomDbRole"
USER = "mongodbatlas:index/databaseUser:DatabaseUser"
ENTRY = "mongodbatlas:index/projectIpAccessList:ProjectIpAccessList"
LINK = "mongodbatlas:index/privateLinkEndpointService:PrivateLinkEndpointService"
SECRET = "gcp:secretmanager/secret:Secret"
VERSION = "gcp:secretmanager/secretVersion:SecretVersion"
READER = "gcp:secretmanager/secretIamMember:SecretIamMember"
SERVICE = "gcp:cloudrunv2/service:Service"
ACCOUNT = "gcp:serviceaccount/account:Account"
ADDRESS = "gcp:compute/address:Address"
SUBNET = "gcp:compute/subnetwork:Subnetwork"
NAT = "gcp:compute/routerNat:RouterNat"
RULE = "gcp:compute/forwardingRule:ForwardingRule"

SIZES = {"dev": "development", "staging": "staging", "prod": "production"}  # M0, FLEX, M10


@pytest.fixture(scope="module", params=SIZES)
def stack(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def plans() -> dict[str, Plan]:
    return {stack: planned(bicycle_city(environment), stack=stack) for stack, environment in _environments().items()}


def _environments() -> dict[str, Environment]:
    return {"dev": "development", "staging": "staging", "prod": "production"}


def _variables(service: Registered) -> dict[str, Any]:
    (container,) = service.inputs["template"]["containers"]
    return {env["name"]: env.get("value", env.get("valueSource")) for env in container["envs"]}


def _secret_names(plan: Plan) -> dict[str, str]:
    """Each password's account, by secret."""
    return {reader.inputs["secretId"]: reader.inputs["member"] for reader in plan.of(READER)}


def _above(plan: Plan, resource: Registered) -> set[str]:
    """The URNs of all that is above a resource, itself included."""
    by_urn = {each.urn: each for each in plan.resources}
    found = {resource.urn}
    while resource.parent:
        found.add(resource.parent)
        resource = by_urn[resource.parent]
    return found


# ---- clusters


def test_events_and_views_have_a_project_and_a_cluster_each(plans: dict[str, Plan], stack: str) -> None:
    plan = plans[stack]
    assert [cluster.name for cluster in plan.of(CLUSTER)] == ["events", "views"]
    assert len(plan.of(PROJECT)) == 2
    for resource in (*plan.of(PROJECT), *plan.of(CLUSTER)):
        assert resource.inputs["tags"] == {"environment": SIZES[stack], "network": "bicyclecity-example"}


def test_projects_of_all_stacks_live_in_one_organization_so_their_names_differ(plans: dict[str, Plan]) -> None:
    names = [project.inputs["name"] for plan in plans.values() for project in plan.of(PROJECT)]
    assert len(set(names)) == len(names) == 6


def test_a_cluster_grows_from_m0_by_flex_to_m10_and_larger_as_one_resource() -> None:
    model, grown = bicycle_city(), []
    for shape, tier in (("free", "M0"), ("small", "FLEX"), ("full", "M10"), ("full", "M40")):
        stores = json.dumps({"event-store": {"tier": tier}, "view-store": {"tier": tier}})
        plan = planned(model, stack="dev", config={"blossm:shape": shape, "blossm:stores": stores, "blossm:gateways": "none"})
        grown.append(plan.one(CLUSTER, name="events"))
    first, *later = grown
    for cluster in later:
        assert (cluster.urn, cluster.inputs["name"]) == (first.urn, first.inputs["name"])
        assert cluster.inputs["clusterType"] == first.inputs["clusterType"]
    sizes = [cluster.inputs["replicationSpecs"][0]["regionConfigs"][0]["providerName"] for cluster in grown]
    assert sizes == ["TENANT", "FLEX", "GCP", "GCP"]


def test_a_network_without_views_pays_for_no_cluster_of_views() -> None:
    bare = replace(bicycle_city(), view_stores={}, projections={}, view_gateways={})
    assert [cluster.name for cluster in planned(bare, stack="dev").of(CLUSTER)] == ["events"]


def test_a_network_without_events_pays_for_no_cluster_at_all() -> None:
    bare = Network(
        name="bicyclecity.example",
        environment="development",
        environments=bicycle_city().environments,
        facts={"price": replace(bicycle_city().facts["price"], reads=Reads())},
    )
    plan = planned(bare, stack="dev")
    assert not plan.of(CLUSTER)
    assert not plan.of(PROJECT)


# ---- users


def test_a_log_is_served_by_one_user_who_can_t_change_an_event(plans: dict[str, Plan], stack: str) -> None:
    role = plans[stack].one(ROLE, name="serve-event-store-shop")
    allowed: dict[str, set[str]] = {}
    for action in role.inputs["actions"]:
        for resource in action["resources"]:
            assert resource["databaseName"] == "log-shop"
            allowed.setdefault(resource["collectionName"], set()).add(action["action"])
    everything = {"FIND", "INSERT", "UPDATE", "REMOVE", "LIST_INDEXES"}
    assert allowed == {
        "log": {"FIND", "INSERT", "LIST_INDEXES"},
        "states.bicycle": everything,
        "states.wheel": everything,
    }


def test_nobody_can_do_anything_outside_of_one_database(plans: dict[str, Plan], stack: str) -> None:
    for role in plans[stack].of(ROLE):
        databases = {r["databaseName"] for action in role.inputs["actions"] for r in action["resources"]}
        assert len(databases) == 1
        assert "" not in databases
        assert not any(r.get("cluster") for action in role.inputs["actions"] for r in action["resources"])


def test_every_user_has_one_role_and_no_user_shares_one(plans: dict[str, Plan], stack: str) -> None:
    roles = [user.inputs["roles"] for user in plans[stack].of(USER)]
    names = [role["roleName"] for (role,) in roles]
    assert len(set(names)) == len(names) == len(plans[stack].of(ROLE)) == 8


@pytest.mark.parametrize("small", ["dev", "staging"])
def test_below_m10_a_user_has_a_password_that_is_secret_everywhere(plans: dict[str, Plan], small: str) -> None:
    plan = plans[small]
    versions = {version.name.removeprefix("password-"): version.inputs for version in plan.of(VERSION)}
    assert len(versions) == len(plan.of(USER)) == 8
    for user in plan.of(USER):
        password, version = user.inputs["passwordWo"], user.inputs["passwordWoVersion"]
        assert isinstance(password, Secret)
        assert isinstance(version, Secret)
        assert password == versions[user.name]["secretDataWo"]
        assert str(version.value) == versions[user.name]["secretDataWoVersion"].value
        assert (user.inputs["authDatabaseName"], "oidcAuthType" in user.inputs) == ("admin", False)


@pytest.mark.parametrize("small", ["dev", "staging"])
def test_a_password_stands_in_write_only_arguments_and_nowhere_else(plans: dict[str, Plan], small: str) -> None:
    plan = plans[small]
    passwords = {user.inputs["passwordWo"].value for user in plan.of(USER)}
    assert len(passwords) == 8
    for resource in plan.resources:
        shown = json.dumps([plain(resource.inputs), resource.name])
        assert not any(password in shown for password in passwords)
        for name, value in resource.inputs.items():
            if isinstance(value, Secret) and value.value in passwords:
                assert name in ("passwordWo", "secretDataWo")


@pytest.mark.parametrize("small", ["dev", "staging"])
def test_a_password_can_be_read_by_its_own_account_alone(plans: dict[str, Plan], small: str) -> None:
    plan = plans[small]
    for service in plan.of(SERVICE):
        reference = _variables(service).get("BLOSSM_STORE_PASSWORD")
        if reference is None:
            continue
        secret = reference["secretKeyRef"]["secret"]
        readers = [r.inputs["member"] for r in plan.of(READER) if r.inputs["secretId"] == secret]
        assert readers == [f"serviceAccount:{service.inputs['template']['serviceAccount']}"]


def test_from_m10_up_there_is_no_password_and_the_user_is_the_account(plans: dict[str, Plan]) -> None:
    plan = plans["prod"]
    accounts = {account.outputs["uniqueId"] for account in plan.of(ACCOUNT)}
    assert not plan.of(SECRET, VERSION)
    for user in plan.of(USER):
        provider, account = user.inputs["username"].split("/")
        assert provider == "0123456789abcdef01234567"
        assert account in accounts
        assert (user.inputs["oidcAuthType"], user.inputs["authDatabaseName"]) == ("USER", "$external")
        assert not [name for name in user.inputs if name.startswith("password")]
    assert not any("BLOSSM_STORE_PASSWORD" in _variables(service) for service in plan.of(SERVICE))


def test_a_new_view_store_brings_its_own_and_touches_nothing(stack: str, plans: dict[str, Plan]) -> None:
    model = bicycle_city(_environments()[stack])
    wheels = ViewStoreSpec(name="wheels", address="garage.wheels", at=place(50), context="garage")
    after = planned(replace(model, view_stores={**model.view_stores, wheels.address: wheels}), stack=stack)
    before = {resource.urn: resource.inputs for resource in plans[stack].resources if resource.custom}
    found = {resource.urn: resource for resource in after.resources if resource.custom}
    assert {urn: found[urn].inputs for urn in before} == before
    new = {resource.type for urn, resource in found.items() if urn not in before}
    assert {ROLE, USER, SERVICE, ACCOUNT} <= new
    assert not new & {PROJECT, CLUSTER, ENTRY, NAT, RULE}


# ---- the way in


def test_only_m0_is_open_to_every_address(plans: dict[str, Plan]) -> None:
    assert [entry.inputs["cidrBlock"] for entry in plans["dev"].of(ENTRY)] == ["0.0.0.0/0"] * 2
    assert "0.0.0.0/0" not in json.dumps([plain(r.inputs) for stack in ("staging", "prod") for r in plans[stack].of(ENTRY)])


def test_flex_lets_in_the_one_address_by_which_the_stack_goes_out(plans: dict[str, Plan]) -> None:
    plan = plans["staging"]
    reserved, nat = plan.one(ADDRESS, name="fixed-address"), plan.one(NAT)
    assert reserved.inputs["addressType"] == "EXTERNAL"
    assert nat.inputs["natIps"] == [reserved.outputs["selfLink"]]
    assert nat.inputs["natIpAllocateOption"] == "MANUAL_ONLY"
    assert [entry.inputs["ipAddress"] for entry in plan.of(ENTRY)] == [reserved.outputs["address"]] * 2


def test_only_who_talks_to_a_database_goes_out_by_that_address(plans: dict[str, Plan]) -> None:
    by_nat, usual = (f"/subnetworks/{name}" for name in ("fixed-address", naming.vpc()))
    for service in plans["staging"].of(SERVICE):
        access = service.inputs["template"]["vpcAccess"]
        egress, (interface,) = access["egress"], access["networkInterfaces"]
        expected = ("ALL_TRAFFIC", by_nat) if "BLOSSM_STORE" in _variables(service) else ("PRIVATE_RANGES_ONLY", usual)
        assert (egress, interface["subnetwork"][-len(expected[1]) :]) == expected


def test_there_is_no_nat_where_no_cluster_is_flex(plans: dict[str, Plan]) -> None:
    assert not plans["dev"].of(NAT)
    assert not plans["prod"].of(NAT)


def test_a_stack_may_mix_tiers(plans: dict[str, Plan]) -> None:
    config = {"blossm:stores": '{"event-store": {"tier": "FLEX"}}'}
    plan = planned(bicycle_city(), stack="dev", config=config)
    assert plan.one(ENTRY, name="events").inputs["ipAddress"] == plan.one(ADDRESS, name="fixed-address").outputs["address"]
    assert plan.one(ENTRY, name="views").inputs["cidrBlock"] == "0.0.0.0/0"
    by_name = {service.name: service.inputs["template"]["vpcAccess"]["egress"] for service in plan.of(SERVICE)}
    assert by_name["event-store-shop"] == "ALL_TRAFFIC"
    assert by_name[naming.service_name(Ref("view-store", "totals"))] == "PRIVATE_RANGES_ONLY"


def test_from_m10_up_a_cluster_is_reached_from_inside_only(plans: dict[str, Plan]) -> None:
    plan = plans["prod"]
    assert not plan.of(ENTRY)
    for name in ("events-private-endpoint", "views-private-endpoint"):
        endpoint = plan.one("mongodbatlas:index/privateLinkEndpoint:PrivateLinkEndpoint", name=name)
        address, rule, link = plan.one(ADDRESS, name=name), plan.one(RULE, name=name), plan.one(LINK, name=name)
        assert endpoint.inputs["portMappingEnabled"] is True
        assert address.inputs["addressType"] == "INTERNAL"
        assert rule.inputs["target"] == endpoint.outputs["serviceAttachmentNames"][0]
        assert rule.inputs["loadBalancingScheme"] == ""
        assert link.inputs["endpointServiceId"] == rule.outputs["name"]
        assert link.inputs["privateEndpointIpAddress"] == address.outputs["address"]


def test_a_cluster_knows_its_private_address_from_the_first_moment(plans: dict[str, Plan]) -> None:
    plan = plans["prod"]
    assert plan.one(LINK, name="events-private-endpoint").urn in plan.one(CLUSTER, name="events").depends_on


def test_what_leads_to_a_cluster_has_a_fixed_name_and_goes_before_another_takes_its_place(plans: dict[str, Plan]) -> None:
    assert all(rule.delete_before_replace for rule in plans["prod"].of(RULE))


# ---- who connects


def test_who_serves_a_database_is_told_where_it_is_and_who_it_is_there(plans: dict[str, Plan], stack: str) -> None:
    plan = plans[stack]
    told = _variables(plan.one(SERVICE, name="event-store-shop"))
    assert told["BLOSSM_DATABASE"] == "log-shop"
    assert told["BLOSSM_STORE_USER"] == plan.one(USER, name="serve-event-store-shop").inputs["username"]
    assert ("BLOSSM_STORE_PASSWORD" in told) is (stack != "prod")
    strings = plan.one(CLUSTER, name="events").outputs["connectionStrings"]
    private = strings["privateEndpoints"][0]["srvConnectionString"]
    assert told["BLOSSM_STORE"].startswith(private if stack == "prod" else strings["standardSrv"])


def test_only_event_stores_and_view_stores_come_near_a_database(plans: dict[str, Plan], stack: str) -> None:
    for service in plans[stack].of(SERVICE):
        stores = service.inputs.get("labels", {}).get("kind") in ("event-store", "view-store")
        assert stores is ("BLOSSM_STORE" in _variables(service))


def test_nobody_starts_before_its_user_its_password_and_the_way_in_are_there(plans: dict[str, Plan], stack: str) -> None:
    plan = plans[stack]
    needed = [plan.one(USER, name="serve-event-store-shop")]
    if stack == "prod":
        needed.append(plan.one(LINK, name="events-private-endpoint"))
    else:
        secret = "password-serve-event-store-shop"
        needed += [plan.one(ENTRY, name="events"), plan.one(VERSION, name=secret), plan.one(READER, name=secret)]
    if stack == "staging":
        needed.append(plan.one(NAT))
    assert {resource.urn for resource in needed} <= set(plan.one(SERVICE, name="event-store-shop").depends_on)


@pytest.mark.parametrize(("name", "environment"), _environments().items())
def test_all_of_it_can_be_previewed_before_anything_exists(name: str, environment: Environment) -> None:
    plan = planned(bicycle_city(environment), stack=name, unknowns=True)
    assert _variables(plan.one(SERVICE, name="event-store-shop"))["BLOSSM_STORE"] == UNKNOWN
