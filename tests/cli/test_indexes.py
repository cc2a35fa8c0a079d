"""`blossm indexes plan` and `apply`, as a person and a container's job call them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pymongo
import pytest
from tests.local.harbour import ROOT
from tests.mongodb.server import new_database

from blossm.adapters.mongodb.client import Document, Mongo
from blossm.cli.main import run
from blossm.serve.storage import client_of
from blossm.serve.where import Server

NOWHERE = "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=50"
BY_IDENTITY = (  # as a job in the cloud gets it, but for the host
    "mongodb://127.0.0.1:9/?authSource=%24external&authMechanism=MONGODB-OIDC"
    "&authMechanismProperties=ENVIRONMENT:gcp,TOKEN_RESOURCE:blossm&serverSelectionTimeoutMS=50"
)


class Job:
    """The environment of one who calls `blossm`, and what is said to it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.set(BLOSSM_NETWORK=str(ROOT))

    def set(self, **variables: str) -> None:
        for name, value in variables.items():
            self._monkeypatch.setenv(name, value)

    def says(self, *arguments: str) -> tuple[int, str, str]:
        """The exit code, stdout and stderr."""
        code = run(["indexes", *arguments])
        out, err = self._capsys.readouterr()
        return code, out, err

    def document(self, *arguments: str) -> Any:
        return json.loads(self.says(*arguments, "--json")[1])


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Job:
    return Job(monkeypatch, capsys)


@pytest.fixture
def database(mongodb_uri: str) -> Iterator[str]:
    """A database that is dropped after the test."""
    name = new_database()
    yield name
    owner: pymongo.MongoClient[Document]
    with pymongo.MongoClient(mongodb_uri) as owner:
        owner.drop_database(name)


def test_the_plan_of_a_network_is_shown_without_a_server_and_without_its_driver(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "blossm.adapters.mongodb.client", None)
    code, out, _ = job.says("plan")
    assert code == 0
    shown = out.splitlines()
    at = shown.index("event-store/port  database harbour-example-log-port")
    assert shown[at + 1 : at + 3] == ["  log", "    events.r, _id"]
    assert "view-store/berths  database harbour-example-view-berths" in shown
    stores = job.document("plan")["stores"]
    assert [store["store"] for store in stores if store["store"].startswith("event")] == ["event-store/crew", "event-store/port"]
    assert {"keys": [["key", 1]], "unique": True} in stores[0]["collections"][0]["indexes"]


def test_an_event_store_is_planned_with_all_others_of_its_log(job: Job) -> None:
    assert job.document("plan", "event-store/port.berth") == job.document("plan", "event-store/port")


@pytest.mark.parametrize("address", ["event-store/prt", "view-store/port", "command/port.berth.add", "port"])
def test_what_has_no_plan_is_wrong_usage(job: Job, address: str) -> None:
    code, _, err = job.says("plan", address)
    assert code == 2
    assert "did you mean `" in err or "known here: `event-store/crew`" in err


def test_a_job_makes_what_is_missing_and_a_second_one_nothing(job: Job, mongodb_uri: str, database: str) -> None:
    job.set(BLOSSM_STORE=mongodb_uri, BLOSSM_DATABASE=database)
    code, out, _ = job.says("plan", "event-store/port")
    assert (code, "missing: the collection log" in out) == (1, True)
    code, out, err = job.says("apply", "event-store/port")
    assert (code, out) == (0, "")
    assert f"event-store/port: the database {database} on {mongodb_uri}" in err
    assert "made 3 collections and 3 indexes in " in err
    code, out, _ = job.says("plan", "event-store/port")
    assert (code, "all of it is there" in out) == (0, True)
    again = job.document("apply", "event-store/port")
    assert (again["made"], again["not_in_the_plan"]) == ([], [])
    assert "nothing was missing" in job.says("apply", "event-store/port")[2]


def test_an_index_that_nobody_planned_is_told(job: Job, mongodb_uri: str, database: str) -> None:
    job.set(BLOSSM_STORE=mongodb_uri, BLOSSM_DATABASE=database)
    job.says("apply", "view-store/berths")
    owner: pymongo.MongoClient[Document]
    with pymongo.MongoClient(mongodb_uri) as owner:
        owner[database]["rows"].create_index("ship")
    code, _, err = job.says("apply", "view-store/berths")
    assert (code, "not in the plan: the index ship_1 of rows" in err) == (0, True)


def test_an_index_in_the_way_is_a_finding(job: Job, mongodb_uri: str, database: str) -> None:
    owner: pymongo.MongoClient[Document]
    with pymongo.MongoClient(mongodb_uri) as owner:
        owner[database]["log"].create_index("key")
    code, _, err = job.says("apply", "event-store/port", "--store", mongodb_uri, "--database", database)
    assert code == 1
    assert "help: when nobody needs it, drop it" in err


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (("apply", "event-store/port"), {}),
        (("apply", "event-store/port", "--store", NOWHERE), {}),
        (("apply", "event-store/port", "--database", "port"), {}),
        (("apply",), {"BLOSSM_STORE": NOWHERE, "BLOSSM_DATABASE": "port"}),
        (("plan", "--database", "port"), {}),
        (("plan", "--store", "mongodb://ada:secret@127.0.0.1:9"), {}),
        (("plan", "--store", "localhost"), {}),
        (("apply", "event-store/port", "--database", "port"), {"BLOSSM_STORE": "mongodb://ada:sec/ret@127.0.0.1:9"}),
        (("apply", "event-store/port", "--database", "port"), {"BLOSSM_STORE": NOWHERE, "BLOSSM_STORE_PASSWORD": "secret"}),
        (
            ("apply", "event-store/port", "--database", "port"),
            {"BLOSSM_STORE": NOWHERE, "BLOSSM_STORE_USER": "ada", "BLOSSM_STORE_PASSWORD": "secret"},
        ),
        (("plan", "event-store/port"), {"BLOSSM_STORE": NOWHERE.replace("://", "://ada:secret@")}),
        (("apply", "event-store/port", "--database", "port"), {"BLOSSM_STORE": BY_IDENTITY, "BLOSSM_STORE_USER": "idp/1"}),
    ],
)
def test_what_the_environment_lacks_is_told_without_a_traceback_and_without_a_password(
    job: Job, arguments: tuple[str, ...], variables: dict[str, str]
) -> None:
    job.set(**variables)
    code, out, err = job.says(*arguments)
    assert (code, out) == (2, "")
    assert "rror: " in err
    assert not {word for word in ("Traceback", "secret", "sec/ret") if word in err}


def test_a_driver_that_is_not_installed_is_told_with_what_to_install(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "blossm.adapters.mongodb.client", raising=False)
    monkeypatch.setitem(sys.modules, "pymongo", None)
    code, _, err = job.says("apply", "event-store/port", "--store", NOWHERE, "--database", "port")
    assert (code, "pip install 'blossm[mongodb]'" in err) == (2, True)


async def test_a_user_without_a_password_is_left_to_the_address() -> None:
    mongo: Mongo = client_of(Server(BY_IDENTITY, user="idp/1"))
    assert mongo.client.options._options.get("username") is None
    await mongo.close()
