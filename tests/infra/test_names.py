"""Names in the cloud: unique, stable, within every limit."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.infra.networks import bicycle_city, command

from blossm.model.network import Kind, Ref
from blossm_infra import naming
from blossm_infra.deployed import deployed

patient = settings(deadline=None, max_examples=30)  # a machine may be busy; each example has many names
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _word(rest: str, longest: int) -> st.SearchStrategy[str]:
    """A letter, then up to `longest` of letters, digits and `rest`: many times quicker than a regular expression."""
    return st.builds("".join, st.tuples(st.sampled_from(_LETTERS), st.text(f"{_LETTERS}0123456789{rest}", max_size=longest)))


word = _word("_", 40)
short = _word("_", 2)  # so that hypothesis finds names that read alike


def _ref(kind: Kind, parts: int, words: st.SearchStrategy[str]) -> st.SearchStrategy[Ref]:
    return st.lists(words, min_size=parts, max_size=parts).map(lambda names: Ref(kind, ".".join(names)))


def _door(kind: Kind, letter: str, parts: int, words: st.SearchStrategy[str]) -> st.SearchStrategy[Ref]:
    hyphenated = words.map(lambda name: name.replace("_", "-"))
    return st.lists(hyphenated, max_size=parts).map(lambda names: Ref(kind, ".".join([letter, *names])))


def _refs(words: st.SearchStrategy[str]) -> st.SearchStrategy[Ref]:
    return st.one_of(
        _ref("event-store", 1, words),
        _ref("command", 3, words),
        _ref("fact", 1, words) | _ref("fact", 3, words),
        _ref("view-store", 1, words) | _ref("view-store", 2, words),
        _ref("projection", 1, words) | _ref("projection", 2, words),
        _door("command-gateway", "c", 2, words),
        _door("fact-gateway", "f", 2, words),
        _door("view-gateway", "v", 1, words),
    )


refs = _refs(word) | _refs(short)


@patient
@given(refs)
def test_a_service_name_is_what_cloud_run_takes(ref: Ref) -> None:
    assert re.fullmatch(r"[a-z]([a-z0-9-]{0,47}[a-z0-9])?", naming.service_name(ref))


@patient
@given(refs)
def test_an_account_id_is_what_iam_takes(ref: Ref) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", naming.account_id(ref))


@patient
@given(word, refs)
def test_topics_and_subscriptions_are_what_pubsub_takes(service: str, ref: Ref) -> None:
    for name in (naming.topic(service), naming.subscription(service, ref)):
        assert re.fullmatch(r"[a-z][a-z0-9-]{2,254}", name)
        assert not name.startswith("goog")


@patient
@given(st.lists(refs, unique=True, max_size=30))
def test_no_two_procedures_share_a_name(procedures: list[Ref]) -> None:
    for name in (naming.service_name, naming.account_id):
        names = [name(ref) for ref in procedures]
        assert len(set(names)) == len(names)
        assert naming.push_account() not in names


@patient
@given(st.from_regex(r"[A-Za-z0-9._-]{0,100}", fullmatch=True))
def test_a_label_is_what_google_takes(value: str) -> None:
    assert re.fullmatch(r"[a-z0-9_-]{0,63}", naming.label(value))


def test_a_short_name_reads_like_its_address() -> None:
    assert naming.service_name(Ref("command", "shop.bicycle.paint")) == "command-shop-bicycle-paint"
    assert naming.service_name(Ref("command-gateway", "c.bicycle.shop")) == "gateway-c-bicycle-shop"
    assert naming.service_name(Ref("event-store", "shop")) == "event-store-shop"


def test_a_long_name_keeps_its_head_and_ends_in_its_hash() -> None:
    name = naming.account_id(Ref("command", "shop.bicycle.replace_the_front_wheel"))
    assert name == "command-shop-bicycle-re-963963"


def test_addresses_that_read_alike_get_names_that_differ() -> None:
    alike = (Ref("command", "shop.a_b.c"), Ref("command", "shop.a.b_c"))
    heads, hashes = zip(*(naming.service_name(ref).rsplit("-", 1) for ref in alike), strict=True)
    assert set(heads) == {"command-shop-a-b-c"}
    assert hashes[0] != hashes[1]


def test_a_procedure_that_is_added_changes_no_name() -> None:
    city = bicycle_city()
    larger = replace(city, commands={"shop.bicycle.a": command("shop.bicycle.a"), **city.commands})
    before, after = (list(map(naming.service_name, deployed(network))) for network in (city, larger))
    assert [name for name in after if name in before] == before
    assert len(after) == len(before) + 1


stores = _ref("event-store", 1, word) | _ref("view-store", 1, word) | _ref("view-store", 2, word)


@patient
@given(stores)
def test_databases_users_and_passwords_are_what_atlas_and_secret_manager_take(ref: Ref) -> None:
    assert re.fullmatch(r"(log|view)-[a-z0-9-]{1,34}", naming.database(ref))
    for use in ("serve", "index"):
        assert re.fullmatch(rf"{use}-[a-z0-9-]{{1,57}}", naming.database_user(use, ref))
        assert re.fullmatch(rf"password-{use}-[a-zA-Z0-9_-]{{1,240}}", naming.password(use, ref))
    assert re.fullmatch(r"indexes-[a-z0-9-]{1,21}[a-z0-9]", naming.index_account(ref))


@patient
@given(stores, stores)
def test_no_two_logs_or_views_share_a_database_a_user_or_an_account(one: Ref, other: Ref) -> None:
    for name in (naming.database, naming.index_account):
        assert (name(one) == name(other)) == (one == other)
    users = {naming.database_user(use, ref) for ref in {one, other} for use in ("serve", "index")}
    assert len(users) == 2 * len({one, other})


def test_a_log_is_found_by_its_service_and_a_view_by_its_address() -> None:
    assert naming.database(Ref("event-store", "shop")) == "log-shop"
    assert naming.database(Ref("view-store", "garage.bicycles")) == "view-garage-bicycles"
    assert naming.database_user("serve", Ref("event-store", "shop")) == "serve-event-store-shop"


@patient
@given(st.from_regex(r"[a-z][a-z0-9-]{0,30}\.[a-z]{2,8}", fullmatch=True), st.sampled_from(["event-store", "view-store"]))
def test_an_atlas_project_names_its_network_and_environment(network: str, kind: str) -> None:
    names = {
        naming.atlas_project(network, environment, kind) for environment in ("development", "staging", "sandbox", "production")
    }
    assert len(names) == 4
    assert all(re.fullmatch(r"[a-z][a-z0-9-]{5,62}", name) for name in names)


def test_no_account_of_an_index_job_can_be_that_of_a_procedure() -> None:
    kinds: tuple[Kind, ...] = (
        "event-store",
        "command",
        "fact",
        "command-gateway",
        "fact-gateway",
        "view-store",
        "projection",
        "view-gateway",
    )
    assert not [kind for kind in kinds if naming.account_id(Ref(kind, "x.y.z")).startswith("indexes")]


# What each function of naming makes, of what, and what its service takes. Texts that are only read have no limit here.
_label = r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
_readable = r".{1,255}"
_names = word | short
_kinds = st.sampled_from(["event-store", "view-store"])
_uses = st.sampled_from(["serve", "index"])
_hosts = st.lists(_word("-", 20), min_size=2, max_size=5).map(".".join)
_commands = _ref("command", 3, _names)
_projections = _ref("projection", 1, _names) | _ref("projection", 2, _names)
_callers = refs.map(naming.service_name)

MADE: dict[str, tuple[str, tuple[st.SearchStrategy[Any], ...]]] = {
    "account_id": (r"[a-z][a-z0-9-]{4,28}[a-z0-9]", (refs,)),
    "atlas_project": (r"[A-Za-z0-9-]{1,64}", (_hosts, st.sampled_from(["production", "staging"]), _kinds)),
    "binding": (_readable, (refs, _callers)),
    "cluster": (r"[A-Za-z0-9-]{1,23}", (_kinds,)),
    "component": (_readable, (st.sampled_from(["service", "domain", "context"]), _names)),
    "database": (r"[A-Za-z0-9_-]{1,38}", (stores,)),
    "database_user": (r"[A-Za-z][A-Za-z0-9-]{0,63}", (_uses, stores)),
    "dispatcher": (r"[a-z][a-z0-9-]{4,28}[a-z0-9]", ()),
    "fixed_address": (_label, ()),
    "index_account": (r"[a-z][a-z0-9-]{4,28}[a-z0-9]", (stores,)),
    "index_job": (r"[a-z][a-z0-9-]{0,47}[a-z0-9]", (stores,)),
    "key_ring": (r"[A-Za-z0-9_-]{1,63}", ()),
    "later": (r"[a-z][a-z0-9-]{2,254}", (_names,)),
    "load_balancer": (_label, (st.sampled_from(["https", "http", "ipv4", "ipv6"]),)),
    "password": (r"[A-Za-z0-9_-]{1,255}", (_uses, stores)),
    "private_endpoint": (_label, (_kinds,)),
    "private_zone": (_label, ()),
    "push_account": (r"[a-z][a-z0-9-]{4,28}[a-z0-9]", ()),
    "reader": (_readable, (_callers, st.sampled_from(["paint-key", "reads", "key-reads-it", "Reads_", "a"]))),
    "queue": (r"[A-Za-z0-9-]{1,100}", ()),
    "record": (_readable, (_hosts, st.sampled_from(["A", "AAAA", "CNAME", "NS"]))),
    "registry": (r"[a-z][a-z0-9-]{0,62}", ()),
    "replay_job": (r"[a-z][a-z0-9-]{0,47}[a-z0-9]", (_projections,)),
    "schedule": (r"[A-Za-z0-9_-]{1,500}", (_commands,)),
    "scheduler_account": (r"[a-z][a-z0-9-]{4,28}[a-z0-9]", ()),
    "service_name": (r"[a-z][a-z0-9-]{0,47}[a-z0-9]", (refs,)),
    "signing_key": (r"[A-Za-z0-9_-]{1,63}", (_names,)),
    "subscription": (r"(?!goog)[a-z][a-z0-9-]{2,254}", (_names, _projections)),
    "tick": (r"[A-Za-z0-9_-]{1,500}", ()),
    "topic": (r"(?!goog)[a-z][a-z0-9-]{2,254}", (_names,)),
    "unknown_host": (_label, ()),
    "vpc": (_label, ()),
    "wildcard": (r"[a-z][a-z0-9-]{0,62}", (_hosts,)),
    "zone": (_label, (_hosts,)),
}

# What is made of texts and is no name: two may well be alike.
NO_NAMES = {"display_name", "fit", "label", "slug"}


def test_every_name_that_there_is_has_its_limit_here() -> None:
    functions = {name for name, made in inspect.getmembers(naming, inspect.isfunction) if made.__module__ == naming.__name__}
    assert {name for name in functions if not name.startswith("_")} == set(MADE) | NO_NAMES


@pytest.mark.parametrize("name", MADE)
def test_a_name_is_within_its_limit_stable_and_nobody_elses(name: str) -> None:
    allowed, strategies = MADE[name]
    make: Callable[..., str] = getattr(naming, name)

    @patient
    @given(st.lists(st.tuples(*strategies), unique=True, max_size=10))
    def holds(parts: list[tuple[Any, ...]]) -> None:
        names = [make(*part) for part in parts]
        assert all(re.fullmatch(allowed, name) for name in names)
        assert [make(*part) for part in parts] == names
        assert len(set(names)) == len(names)

    holds()


clashing = st.sampled_from(["from", "reads", "fact", "projection", "command", "a"])


@patient
@given(st.lists(st.tuples(_refs(clashing), _refs(clashing)), unique=True, max_size=20))
def test_no_two_bindings_share_a_name_however_procedures_are_called(pairs: list[tuple[Ref, Ref]]) -> None:
    names = [naming.binding(callee, naming.service_name(caller)) for callee, caller in pairs]
    assert len(set(names)) == len(names)


@given(st.lists(st.tuples(_refs(clashing), st.sampled_from(["reads", "a", "reads-a", "a-reads", "a-reads-a"])), unique=True))
def test_no_two_who_read_secrets_share_a_name_however_procedures_and_secrets_are_called(pairs: list[tuple[Ref, str]]) -> None:
    names = [naming.reader(naming.service_name(procedure), secret) for procedure, secret in pairs]
    assert len(set(names)) == len(names)
