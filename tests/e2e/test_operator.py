"""The operator's tools on a network that runs: following its events, calls for later, replays."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.conftest import Dev
from tests.e2e.process import Running, blossm, copied, documents, following, running


def call(root: Path, *arguments: str) -> dict[str, Any]:
    [answer] = documents(blossm("call", *arguments, "--json", "--network", str(root)))
    assert isinstance(answer, dict)
    return answer


def test_who_follows_sees_what_was_and_what_comes_and_ends_with_the_network(dev: Dev, tmp_path: Path) -> None:
    root = copied(tmp_path)
    with dev(root) as network, network.client() as client:
        client.post("/c.berth.port/add", json={"payload": {"name": "North"}})
        with following(root) as (process, events):
            assert next(events)["payload"]["name"] == "North"
            client.post("/c.berth.port/add", json={"payload": {"name": "South"}})
            assert next(events)["payload"]["name"] == "South"
            assert network.stop()[0] == 0
            assert list(events) == []
            assert process.wait(timeout=10) == 0


def test_ctrl_c_ends_who_follows_without_a_word(tmp_path: Path) -> None:
    root = copied(tmp_path)
    with running(root) as network, network.client() as client, following(root) as (process, events):
        client.post("/c.berth.port/add", json={"payload": {"name": "North"}})
        next(events)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 130
    assert (tmp_path / "follower.txt").read_text().strip() == ""


def test_a_call_for_later_survives_a_crash_and_is_made_once(dev: Dev, tmp_path: Path) -> None:
    root = copied(tmp_path)
    with dev(root) as network:
        berth = call(root, "port.berth.add", "name=North")["root"]
        call(root, "port.berth.steer_later", "seconds=1.5", "--root", berth)
        network.stop(signal.SIGKILL)
    with dev(root) as network, following(root) as (_, events):
        called = next(event for event in events if event["action"] == "called")
        assert called["payload"] == {"berth": berth}
        assert network.stop()[0] == 0
    logged = documents(blossm("events", "--service", "crew", "--json", "--network", str(root)))
    assert len(logged) == 1


@pytest.fixture(scope="module")
def harbour(dev: Dev, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A network that goes on: the tests of replays share it, in any order."""
    with dev(copied(tmp_path_factory.mktemp("harbour"))) as network:
        yield network


def test_a_view_is_replayed_while_it_serves(harbour: Running) -> None:
    root = harbour.root
    with harbour.client() as client:
        roots = [client.post("/c.berth.port/ring", json={}).json()["root"] for _ in range(5)]
        steps = documents(blossm("replay", "berths", "--json", "--network", str(root)))
        assert steps[-1]["phase"] == "switched"
        position = client.post("/c.berth.port/ring", json={"root": roots[0]}).headers["blossm-position"]
        row = client.get(f"/v/berths/{roots[0]}", params={"min_position": position})
        assert row.json()["body"]["bells"] == 2
        [status] = documents(blossm("status", "--json", "--network", str(root)))
        [berths] = [one for one in status["projections"] if one["projection"] == "berths"]
        assert (berths["state"], berths["lag"], berths["definition_changed"]) == ("live", 0, False)


def test_a_replay_can_be_tried_and_taken_back_and_dropped_while_the_view_serves(harbour: Running) -> None:
    here = ("--network", str(harbour.root))

    def replay(*options: str) -> list[dict[str, Any]]:
        return documents(blossm("replay", "berths", "--json", *here, *options))

    [serves] = [one["generation"] for one in harbour.status()["projections"] if one["projection"] == "berths"]
    with harbour.client() as client:
        client.post("/c.berth.port/ring", json={})
        assert replay("--dry-run")[-1]["phase"] == "checked"
        assert blossm("replay", "company.ships", "--rollback", *here).returncode == 1  # nothing was switched
        assert replay()[-1]["phase"] == "switched"
        assert replay("--rollback") == [{"projection": "berths", "generation": serves}]
        rung = client.post("/c.berth.port/ring", json={})
        row = client.get(f"/v/berths/{rung.json()['root']}", params={"min_position": rung.headers["blossm-position"]})
        assert row.json()["body"]["bells"] == 1  # its projection goes on
        assert replay("--abort") == [{"projection": "berths", "aborted": False}]
