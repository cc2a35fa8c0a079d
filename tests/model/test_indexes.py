"""Which collections and indexes MongoDB needs, before anybody serves."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from blossm.core import view_query
from blossm.model.fields import Field
from blossm.model.indexes import Collection, Index, IndexPlan, index_plan, log_plan, state_key, states_of, view_plan
from blossm.model.network import EventStoreSpec, Network, Place, Ref, ViewStoreSpec

AT = Place("blossm.yaml", 1, 1)
BICYCLES = ViewStoreSpec(
    name="bicycles",
    address="garage.bicycles",
    at=AT,
    context="garage",
    schema={name: Field(type="string", optional=True) for name in ("color", "painted", "owner")},
    indexes=(("color", "owner"), ("owner",)),
    sorts=((("painted", "desc"), ("color", "asc")),),
    text=("owner",),
)


def _store(domain: str, *indexes: str) -> EventStoreSpec:
    return EventStoreSpec(name=domain, address=f"shop.{domain}", at=AT, service="shop", domain=domain, indexes=indexes)


def _indexes(plan: IndexPlan, name: str) -> tuple[Index, ...]:
    (found,) = (collection for collection in plan.collections if collection.name == name)
    return found.indexes


def test_a_log_finds_commits_by_root_by_domain_and_by_key() -> None:
    assert _indexes(log_plan([]), "log") == (
        Index((("events.r", 1), ("_id", 1))),
        Index((("events.d", 1), ("_id", 1))),
        Index((("key", 1),), unique=True),
    )


def test_a_log_has_a_collection_of_states_for_every_event_store_of_its_service() -> None:
    plan = log_plan([_store("wheel"), _store("bicycle", "color", "owner.name")])
    assert [collection.name for collection in plan.collections] == ["log", "states.bicycle", "states.wheel"]
    assert _indexes(plan, "states.bicycle") == (
        Index((("keys.color", 1), ("_id", 1))),
        Index((("keys.owner/name", 1), ("_id", 1))),
    )


@given(st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,62}", fullmatch=True), unique=True))
def test_collections_of_states_have_names_that_atlas_takes_and_that_differ(domains: list[str]) -> None:
    names = [states_of(domain) for domain in domains]
    assert len(set(names)) == len(domains)
    assert all(len(name) <= 95 - 38 - 1 for name in names)


def test_an_indexed_path_is_one_field_whatever_it_leads_through() -> None:
    assert state_key("owner.address.city").count(".") == 1


def test_every_index_of_rows_begins_with_the_generation_so_that_a_replay_makes_none() -> None:
    for store in (BICYCLES, replace(BICYCLES, context="")):
        for index in _indexes(view_plan(store), "rows"):
            assert index.keys[0] == ("generation", 1)


def test_a_view_with_a_context_is_asked_within_it_and_by_its_projection_over_all() -> None:
    assert _indexes(view_plan(BICYCLES), "rows") == (
        Index((("generation", 1), ("context", 1), ("_id", 1))),
        Index((("generation", 1), ("context", 1), ("body.color", 1), ("body.owner", 1), ("_id", 1))),
        Index((("generation", 1), ("body.color", 1))),
        Index((("generation", 1), ("context", 1), ("body.owner", 1), ("_id", 1))),
        Index((("generation", 1), ("body.owner", 1))),
        Index((("generation", 1), ("context", 1), ("body.painted", -1), ("body.color", 1), ("_id", 1))),
        Index((("generation", 1), ("body.painted", 1))),
        Index((("generation", 1), ("context", 1), ("words", 1), ("_id", 1))),
    )


def test_a_where_for_the_first_of_several_fields_has_an_index_without_the_others() -> None:
    found = _indexes(view_plan(replace(BICYCLES, context="")), "rows")
    assert {Index((("generation", 1), (f"body.{name}", 1))) for name in ("color", "painted")} <= {*found}
    assert Index((("generation", 1), ("body.owner", 1))) not in found  # the one of `owner` alone has no others


def test_a_view_without_anything_to_ask_by_is_read_by_id_alone() -> None:
    bare = ViewStoreSpec(name="totals", address="totals", at=AT)
    assert view_plan(bare).collections == (Collection("rows"), Collection("checkpoints"), Collection("generations"))


def test_there_is_an_index_for_every_order_in_which_a_query_may_read() -> None:
    """`core.view_query` says which index answers: each of those is here."""
    for store in (BICYCLES, replace(BICYCLES, context="")):
        prefix = (("generation", 1), ("context", 1)) if store.context else (("generation", 1),)
        planned = {index.keys for index in _indexes(view_plan(store), "rows")}
        for asked in view_query.indexes(store):
            signs = {"asc": 1, "desc": -1}
            fields = tuple((f"body.{name}", signs[direction]) for name, direction in asked.fields)
            keys = (*prefix, *fields, ("_id", signs[asked.by_id]))
            assert keys in planned or keys == (("generation", 1), ("_id", 1))  # that is `_id` itself


def test_an_index_that_is_declared_twice_is_made_once() -> None:
    twice = replace(BICYCLES, indexes=(("color",),), sorts=((("color", "asc"),),))
    found = _indexes(view_plan(twice), "rows")
    assert len(set(found)) == len(found)


def test_a_plan_is_that_of_the_whole_log_or_of_one_view() -> None:
    network = Network(
        name="shop.example",
        environment="development",
        environments={"development": "dev"},
        event_stores={"shop.bicycle": _store("bicycle", "color"), "shop.wheel": _store("wheel")},
        view_stores={"garage.bicycles": BICYCLES},
    )
    assert index_plan(network, Ref("event-store", "shop")) == log_plan(network.event_stores.values())
    assert index_plan(network, Ref("event-store", "shop.bicycle")) == index_plan(network, Ref("event-store", "shop"))
    assert index_plan(network, Ref("view-store", "garage.bicycles")) == view_plan(BICYCLES)


def test_a_fingerprint_changes_with_the_plan_and_with_nothing_else() -> None:
    plan = log_plan([_store("bicycle", "color"), _store("wheel")])
    assert plan.fingerprint == log_plan([_store("wheel"), _store("bicycle", "color")]).fingerprint
    assert plan.fingerprint == log_plan([replace(_store("bicycle", "color"), snapshots_every=7), _store("wheel")]).fingerprint
    assert plan.fingerprint != log_plan([_store("bicycle", "owner"), _store("wheel")]).fingerprint
    assert log_plan([]).fingerprint == "d4e8c6fe2e138e8d24946ff9e26b98b36114f65e61ac84aacdca8af822604979"
