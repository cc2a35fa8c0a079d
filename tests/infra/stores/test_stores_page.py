"""docs/infra/stores.md says what is so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.infra.networks import bicycle_city

from blossm.model.indexes import INDEXES, index_plan
from blossm.model.network import Ref
from blossm_infra import naming
from blossm_infra.preview import Plan, Registered
from blossm_infra.stores import limits
from blossm_infra.stores.addresses import AUDIENCE
from blossm_infra.stores.tiers import way_to

PAGE = (Path(__file__).parents[3] / "docs" / "infra" / "stores.md").read_text(encoding="utf-8")
ROLE = "mongodbatlas:index/customDbRole:CustomDbRole"
CLUSTER = "mongodbatlas:index/advancedCluster:AdvancedCluster"
SERVICE = "gcp:cloudrunv2/service:Service"


def _rows(heading: str) -> list[list[str]]:
    table = PAGE[PAGE.index(f"| {heading} |") :].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")] for line in table]


def _words(cell: str) -> set[str]:
    return set(cell.replace("`", "").split(", "))


def _provider(plan: Plan) -> str:
    name: str = plan.one(CLUSTER, name="events").inputs["replicationSpecs"][0]["regionConfigs"][0]["providerName"]
    return name


def test_each_tier_is_what_the_page_says(dev: Plan, prod: Plan) -> None:
    free, flex, large = _rows("Tier")
    assert [row[2] for row in (free, flex, large)] == [way_to("M0"), way_to("FLEX"), way_to("M10")]
    assert [free[1], large[1]] == [f"`{_provider(dev)}`", f"`{_provider(prod)}`"]


def test_databases_have_the_collections_of_the_page() -> None:
    log, view = _rows("Database")
    assert naming.database(Ref("event-store", "shop")) == log[0].strip("`").replace("<service>", "shop")
    assert naming.database(Ref("view-store", "garage.bicycles")) == view[0].strip("`").replace(
        "<context>-<name>", "garage-bicycles"
    )
    collections = [c.name for c in index_plan(bicycle_city(), Ref("event-store", "shop")).collections]
    assert collections == ["log", "states.bicycle", "states.wheel"]
    assert {c.name for c in index_plan(bicycle_city(), Ref("view-store", "totals")).collections} == _words(view[1])


def _allowed(role: Registered, collection: str) -> set[str]:
    allowed: set[str] = set()
    for action in role.inputs["actions"]:
        if any(resource["collectionName"] == collection for resource in action["resources"]):
            allowed.add(action["action"])
    return allowed


def test_users_may_do_what_the_page_says(dev: Plan) -> None:
    log, states, rows, indexes = (_words(row[2]) for row in _rows("User"))
    serving, viewing = dev.one(ROLE, name="serve-event-store-shop"), dev.one(ROLE, name="serve-view-store-totals")
    assert (_allowed(serving, "log"), _allowed(serving, "states.bicycle")) == (log, states)
    assert _allowed(viewing, "") == rows
    assert all(_allowed(role, "") == indexes for role in dev.of(ROLE) if role.name.startswith("index-"))


def _variables(service: Registered) -> dict[str, Any]:
    (container,) = service.inputs["template"]["containers"]
    return {env["name"]: env for env in container["envs"]}


def test_procedures_are_told_what_the_page_says(dev: Plan) -> None:
    named = {row[0].strip("`") for row in _rows("Variable")}
    assert named <= _variables(dev.one(SERVICE, name="event-store-shop")).keys()
    assert not [
        name for name in named for service in dev.of(SERVICE) if name in _variables(service) and "store" not in service.name
    ]


def test_limits_are_those_of_the_page() -> None:
    assert [int(row[1]) for row in _rows("What")] == [limits.USERS, limits.DATABASES, limits.COLLECTIONS, INDEXES]


def test_the_identity_provider_is_told_the_audience_that_clients_ask_for() -> None:
    assert f"audience `{AUDIENCE}`" in PAGE
