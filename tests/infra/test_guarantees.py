"""What is guaranteed of every resource of every stack, of both examples. docs/infra/guarantees.md has a row for each test."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.infra.deployments import NAMES, Deployment, deployment

from blossm.model.edges import edges
from blossm_infra import naming
from blossm_infra.deployed import dispatched, home
from blossm_infra.keeping import LOCK, ONCE, keeps
from blossm_infra.policy import findings
from blossm_infra.policy.reading import below, containers, is_gateway, leaves
from blossm_infra.preview import SAMPLE, Registered, plain
from blossm_infra.stacks import SHARED

PAGE = (Path(__file__).parents[2] / "docs" / "infra" / "guarantees.md").read_text(encoding="utf-8")

SERVICE = "gcp:cloudrunv2/service:Service"
JOB = "gcp:cloudrunv2/job:Job"
INVOKER = "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"
PUBLISHER = "gcp:pubsub/topicIAMMember:TopicIAMMember"
READER = "gcp:secretmanager/secretIamMember:SecretIamMember"
ACCOUNT = "gcp:serviceaccount/account:Account"
ROLE = "mongodbatlas:index/customDbRole:CustomDbRole"
USER = "mongodbatlas:index/databaseUser:DatabaseUser"
CLUSTER = "mongodbatlas:index/advancedCluster:AdvancedCluster"


@pytest.fixture(params=NAMES)
def city(request: pytest.FixtureRequest) -> Deployment:
    name: str = request.param
    return deployment(name)


def _account(resource: Registered) -> str:
    template = resource.inputs["template"]
    account: str = template["template"]["serviceAccount"] if resource.type == JOB else template["serviceAccount"]
    return account


def _env(resource: Registered) -> dict[str, Any]:
    return {variable["name"]: variable for container in containers(resource) for variable in container["envs"]}


def _addresses(city: Deployment) -> dict[str, str]:
    """Who answers where, by URL."""
    return {service.outputs["uri"]: service.inputs["name"] for service in city.plan.of(SERVICE)}


def test_no_rule_is_broken(city: Deployment) -> None:
    assert findings(city.plan, stack=city.settings) == ()


def test_nobody_may_call_who_is_no_caller_in_the_model(city: Deployment) -> None:
    allowed = {(naming.service_name(home(e.callee)), naming.account_id(home(e.caller))) for e in edges(city.model)}
    allowed |= {(naming.service_name(ref), naming.push_account()) for ref in (p.ref for p in city.model.projections.values())}
    allowed |= {(naming.service_name(ref), naming.dispatcher()) for ref in dispatched(city.model)}
    allowed |= {(naming.dispatcher(), caller) for caller in (naming.push_account(), naming.scheduler_account())}
    bound = {(b.inputs["name"], b.inputs["member"].removeprefix("serviceAccount:").split("@")[0]) for b in city.plan.of(INVOKER)}
    assert bound == allowed
    assert {binding.inputs["role"] for binding in city.plan.of(INVOKER)} == {"roles/run.invoker"}


def test_whom_a_procedure_is_told_of_it_may_call(city: Deployment) -> None:
    there = _addresses(city)
    bound = {(binding.inputs["name"], binding.inputs["member"]) for binding in city.plan.of(INVOKER)}
    for service in city.plan.of(SERVICE):
        for url in json.loads(_env(service).get("BLOSSM_CALLEES", {"value": "{}"})["value"]).values():
            assert (there[url], f"serviceAccount:{_account(service)}") in bound


def test_only_gateways_answer_the_world(city: Deployment) -> None:
    hosts = {gateway.host for gateway in city.model.gateways()}
    answering = [s for s in city.plan.of(SERVICE) if s.inputs["ingress"] != "INGRESS_TRAFFIC_INTERNAL_ONLY"]
    assert all(map(is_gateway, answering))
    assert len(answering) == len(hosts)


def test_every_procedure_runs_as_an_account_of_its_own(city: Deployment) -> None:
    accounts = [_account(service) for service in city.plan.of(SERVICE)]
    assert len(set(accounts)) == len(accounts)
    assert {*accounts, *map(_account, city.plan.of(JOB))} < {account.outputs["email"] for account in city.plan.of(ACCOUNT)}


def test_only_event_stores_and_the_dispatcher_send_wake_ups(city: Deployment) -> None:
    senders = {naming.account_id(home(store.ref)) for store in city.model.event_stores.values()} | {naming.dispatcher()}
    assert {p.inputs["member"].split(":")[1].split("@")[0] for p in city.plan.of(PUBLISHER)} <= senders
    assert {publisher.inputs["role"] for publisher in city.plan.of(PUBLISHER)} == {"roles/pubsub.publisher"}


def test_a_secret_is_read_only_by_whom_it_is_for(city: Deployment) -> None:
    used = {
        (variable["valueSource"]["secretKeyRef"]["secret"], f"serviceAccount:{_account(resource)}")
        for resource in city.plan.of(SERVICE, JOB)
        for variable in _env(resource).values()
        if "valueSource" in variable
    }
    assert {(reader.inputs["secretId"], reader.inputs["member"]) for reader in city.plan.of(READER)} == used


def test_a_database_user_reaches_one_database(city: Deployment) -> None:
    databases = {role.inputs["roleName"]: set(_databases(role)) for role in city.plan.of(ROLE)}
    assert all(len(reached) == 1 for reached in databases.values())
    for user in city.plan.of(USER):
        (role,) = user.inputs["roles"]
        assert role["roleName"] in databases
    serving = Counter(name for role, reached in databases.items() if role.startswith("serve-") for name in reached)
    assert set(serving.values()) == {1}  # and nobody else serves from it


def _databases(role: Registered) -> Iterator[str]:
    return (resource["databaseName"] for action in role.inputs["actions"] for resource in action["resources"])


def test_who_has_a_strong_database_has_no_password(city: Deployment) -> None:
    passwords = [user for user in city.plan.of(USER) if "passwordWo" in user.inputs or "password" in user.inputs]
    tiers = {city.settings.tier("event-store"), city.settings.tier("view-store")}
    assert len(passwords) == (len(city.plan.of(USER)) if tiers <= SHARED else 0)


def test_the_events_of_production_are_kept(city: Deployment) -> None:
    assert keeps(city.settings) is (city.settings.stack == "prod")
    events = [r for s in city.plan.of("blossm:infra:Store") if s.outputs["kind"] == "event-store" for r in below(city.plan, s)]
    holds = [r for r in (*events, *city.plan.of("blossm:infra:EventStore")) if r.type == CLUSTER or r.type.endswith("EventStore")]
    assert {(r.protect, r.retain_on_delete, r.hooks_at.get("before_delete") == (LOCK,)) for r in holds} == {
        (keeps(city.settings),) * 3
    }


def test_every_lock_is_known_to_every_run(city: Deployment) -> None:
    assert set(city.plan.hooks) == {LOCK, ONCE}
    assert all(hook.on_dry_run for hook in city.plan.hooks.values())
    assert {hook for resource in city.plan.resources for hook in resource.hooks} <= {LOCK, ONCE}


def test_no_secret_passes_in_the_clear(city: Deployment) -> None:
    seed = city.settings.database_seed.get_secret_value()
    assert seed == SAMPLE["blossm:databaseSeed"]
    shown = json.dumps([plain(resource.inputs) for resource in city.plan.resources]) + json.dumps(plain(city.plan.outputs))
    assert seed not in shown
    assert not re.search(r'"(password|secretData)(Wo)?": "(?!\[secret\])', shown)


def test_every_name_is_within_its_limit(city: Deployment) -> None:
    for resource in city.plan.resources:
        for token, (key, allowed) in LIMITS.items():
            if resource.type == token:
                assert re.fullmatch(allowed, resource.inputs[key]), f"{token} {resource.inputs[key]}"
    named = {resource.type for resource in city.plan.resources if resource.custom and "name" in resource.inputs}
    assert named <= set(LIMITS) | NAMED_BY_OTHERS


LIMITS = {
    SERVICE: ("name", r"[a-z][a-z0-9-]{0,47}[a-z0-9]"),
    JOB: ("name", r"[a-z][a-z0-9-]{0,47}[a-z0-9]"),
    ACCOUNT: ("accountId", r"[a-z][a-z0-9-]{4,28}[a-z0-9]"),
    "gcp:artifactregistry/repository:Repository": ("repositoryId", r"[a-z][a-z0-9-]{0,61}[a-z0-9]"),
    "gcp:certificatemanager/certificate:Certificate": ("name", r"[a-z][a-z0-9-]{0,62}"),
    "gcp:certificatemanager/certificateMap:CertificateMap": ("name", r"[a-z][a-z0-9-]{0,62}"),
    "gcp:certificatemanager/certificateMapEntry:CertificateMapEntry": ("name", r"[a-z][a-z0-9-]{0,62}"),
    "gcp:certificatemanager/dnsAuthorization:DnsAuthorization": ("name", r"[a-z][a-z0-9-]{0,62}"),
    "gcp:cloudscheduler/job:Job": ("name", r"[A-Za-z0-9_-]{1,500}"),
    "gcp:cloudtasks/queue:Queue": ("name", r"[A-Za-z0-9-]{1,100}"),
    **{
        f"gcp:compute/{word[0].lower()}{word[1:]}:{word}": ("name", r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
        for word in (
            "Address", "BackendService", "ForwardingRule", "GlobalAddress", "GlobalForwardingRule", "Network", "Router",
            "RegionNetworkEndpointGroup", "RouterNat", "SSLPolicy", "Subnetwork", "TargetHttpProxy", "TargetHttpsProxy", "URLMap",
        )
    },
    "gcp:dns/managedZone:ManagedZone": ("name", r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?"),
    "gcp:kms/cryptoKey:CryptoKey": ("name", r"[A-Za-z0-9_-]{1,63}"),
    "gcp:kms/keyRing:KeyRing": ("name", r"[A-Za-z0-9_-]{1,63}"),
    "gcp:pubsub/subscription:Subscription": ("name", r"(?!goog)[a-z][A-Za-z0-9._~+%-]{2,254}"),
    "gcp:pubsub/topic:Topic": ("name", r"(?!goog)[a-z][A-Za-z0-9._~+%-]{2,254}"),
    "gcp:secretmanager/secret:Secret": ("secretId", r"[A-Za-z0-9_-]{1,255}"),
    "mongodbatlas:index/advancedCluster:AdvancedCluster": ("name", r"[A-Za-z0-9-]{1,23}"),
    "mongodbatlas:index/project:Project": ("name", r"[A-Za-z0-9(),'&@+:_. -]{1,64}"),
    ROLE: ("roleName", r"[A-Za-z][A-Za-z0-9-]{0,63}"),
    USER: ("username", r"[A-Za-z0-9/-]{1,1024}"),
}  # fmt: skip

# Their `name` is that of something else, or a host.
NAMED_BY_OTHERS = {
    INVOKER,
    "gcp:cloudrun/domainMapping:DomainMapping",
    "gcp:cloudtasks/queueIamMember:QueueIamMember",
    "gcp:dns/recordSet:RecordSet",
}


def test_no_two_of_a_kind_share_a_name(city: Deployment) -> None:
    taken = Counter(
        (resource.type, resource.inputs.get("projectId", ""), resource.inputs[LIMITS[resource.type][0]])
        for resource in city.plan.resources
        if resource.type in LIMITS
    )
    assert {name: times for name, times in taken.items() if times > 1} == {}


def test_names_are_the_same_in_every_stack(city: Deployment) -> None:
    example = city.name.rpartition("-")[0]
    everywhere = {service.inputs["name"] for service in deployment(f"{example}-dev").plan.of(SERVICE)}
    assert {service.inputs["name"] for service in city.plan.of(SERVICE)} == everywhere


def test_everything_lies_below_a_component(city: Deployment) -> None:
    components = {resource.urn for resource in city.plan.resources if resource.type.startswith("blossm:infra:")}
    assert [r.name for r in city.plan.resources if r.custom and r.parent not in components] == []


def test_what_needs_an_api_waits_for_it(city: Deployment) -> None:
    by_urn = {resource.urn: resource for resource in city.plan.resources}
    apis = {r.inputs["service"].partition(".")[0]: r.urn for r in city.plan.of("gcp:projects/service:Service")}
    for resource in city.plan.resources:
        module = resource.type.removeprefix("gcp:").partition("/")[0]
        if resource.type.startswith("gcp:") and module != "projects":
            assert apis[APIS.get(module, module)] in _waits_for(resource, by_urn), resource.urn


APIS = {"cloudrun": "run", "cloudrunv2": "run", "serviceaccount": "iam", "kms": "cloudkms"}


def _waits_for(resource: Registered, by_urn: dict[str, Registered]) -> set[str]:
    """Its own needs, and those of the components above: nothing is registered before what it lies in."""
    found = set(resource.depends_on)
    while resource := by_urn.get(resource.parent):  # type: ignore[assignment]
        found.update(resource.depends_on)
    return found


def test_nothing_serves_before_its_collections_and_indexes_are_there(city: Deployment) -> None:
    jobs = {job.urn for job in city.plan.of(JOB) if job.name.startswith("indexes-")}
    stores = [s for s in city.plan.of(SERVICE) if s.inputs["labels"]["kind"] in ("event-store", "view-store")]
    assert len(jobs) == len(stores)
    assert all(jobs & set(store.depends_on) for store in stores)


def test_a_wake_up_is_for_somebody_who_is_there(city: Deployment) -> None:
    there = _addresses(city)
    for subscription in city.plan.of("gcp:pubsub/subscription:Subscription"):
        push = subscription.inputs["pushConfig"]
        assert push["oidcToken"]["audience"] in there
        assert push["pushEndpoint"].startswith(push["oidcToken"]["audience"])


def test_every_host_name_leads_to_its_gateway(city: Deployment) -> None:
    mapped = {m.inputs["name"] for m in city.plan.of("gcp:cloudrun/domainMapping:DomainMapping")}
    rules = [rule for hosts in city.plan.of("gcp:compute/uRLMap:URLMap") for rule in hosts.inputs.get("hostRules", ())]
    balanced = {host for rule in rules for host in rule["hosts"]}
    assert mapped | balanced == {gateway.host for gateway in city.model.gateways()}


def test_a_first_preview_shows_the_same_resources(city: Deployment) -> None:
    unknown = deployment(city.name, unknowns=True)
    assert [resource.urn for resource in unknown.plan.resources] == [resource.urn for resource in city.plan.resources]
    assert findings(unknown.plan, stack=city.settings) == ()


def test_every_instance_knows_its_environment_and_itself(city: Deployment) -> None:
    for resource in city.plan.of(SERVICE):
        assert _env(resource)["BLOSSM_ENVIRONMENT"]["value"] == city.settings.environment
        assert _env(resource)["BLOSSM_PROCEDURE"]["value"]


def test_every_value_is_one_that_a_state_can_hold(city: Deployment) -> None:
    for resource in city.plan.resources:
        assert all(value is None or isinstance(value, (str, int, float, bool)) for _, value in leaves(plain(resource.inputs)))


def test_every_guarantee_has_a_row_and_every_row_a_test() -> None:
    rows = re.findall(r"^\| .+? \| `(test_\w+)` \|$", PAGE, re.MULTILINE)
    tests = [name for name in vars(sys.modules[__name__]) if name.startswith("test_")]
    assert rows == [name for name in tests if name != "test_every_guarantee_has_a_row_and_every_row_a_test"]
