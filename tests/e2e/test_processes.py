"""`blossm dev --processes`: processes that end are started again, those that are killed take nothing with them, none is left."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.process import Running, blossm, copied, documents, running
from tests.rpc.grpcurl import grpcurl as grpcurl

PATIENCE = 30  # seconds: machines that run tests are slow
KILLS = 12
CLIENTS = 4


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A network whose processes each test finds up, however often they were started again before."""
    with running(copied(tmp_path_factory.mktemp("harbour")), "--processes") as network:
        assert {process["restarts"] for process in network.processes().values()} == {0}
        yield network


def eventually(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


def is_there(pid: int) -> bool:
    """Whether a process runs; one that has ended, and only waits for its parent to see it, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def pids(network: Running) -> set[int]:
    return {process["pid"] for process in network.processes().values()}


def all_up(network: Running, *, without: set[int]) -> bool:
    """Whether every process is up, and none of them is one of these."""
    processes = network.processes().values()
    return all(process["state"] == "up" and process["pid"] not in without for process in processes)


def kill(found: set[int]) -> None:
    for pid in found:
        os.kill(pid, signal.SIGKILL)


def with_key(client: httpx.Client, key: str, path: str, body: dict[str, Any]) -> httpx.Response:
    """The answer to a command that is repeated under its key for as long as nobody knows what became of it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        answer = client.post(path, json=body, headers={"Idempotency-Key": key})
        if answer.status_code not in (409, 503, 504) or time.monotonic() > deadline:
            return answer
        time.sleep(0.05)


def test_the_status_shows_each_process_and_the_event_stores_of_a_service_as_one(harbour: Running) -> None:
    assert eventually(lambda: all_up(harbour, without=set()))
    before = harbour.processes()
    with harbour.client() as client:
        assert client.post("/c.berth.port/ring", json={}).status_code == 200
        assert client.post("/c.berth.port/explode", json={}).status_code == 500
    processes = harbour.processes()
    assert {"event-store port", "command port.berth.ring", "projection berths", "view-gateway v"} <= set(processes)
    assert len({process["pid"] for process in processes.values()}) == len(processes)
    assert len({process["listens"] for process in processes.values()}) == len(processes)
    assert {process["state"] for process in processes.values()} == {"up"}
    assert all(process["restarts"] == before[name]["restarts"] for name, process in processes.items())
    counted = {
        name: tuple(process[count] - before[name][count] for count in ("requests", "errors"))
        for name, process in processes.items()
    }
    assert counted["command port.berth.ring"] == (1, 0)
    assert counted["command port.berth.explode"] == (1, 1)
    assert counted["command-gateway c.berth.port"] == (2, 1)
    shown = blossm("status", "--network", str(harbour.root)).stdout
    assert max(map(len, shown.splitlines())) <= 100
    assert f"{len(processes)} processes: {len(processes)} up" in shown
    assert len([line for line in shown.splitlines() if "127.0.0.1:" in line]) == len(processes)


def test_the_welcome_shows_a_line_for_tools_and_it_works_as_printed(harbour: Running, grpcurl: Path) -> None:
    [line] = [line.strip() for line in harbour.talk().splitlines() if line.strip().startswith("grpcurl ")]
    key = json.loads((harbour.root / ".blossm" / "running.json").read_text())["operator_key"]
    address = next(process["listens"] for name, process in harbour.processes().items() if name.startswith("event-store "))
    assert line == f"grpcurl -plaintext -H 'authorization: Bearer {key}' {address} list"
    done = subprocess.run(["bash", "-c", line.replace("grpcurl", str(grpcurl), 1)], capture_output=True, text=True, check=True)
    assert "blossm.rpc.v1.EventStoreService" in done.stdout


def test_a_process_that_is_killed_is_started_again_where_it_was_and_it_is_said(harbour: Running) -> None:
    assert eventually(lambda: all_up(harbour, without=set()))
    before, said = harbour.processes()["command port.berth.add"], len(harbour.talk())
    kill({before["pid"]})
    with harbour.client() as client:  # who calls it meanwhile waits for it
        assert client.post("/c.berth.port/add", json={"payload": {"name": "North"}}).status_code == 200
    after = harbour.processes()["command port.berth.add"]
    assert (after["listens"], after["restarts"], after["state"]) == (before["listens"], before["restarts"] + 1, "up")
    assert after["pid"] != before["pid"]
    ended = "a process ended procedure='command port.berth.add' how=SIGKILL again_in='"
    assert harbour.talk()[said:].count(ended) == 1


def test_the_status_is_told_also_when_a_log_and_its_process_stand_still(harbour: Running) -> None:
    pid = harbour.processes()["event-store crew"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        status = harbour.status()
    finally:
        os.kill(pid, signal.SIGCONT)
    assert {log["service"]: log["events"] for log in status["logs"]}["crew"] is None
    [state] = [process["state"] for process in status["procedures"] if process["process"] == "event-store crew"]
    assert state == "silent"


def test_a_gateway_that_is_not_there_is_told_as_unavailable_until_it_is_back(harbour: Running) -> None:
    os.kill(harbour.processes()["fact-gateway f"]["pid"], signal.SIGKILL)
    with harbour.client() as client:
        found = {client.get("/f/numbers", params={"up_to": 1}).status_code for _ in range(3)}
        assert found <= {200, 503}
        assert eventually(lambda: client.get("/f/numbers", params={"up_to": 1}).status_code == 200)


def test_code_that_breaks_later_is_tried_until_it_is_mended(harbour: Running) -> None:
    commands = harbour.root / "crew" / "commands.py"
    good = commands.read_text()
    commands.write_text(good + "\nHERE = NOWHERE\n")
    pid = harbour.processes()["command crew.pilot.call"]["pid"]
    kill({pid})
    try:
        assert eventually(lambda: harbour.talk().count("name 'NOWHERE' is not defined") >= 2)
        assert harbour.processes()["command crew.pilot.call"]["state"] in ("waiting", "starting")
    finally:
        commands.write_text(good)
    assert eventually(lambda: harbour.processes()["command crew.pilot.call"]["state"] == "up")
    lines = [line for line in harbour.talk().splitlines() if "procedure='command crew.pilot.call'" in line]
    assert all("a process ended" in line or "is up again" in line for line in lines)
    assert "Traceback" not in harbour.talk()


def test_every_process_begins_anew_between_the_steps_of_a_scenario(harbour: Running) -> None:
    def anew() -> None:
        before = pids(harbour)
        kill(before)
        assert eventually(lambda: all_up(harbour, without=before))

    with harbour.client() as client:
        opened = client.post("/c.berth.port/add", json={"payload": {"name": "South"}}, headers={"Idempotency-Key": "south"})
        berth = opened.json()["root"]
        anew()
        again = client.post("/c.berth.port/add", json={"payload": {"name": "South"}}, headers={"Idempotency-Key": "south"})
        assert again.json()["root"] == berth
        occupied = client.post("/c.berth.port/occupy", json={"root": berth, "payload": {"ship": "Argo"}})
        assert [event["number"] for event in occupied.json()["events"]] == [2]
        anew()
        seen = {"min_position": occupied.headers["blossm-position"]}
        assert client.get(f"/v/berths/{berth}", params=seen).json()["body"] == {"name": "South", "ship": "Argo", "bells": 0}
        taken = client.post("/c.berth.port/occupy", json={"root": berth, "payload": {"ship": "Fram"}})
        assert (taken.status_code, taken.json()["facts"]) == (412, {"ship": "Argo"})


def test_processes_killed_at_random_lose_and_double_nothing(harbour: Running) -> None:
    with harbour.client() as client:
        berths = [with_key(client, f"open-{name}", "/c.berth.port/ring", {}).json()["root"] for name in "ABC"]
    acknowledged: dict[str, dict[str, Any]] = {}
    refused: list[str] = []
    over = threading.Event()

    def ring(name: str) -> None:
        with harbour.client() as client:
            for number in range(10_000):
                key, berth = f"{name}-{number}", berths[number % len(berths)]
                answer = with_key(client, key, "/c.berth.port/ring", {"root": berth})
                if answer.status_code == 200:
                    acknowledged[key] = answer.json()
                else:
                    refused.append(answer.text)
                if over.is_set():
                    return

    ringing = [threading.Thread(target=ring, args=(f"client-{number}",)) for number in range(CLIENTS)]
    for client_thread in ringing:
        client_thread.start()
    chance = random.Random(4)
    for _ in range(KILLS):
        alive = [process["pid"] for process in harbour.processes().values() if process["pid"]]
        kill({chance.choice(alive)})
        enough = len(acknowledged) + 5
        assert eventually(lambda enough=enough: len(acknowledged) >= enough)  # type: ignore[misc]
    over.set()
    for client_thread in ringing:
        client_thread.join()
    assert refused == []
    assert eventually(lambda: all_up(harbour, without=set()))
    the_log_has_everything_once(harbour, acknowledged, berths)


def the_log_has_everything_once(harbour: Running, acknowledged: dict[str, dict[str, Any]], berths: list[str]) -> None:
    with harbour.client() as client:
        last = with_key(client, "last", "/c.berth.port/ring", {"root": berths[0]})
    acknowledged["last"] = last.json()
    logged = documents(blossm("events", "--service", "port", "--json", "--network", str(harbour.root)))
    assert [event["position"] for event in logged] == list(range(1, len(logged) + 1))
    numbers = {(event["root"], event["number"]) for event in logged}
    assert len(numbers) == len(logged)
    named = [(event["root"], event["number"]) for answer in acknowledged.values() for event in answer["events"]]
    assert len(set(named)) == len(named)
    assert set(named) <= numbers
    rung = Counter(event["root"] for event in logged if event["action"] == "rung")
    assert sum(rung[berth] for berth in berths) == len(acknowledged) + len(berths)
    with harbour.client() as client:
        for berth in berths:
            row = client.get(f"/v/berths/{berth}", params={"min_position": last.headers["blossm-position"]})
            assert row.json()["body"]["bells"] == rung[berth]


@pytest.mark.parametrize("killed", ["supervisor", "forking"])
def test_whatever_is_killed_no_process_is_left(tmp_path: Path, killed: str) -> None:
    root = copied(tmp_path)
    with running(root, "--processes") as network, network.client() as client:
        assert client.post("/c.berth.port/ring", json={}).status_code == 200
        family = pids(network)
        [forking] = children(network.process.pid)
        if killed == "forking":
            kill({forking})
            assert eventually(lambda: all_up(network, without=family))  # with another one
            assert not any(map(is_there, family))
            family = pids(network)
            [forking] = children(network.process.pid)
        network.stop(signal.SIGKILL)
        assert eventually(lambda: not any(map(is_there, family | {forking})))
    # The folder is free again, and nothing that was acknowledged is lost.
    assert len(documents(blossm("events", "--json", "--network", str(root)))) == 2


def test_no_process_is_left_when_the_network_stops(tmp_path: Path) -> None:
    root = copied(tmp_path)
    with running(root, "--processes") as network:
        family = pids(network) | set(children(network.process.pid))
        assert network.stop()[0] == 0
        assert not any(map(is_there, family))
        assert "a process ended" not in network.talk()


def test_an_interrupt_at_the_terminal_before_it_is_ready_stops_it_and_leaves_no_process(tmp_path: Path) -> None:
    root = copied(tmp_path)
    command = [*("blossm", "dev", str(root), "--port", "0", "--processes")]
    early = subprocess.Popen(
        [sys.executable, "-m", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert eventually(lambda: len(children(early.pid)) == 1)
    [forking] = children(early.pid)
    os.killpg(early.pid, signal.SIGINT)  # to all that the terminal knows of
    out, said = early.communicate(timeout=PATIENCE)
    assert (early.returncode, out) == (0, "")
    assert said == "stopped before it was ready\n"
    assert not is_there(forking)


def children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []
