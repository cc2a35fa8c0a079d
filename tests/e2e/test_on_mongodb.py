"""`blossm dev --log`: a network on a server of MongoDB; either of them is killed, and nothing is lost."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.conftest import Dev
from tests.e2e.emulator import Emulator, emulator
from tests.e2e.process import blossm, copied, documents, running

from blossm.local.state import StateFolder

DOWN = {503, 504}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Emulator]:
    with emulator(tmp_path / "server") as running:
        yield running


def add(client: httpx.Client, name: str) -> httpx.Response:
    return client.post("/c.berth.port/add", json={"payload": {"name": name}}, headers={"Idempotency-Key": name})


def added(client: httpx.Client, *names: str) -> None:
    for name in names:
        answer = add(client, name)
        assert answer.status_code == 200, answer.text


def seen(client: httpx.Client, position: str) -> dict[str, Any]:
    """The berths, once the view has seen this: it waits 10 seconds each time, and says then to ask again."""
    answers = (client.get("/v/berths", params={"min_position": position}) for _ in range(3))
    answer = next((answer for answer in answers if answer.status_code != 504), None)
    assert answer is not None
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def logged(root: Path) -> list[dict[str, Any]]:
    return documents(blossm("events", "--json", "--network", str(root)))


def names_of(root: Path) -> Counter[str]:
    return Counter(event["payload"]["name"] for event in logged(root))


def test_a_network_that_is_killed_goes_on_where_it_was(dev: Dev, server: Emulator, tmp_path: Path) -> None:
    root = copied(tmp_path)
    with dev(root, "--log", server.uri) as network, network.client() as client:
        added(client, "North", "South")
        assert f"logs, states and views are on {server.uri}, in 4 databases: harbour-example-log-crew, " in network.talk()
        network.process.send_signal(signal.SIGKILL)
    StateFolder.hold(root).close()  # who takes the folder waits for the processes of the one that was killed
    assert names_of(root) == Counter(("North", "South"))  # opened without a network that runs
    with dev(root) as network, network.client() as client:
        assert network.status()["kept"] == server.uri
        added(client, "North", "South", "West")  # those that it knows already act once
        position = add(client, "East").headers["blossm-position"]
        rows = client.get("/v/berths", params={"min_position": position}).json()["content"]
        assert {row["body"]["name"] for row in rows} == {"East", "North", "South", "West"}
        assert network.stop()[0] == 0
    assert names_of(root) == Counter(("East", "North", "South", "West"))


def test_while_the_server_is_away_requests_are_told_so_and_then_it_goes_on(
    dev: Dev, server: Emulator, tmp_path: Path
) -> None:
    root = copied(tmp_path)
    with dev(root, "--log", server.uri) as network, network.client() as client:
        added(client, "North")
        server.kill()
        assert add(client, "South").status_code in DOWN
        assert client.get("/v/berths").status_code in DOWN
        assert network.status()["logs"] == [{"service": "crew", "events": None}, {"service": "port", "events": None}]
        server.again()
        added(client, "North", "South", "West")
        position = add(client, "East").headers["blossm-position"]
        assert len(seen(client, position)["content"]) == 4
        assert network.stop()[0] == 0
    assert names_of(root) == Counter(("East", "North", "South", "West"))


def test_a_server_that_is_not_there_ends_the_start(tmp_path: Path) -> None:
    root = copied(tmp_path)
    done = blossm("dev", str(root), "--port", "0", "--log", "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=50")
    assert (done.returncode, done.stdout) == (2, "")
    assert "can't be reached" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_password_comes_by_the_environment_alone(tmp_path: Path) -> None:
    root = copied(tmp_path)
    address = "mongodb://ada:secret@127.0.0.1:9/?serverSelectionTimeoutMS=50"
    done = blossm("dev", str(root), "--port", "0", "--log", address)
    assert (done.returncode, "BLOSSM_LOG" in done.stderr, "secret" in done.stderr) == (2, True, False)
    done = blossm("dev", str(root), "--port", "0", BLOSSM_LOG=address)
    assert (done.returncode, "can't be reached" in done.stderr, "secret" in done.stderr) == (2, True, False)


def test_databases_that_nobody_named_are_left_and_told(server: Emulator, tmp_path: Path) -> None:
    root = copied(tmp_path)
    once = ("dev", str(root), "--port", "0", "--exec", "true")
    assert blossm(*once, "--log", server.uri).returncode == 0
    assert blossm(*once).returncode == 0  # where it was
    with running(root, "--fresh") as network:
        told = network.talk()
        assert network.stop()[0] == 0
    assert f"the logs on {server.uri} are left as they were (harbour-example-log-crew, harbour-example-log-port)" in told
    assert f"`--log {server.uri} --fresh` forgets them too" in told
    assert network_is_in_files(root)


def network_is_in_files(root: Path) -> bool:
    return (root / ".blossm" / "logs" / "port.db").exists() and not (root / ".blossm" / "mongodb.json").exists()
