"""Databases: who gets in, what can be lost, and what must not be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from blossm_infra.harness.plan import Plan, Registered
from blossm_infra.keeping import keeps
from blossm_infra.policy.reading import ATLAS_PROJECT, CLUSTER, JOB, ROLE, SERVICE, USER, at, below, containers, leaves
from blossm_infra.policy.rule import Broken, Rule
from blossm_infra.settings import StackSettings
from blossm_infra.stacks import SHARED

_EVERYWHERE = ("0.0.0.0/0", "::/0")
_LISTS = {"mongodbatlas:index/projectIpAccessList:ProjectIpAccessList": "cidrBlock"}
_FIREWALL = "gcp:compute/firewall:Firewall"
_LOG, _ALL = "log", ""
_HARMLESS = ("FIND", "INSERT", "LIST_INDEXES", "LIST_COLLECTIONS", "CREATE_COLLECTION", "CREATE_INDEX", "COLL_STATS", "DB_STATS")
_SECRET_INPUT = re.compile(r"(password|secretData|privateKey|apiKey|clientSecret)(Wo)?$", re.IGNORECASE)
_SECRET_TEXT = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY|://[^/\s:@]+:[^/\s:@]+@")
_SECRET_VARIABLE = re.compile(r"(^|_)(PASSWORD|PASSPHRASE|SECRET|TOKEN|PRIVATE_KEY|API_KEY)$")


def _open_database(plan: Plan, stack: StackSettings) -> Broken:
    for resource in plan.resources:
        if resource.type in _LISTS and at(resource, _LISTS[resource.type]) in _EVERYWHERE and stack.shape != "free":
            yield resource, f"the database is open to the world, in shape `{stack.shape}`"
        if resource.type == _FIREWALL and set(at(resource, "sourceRanges") or ()) & set(_EVERYWHERE):
            yield resource, "the private network is open to the world"


def _changeable(plan: Plan, stack: StackSettings) -> Broken:
    ours = {at(role, "roleName") for role in plan.of(ROLE)}
    logs = {where["databaseName"] for role in plan.of(ROLE) for _, where in _allowed(role) if where["collectionName"] == _LOG}
    for role in plan.of(ROLE):
        for action, where in _allowed(role):
            hits = where["databaseName"] in logs and where["collectionName"] in (_LOG, _ALL)
            if hits and action not in _HARMLESS:
                yield role, f"it may {action} the collection `log` of {where['databaseName']}"
    for user in plan.of(USER):
        for role_name in [role["roleName"] for role in at(user, "roles") or ()]:
            if isinstance(role_name, str) and role_name not in ours:
                yield user, f"its role {role_name} is one of Atlas's own, which reach every collection"


def _allowed(role: Registered) -> Iterator[tuple[str, dict[str, Any]]]:
    for action in at(role, "actions") or ():
        for resource in action.get("resources", ()):
            where = {"databaseName": resource.get("databaseName", _ALL), "collectionName": resource.get("collectionName", _ALL)}
            yield action["action"], where


def _kept(plan: Plan, stack: StackSettings) -> Broken:
    if not keeps(stack):
        return
    stores = [store for store in plan.of("blossm:infra:EventStore") if not store.outputs.get("retired")]
    for resource in (*stores, *_events(plan, ATLAS_PROJECT, CLUSTER)):
        options = {
            "`protect`": resource.protect,
            "`retain_on_delete`": resource.retain_on_delete,
            "lock": "before_delete" in resource.hooks_at,
        }
        if missing := [name for name, there in options.items() if not there]:
            yield resource, f"events are lost when it goes, and it has no {' and no '.join(missing)}"


def _events(plan: Plan, *types: str) -> Iterator[Registered]:
    """What holds the events: the project and the cluster of the store for event stores."""
    for store in plan.of("blossm:infra:Store"):
        if store.outputs.get("kind") == "event-store":
            yield from (resource for resource in below(plan, store) if resource.type in types)


def _backed_up(plan: Plan, stack: StackSettings) -> Broken:
    if stack.environment != "production" or stack.tier("event-store") in SHARED:
        return
    for cluster in _events(plan, CLUSTER):
        wanted = ("backupEnabled", "pitEnabled", "retainBackupsEnabled", "terminationProtectionEnabled")
        if missing := [key for key in wanted if not at(cluster, key)]:
            yield cluster, f"the events of production want {' and '.join(missing)}"


def _plain(plan: Plan, stack: StackSettings) -> Broken:
    for resource in plan.resources:
        for path, value in leaves(resource.inputs):
            if isinstance(value, str) and value and (_SECRET_INPUT.search(path) or _SECRET_TEXT.search(value)):
                yield resource, f"`{path}` is in the state as it is"


def _variables(plan: Plan, stack: StackSettings) -> Broken:
    for resource in plan.of(SERVICE, JOB):
        for variable in (v for container in containers(resource) for v in container.get("envs", ())):
            if isinstance(variable.get("value"), str) and _SECRET_VARIABLE.search(variable["name"]):
                yield resource, f"the variable {variable['name']} sounds like a secret, and has its value here"


RULES = (
    Rule(
        id="BP109",
        says="Outside shape `free`, nothing that holds data is open to the world.",
        reason="A password would be all that keeps the world from the data.",
        fix="Let in one address (FLEX) or a private endpoint (M10 and larger).",
        check=_open_database,
    ),
    Rule(
        id="BP110",
        says="Nobody may change or remove what is logged.",
        reason="Events are facts: a log that can be changed proves nothing.",
        fix="Give the role FIND and INSERT on `log`, and UPDATE and REMOVE on other collections only, by name.",
        check=_changeable,
    ),
    Rule(
        id="BP111",
        says="Where event stores are kept, what holds their events is protected, retained and locked.",
        reason="It takes a slip to delete a cluster, and there is no way back.",
        fix="Make it with `opts=kept(settings, parent=self)`.",
        check=_kept,
    ),
    Rule(
        id="BP112",
        says="No secret is a plain input.",
        reason="Inputs are in the state and in previews; whoever reads either has the secret.",
        fix="Wrap it in `pulumi.Output.secret`, or better, keep it in Secret Manager and pass a reference.",
        check=_plain,
    ),
    Rule(
        id="BP115",
        says="Production's events are backed up continuously, and their cluster can't be terminated.",
        reason="A backup of yesterday loses a day of events.",
        fix="Leave `backup` of `blossm:stores` true for the event store.",
        check=_backed_up,
    ),
    Rule(
        id="BP118",
        says="No variable that sounds like a secret has its value in the program.",
        reason="Variables can be read by everybody who may look at the service.",
        fix="Make it one of `secrets:` in blossm.yaml, which are references to Secret Manager.",
        check=_variables,
        severity="warning",
    ),
)
