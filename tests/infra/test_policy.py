"""Each rule finds what it is there for, leaves alone what is right, and is on the page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from blossm_infra.policy import RULES, findings
from blossm_infra.preview import SAMPLE, UNKNOWN, Plan, Registered, Secret
from blossm_infra.settings import settings_of

PAGE = (Path(__file__).parents[2] / "docs" / "infra" / "guarantees.md").read_text(encoding="utf-8")

SERVICE = "gcp:cloudrunv2/service:Service"
JOB = "gcp:cloudrunv2/job:Job"
BINDING = "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"
SUBSCRIPTION = "gcp:pubsub/subscription:Subscription"
CLOCK = "gcp:cloudscheduler/job:Job"
ROLE = "mongodbatlas:index/customDbRole:CustomDbRole"
USER = "mongodbatlas:index/databaseUser:DatabaseUser"
LIST = "mongodbatlas:index/projectIpAccessList:ProjectIpAccessList"
CLUSTER = "mongodbatlas:index/advancedCluster:AdvancedCluster"
PROXY = "gcp:compute/targetHttpsProxy:TargetHttpsProxy"
STORE, EVENT_STORE = "blossm:infra:Store", "blossm:infra:EventStore"
DIGEST = f"registry.example/city@sha256:{'0' * 64}"
TOKEN = {"oidcToken": {"serviceAccountEmail": "push@example.iam.gserviceaccount.com"}}
LABELS = {"network": "city", "environment": "production"}

Resources = list[Registered]


def made(type: str, *, name: str = "it", parent: str = "", **inputs: Any) -> Registered:
    return Registered(type=type, name=name, urn=f"urn:{name}", parent=parent, custom=type[:6] != "blossm", inputs=inputs)


def kept(resource: Registered) -> Registered:
    resource.protect = resource.retain_on_delete = True
    resource.hooks_at = {"before_delete": ("kept",)}
    return resource


def service(*, kind: str = "command", account: Any = UNKNOWN, **inputs: Any) -> Registered:
    template = {
        "serviceAccount": account,
        "scaling": {"maxInstanceCount": 3},
        "containers": [{"image": DIGEST, **inputs.pop("container", {})}],
        **inputs.pop("template", {}),
    }
    usual = {"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY", "deletionProtection": False, "location": "europe-west1"}
    return made(SERVICE, **{**usual, "labels": {**LABELS, "kind": kind}, "template": template, **inputs})


def job(**template: Any) -> Registered:
    inner = {"serviceAccount": UNKNOWN, "containers": [{"image": DIGEST}], **template}
    return made(JOB, labels=LABELS, deletionProtection=False, location="europe-west1", template={"template": inner})


def role(action: str, *collections: str, name: str = "serve") -> Registered:
    resources = [{"databaseName": "shop", "collectionName": collection} for collection in collections]
    return made(ROLE, name=name, roleName=name, actions=[{"action": action, "resources": resources}])


def subscription(**inputs: Any) -> Registered:
    return made(SUBSCRIPTION, **{"labels": LABELS, "pushConfig": TOKEN, "expirationPolicy": {"ttl": ""}, **inputs})


def cluster(*, backed_up: bool = True) -> Registered:
    backup = dict.fromkeys(("backupEnabled", "pitEnabled", "retainBackupsEnabled", "terminationProtectionEnabled"), backed_up)
    return kept(made(CLUSTER, name="cluster", parent="urn:store", tags=LABELS, **backup))


def store(kind: str = "event-store") -> Registered:
    store = made(STORE, name="store")
    store.outputs = {"kind": kind}
    return store


def event_store(*, retired: bool = False) -> Registered:
    store = made(EVENT_STORE)
    store.outputs = {"retired": retired}
    return store


BAD: dict[str, list[Resources]] = {
    "BP101": [
        [made(BINDING, member="allUsers", role="roles/run.invoker")],
        [made("gcp:pubsub/topicIAMBinding:TopicIAMBinding", members=["allAuthenticatedUsers"], role="roles/pubsub.publisher")],
    ],
    "BP102": [[service(invokerIamDisabled=True)], [service(ingress="INGRESS_TRAFFIC_ALL")], [service(ingress=None)]],
    "BP103": [
        [made("gcp:projects/iAMMember:IAMMember", member="serviceAccount:a", role="roles/run.invoker")],
        [made("gcp:organizations/iAMBinding:IAMBinding", members=[], role="roles/browser")],
        [made(BINDING, member="serviceAccount:a", role="roles/editor")],
    ],
    "BP104": [
        [service(account=None)],
        [service(account="123-compute@developer.gserviceaccount.com")],
        [job(serviceAccount="city@appspot.gserviceaccount.com")],
    ],
    "BP105": [[service(container={"image": "city:latest"})], [job(containers=[{"image": "city"}])]],
    "BP106": [[service(template={"scaling": {"minInstanceCount": 1}})], [service(template={"scaling": None})]],
    "BP107": [
        [subscription(pushConfig=None)],
        [subscription(pushConfig={"pushEndpoint": "https://city.example"})],
        [subscription(expirationPolicy=None)],
        [subscription(expirationPolicy={"ttl": "86400s"})],
        [made(CLOCK, region="europe-west1", httpTarget={"uri": "https://city.example"})],
    ],
    "BP108": [
        [subscription(labels=None)],
        [subscription(labels={"network": "city"})],
        [subscription(labels={"network": "city", "environment": "staging"})],
        [made("mongodbatlas:index/project:Project", tags={"network": "city"})],
    ],
    "BP109": [[made(LIST, cidrBlock="0.0.0.0/0")], [made("gcp:compute/firewall:Firewall", sourceRanges=["::/0"])]],
    "BP110": [
        [role("UPDATE", "log", "bicycle")],
        [role("FIND", "log"), role("REMOVE", "", name="clean")],
        [made(USER, roles=[{"roleName": "readWriteAnyDatabase", "databaseName": "admin"}])],
    ],
    "BP111": [[event_store()], [store(), made(CLUSTER, parent="urn:store", tags=LABELS)]],
    "BP112": [
        [made(USER, passwordWo="hush")],
        [made("gcp:secretmanager/secretVersion:SecretVersion", secretData="hush")],
        [service(container={"envs": [{"name": "STORE", "value": "mongodb://me:hush@store.example"}]})],
    ],
    "BP113": [[service(deletionProtection=None)]],
    "BP114": [[service(location="us-central1")], [made("gcp:cloudtasks/queue:Queue", location="us-east1")]],
    "BP115": [[store(), cluster(backed_up=False)]],
    "BP116": [[service(kind="fact-gateway", ingress="INGRESS_TRAFFIC_ALL", invokerIamDisabled=True)]],
    "BP117": [[made(PROXY)], [made("gcp:compute/sSLPolicy:SSLPolicy", minTlsVersion="TLS_1_0")]],
    "BP118": [[service(container={"envs": [{"name": "PAINT_API_KEY", "value": "hush"}]})]],
}

GOOD: dict[str, Resources] = {
    "BP101": [made(BINDING, member="serviceAccount:a", role="roles/run.invoker"), made(BINDING, name="b", member=UNKNOWN)],
    "BP102": [service(invokerIamDisabled=False)],
    "BP103": [made("gcp:projects/service:Service", service="run.googleapis.com"), made(BINDING, role="roles/run.invoker")],
    "BP104": [service(account="mine@city.iam.gserviceaccount.com"), job()],
    "BP105": [service(), job(), service(container={"image": UNKNOWN})],
    "BP106": [service()],
    "BP107": [subscription(), made(CLOCK, region="europe-west1", httpTarget=TOKEN)],
    "BP108": [subscription(), made("gcp:projects/service:Service", service="run.googleapis.com")],
    "BP109": [made(LIST, ipAddress="203.0.113.20"), made(LIST, name="b", ipAddress=UNKNOWN)],
    "BP110": [role("FIND", "log"), role("UPDATE", "bicycle", name="b"), made(USER, roles=[{"roleName": "serve"}])],
    "BP111": [kept(event_store()), event_store(retired=True), store(), cluster()],
    "BP112": [made(USER, passwordWo=Secret("hush"), passwordWoVersion="7"), made(USER, name="b", passwordWo=UNKNOWN)],
    "BP113": [service(), made("gcp:pubsub/topic:Topic", labels=LABELS)],
    "BP114": [service(), made("gcp:certificatemanager/certificate:Certificate", location="global", labels=LABELS)],
    "BP115": [store(), cluster()],
    "BP116": [service(kind="fact-gateway", ingress="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", invokerIamDisabled=True)],
    "BP117": [made("gcp:compute/sSLPolicy:SSLPolicy", minTlsVersion="TLS_1_2"), made(PROXY, sslPolicy=UNKNOWN)],
    "BP118": [service(container={"envs": [{"name": "PAINT_API_KEY", "valueSource": {"secretKeyRef": {"secret": "paint"}}}]})],
}


def found(resources: Resources, *, stack: str = "prod") -> set[str]:
    return {finding.rule for finding in findings(Plan(resources=tuple(resources)), stack=settings_of(SAMPLE, stack=stack))}


@pytest.mark.parametrize(("rule", "resources"), [(rule, case) for rule, cases in BAD.items() for case in cases])
def test_what_breaks_a_rule_is_found(rule: str, resources: Resources) -> None:
    assert rule in found(resources)


@pytest.mark.parametrize("rule", GOOD)
def test_what_keeps_a_rule_is_left_alone(rule: str) -> None:
    assert found(GOOD[rule]) == set()


def test_every_rule_has_a_bad_and_a_good_case_and_a_line_on_the_page() -> None:
    ids = [rule.id for rule in RULES]
    assert ids == sorted(set(ids)) == list(BAD) == list(GOOD)
    on_the_page = [(row[0], row[1], row[2]) for row in re.findall(r"^\| (BP\d+) \| (.*?) \| (.*?) \|", PAGE, re.MULTILINE)]
    assert on_the_page == [(rule.id, rule.says, rule.reason) for rule in RULES]


def test_a_finding_says_what_is_wrong_with_what_and_what_to_do() -> None:
    (finding,) = findings(Plan(resources=(event_store(),)), stack=settings_of(SAMPLE, stack="prod"))
    assert finding.resource == f"{EVENT_STORE} it"
    assert finding.message == "events are lost when it goes, and it has no `protect` and no `retain_on_delete` and no lock"
    assert finding.fix.startswith("Make it with `opts=kept(")
    assert finding.severity == "error"


def test_what_only_production_must_is_no_finding_elsewhere() -> None:
    development = {**LABELS, "environment": "development"}
    tagged = service(container={"image": "city:latest"}, labels={**development, "kind": "command"})
    assert found([tagged, made(LIST, cidrBlock="0.0.0.0/0")], stack="dev") == set()
    assert found([event_store(), store(), made(CLUSTER, parent="urn:store", tags=development)], stack="dev") == set()


def test_whoever_protects_a_smaller_stack_is_held_to_it() -> None:
    protected = settings_of({**SAMPLE, "blossm:protect": "true"}, stack="dev")
    assert {finding.rule for finding in findings(Plan(resources=(event_store(),)), stack=protected)} == {"BP111"}
