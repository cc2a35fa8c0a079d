"""Who may do what with which collection."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.infra.networks import store

from blossm.model.indexes import log_plan
from blossm_infra.stores.roles import ALL, Privilege, actions, indexing, serving_a_log, serving_a_view

domains = st.lists(st.sampled_from(["bicycle", "wheel", "bell", "log"]), min_size=1, unique=True)


def _allowed(privileges: tuple[Privilege, ...], collection: str) -> set[str]:
    return {privilege.action for privilege in privileges if collection in privilege.collections}


@given(domains)
def test_events_can_be_found_and_logged_and_nothing_else(named: list[str]) -> None:
    privileges = serving_a_log(log_plan(store("shop", domain) for domain in named))
    assert _allowed(privileges, "log") == {"FIND", "INSERT", "LIST_INDEXES"}
    assert not any(ALL in privilege.collections for privilege in privileges)


@given(domains)
def test_states_can_be_written_and_thrown_away(named: list[str]) -> None:
    privileges = serving_a_log(log_plan(store("shop", domain) for domain in named))
    for domain in named:
        assert _allowed(privileges, f"states.{domain}") == {"FIND", "INSERT", "UPDATE", "REMOVE", "LIST_INDEXES"}


def test_rows_of_a_view_can_be_read_and_written_but_no_collection_made_or_dropped() -> None:
    assert _allowed(serving_a_view(), ALL) == {"FIND", "INSERT", "UPDATE", "REMOVE", "LIST_INDEXES"}


def test_who_makes_indexes_reads_and_writes_nothing() -> None:
    assert _allowed(indexing(), ALL) == {"CREATE_COLLECTION", "CREATE_INDEX", "LIST_INDEXES"}


def test_a_role_is_told_its_database_with_every_collection() -> None:
    (action,) = actions([Privilege("FIND", ("log", "states.bicycle"))], database="log-shop")
    assert action.action == "FIND"
    assert [(r.database_name, r.collection_name) for r in action.resources] == [  # type: ignore[union-attr]  # plain here
        ("log-shop", "log"),
        ("log-shop", "states.bicycle"),
    ]
