"""How many of everything there may be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.infra.networks import bicycle_city, place, store
from tests.infra.plans import planned

from blossm.model.network import Network, ViewStoreSpec
from blossm_infra.preview import SAMPLE, RunError
from blossm_infra.settings import settings_of
from blossm_infra.stores.limits import databases, limit_problems, project_limits, users


def _with_views(count: int) -> Network:
    views = [ViewStoreSpec(name=f"view_{n}", address=f"view_{n}", at=place(n + 1)) for n in range(count)]
    return replace(bicycle_city(), view_stores={view.address: view for view in views}, projections={}, view_gateways={})


def _problems(model: Network, *, tier: str) -> list[str]:
    shape = {"M0": "free", "FLEX": "small"}.get(tier, "full")
    stores = f'{{"view-store": {{"tier": "{tier}"}}, "event-store": {{"tier": "{tier}"}}}}'
    config = {**SAMPLE, "blossm:shape": shape, "blossm:stores": stores}
    return list(limit_problems(model, settings_of(config, stack="dev")))


def test_there_is_a_database_for_each_log_and_for_each_view_store() -> None:
    assert [ref.address for ref in databases(bicycle_city(), "event-store")] == ["shop", "staff"]
    assert [ref.address for ref in databases(bicycle_city(), "view-store")] == ["garage.bicycles", "totals"]


def test_each_database_has_a_user_who_serves_and_one_who_makes_indexes() -> None:
    assert users(bicycle_city(), "event-store") == 4
    assert users(_with_views(7), "view-store") == 14


def test_most_networks_need_nothing_that_atlas_does_not_give_every_project() -> None:
    assert project_limits(_with_views(50), "view-store") is None


def test_large_ones_raise_the_limits_of_their_project_by_the_hundred() -> None:
    for count, limit in ((51, 200), (100, 200), (101, 300), (450, 900)):
        raised = project_limits(_with_views(count), "view-store")
        assert raised is not None
        assert {entry.name: entry.value for entry in raised} == {
            "atlas.project.security.databaseAccess.users": limit,
            "atlas.project.security.databaseAccess.customRoles": limit,
        }


def test_what_no_project_can_hold_is_told_with_the_number() -> None:
    assert not _problems(_with_views(450), tier="M10")
    (problem,) = _problems(_with_views(451), tier="M10")
    assert "the cluster of the view-stores would have 902 database users" in problem
    assert "at most 900" in problem


def test_what_no_small_cluster_can_hold_is_told_with_the_number_and_the_way_out() -> None:
    assert not _problems(_with_views(100), tier="FLEX")
    (problem,) = _problems(_with_views(101), tier="FLEX")
    assert "would have 101 databases, and FLEX has at most 100" in problem
    assert "`blossm:stores: {view-store: {tier: M10}}`" in problem


def test_states_count_as_collections() -> None:
    stores = {f"shop.domain_{n}": store("shop", f"domain_{n}") for n in range(500)}
    (problem,) = _problems(replace(bicycle_city(), event_stores=stores), tier="M0")
    assert "would have 501 collections, and M0 has at most 500" in problem


def test_too_many_indexes_are_told_where_they_are_declared() -> None:
    fields = [(f"field_{n}",) for n in range(40)]
    view = ViewStoreSpec(name="totals", address="garage.totals", at=place(7), context="garage", indexes=tuple(fields))
    model = replace(bicycle_city(), view_stores={view.address: view}, projections={}, view_gateways={})
    (problem,) = _problems(model, tier="M10")
    assert problem.startswith("services/shop/bicycle/blossm.yaml:7:1: ")
    assert "make 82 indexes, and a collection of MongoDB has at most 64" in problem


def test_all_of_it_is_told_before_anything_is_registered() -> None:
    with pytest.raises(RunError, match="101 databases"):
        planned(_with_views(101), stack="dev")
