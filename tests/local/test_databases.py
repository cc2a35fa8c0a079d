"""How the databases of a local network are called, and what of a server's address may be told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.local.harbour import harbour

from blossm.local.databases import LIMIT, database_of
from blossm.model.network import Ref
from blossm.serve.config import Files, ProcessConfig, from_json, to_json
from blossm.serve.where import InMongo, Server

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True) | st.sampled_from(["log", "view", "a", "b"])
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?", fullmatch=True) | st.sampled_from(["a", "log", "view", "b"])
REFS = st.builds(Ref, st.just("event-store"), NAMES) | st.builds(
    Ref, st.just("view-store"), st.lists(NAMES, min_size=1, max_size=3).map(".".join)
)
OWNED = st.tuples(st.lists(LABELS, min_size=2, max_size=4).map(".".join), REFS)


@pytest.mark.parametrize(
    ("network", "ref", "name"),
    [
        ("harbour.example", Ref("event-store", "port"), "harbour-example-log-port"),
        ("harbour.example", Ref("view-store", "berths"), "harbour-example-view-berths"),
        ("harbour.example", Ref("view-store", "company.ships"), "harbour-example-view-company-ships"),
    ],
)
def test_a_database_is_called_after_the_network_and_what_it_has(network: str, ref: Ref, name: str) -> None:
    assert database_of(network, ref) == name


@given(OWNED, OWNED)
def test_no_two_stores_of_any_networks_share_a_database(one: tuple[str, Ref], other: tuple[str, Ref]) -> None:
    assert (database_of(*one) == database_of(*other)) == (one == other)


@given(OWNED)
def test_a_name_is_one_that_every_server_takes(owned: tuple[str, Ref]) -> None:
    name = database_of(*owned)
    assert 0 < len(name.encode()) <= LIMIT
    assert not set(name) & set('/\\. "$*<>:|?')
    assert name == name.lower()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("mongodb://127.0.0.1:27017", "mongodb://127.0.0.1:27017"),
        ("mongodb://ada:secret@one,two/?replicaSet=rs", "mongodb://one,two/?replicaSet=rs"),
        ("mongodb+srv://ada:se@cret@host", "mongodb+srv://host"),
        ("mongodb://h/?tlsCertificateKeyFilePassword=secret&tls=true", "mongodb://h/?tls=true"),
        ("mongodb://h/?authMechanismProperties=AWS_SESSION_TOKEN:secret", "mongodb://h/"),
    ],
)
def test_an_address_is_told_without_what_is_secret(address: str, shown: str) -> None:
    server = Server(address, user="ada", password="secret")
    assert server.shown == shown
    assert "secret" not in f"{server} {server!r} {InMongo(server, 'port')!r} {server.__rich_repr__()}"


def test_a_process_is_told_its_database_by_the_pipe_and_by_nothing_that_is_printed() -> None:
    where = InMongo(Server("mongodb://h", user="ada", password="secret"), "port")
    files = Files(log=where, states=where)
    config = ProcessConfig(network=harbour(), ref=Ref("event-store", "port"), secret="s", operator="o", files=files)
    assert from_json(to_json(config)).files == files
    assert "secret" not in repr(files)
