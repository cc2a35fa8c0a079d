"""`blossm dev`, from outside: a process, HTTP, signals."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.conftest import Dev
from tests.e2e.process import BLOSSM, Running, blossm, copied, documents, following, running

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def harbour(dev: Dev, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with dev(copied(tmp_path_factory.mktemp("harbour"))) as network:
        yield network


def token(harbour: Running, *options: str) -> dict[str, str]:
    done = blossm("token", "--network", str(harbour.root), *options)
    assert done.returncode == 0, done.stderr
    return {"Authorization": f"Bearer {done.stdout.strip()}"}


def opened(client: httpx.Client, name: str = "North") -> str:
    answer = client.post("/c.berth.port/add", json={"payload": {"name": name}})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["root"])


def test_a_command_its_event_a_fact_and_the_view_that_shows_it(harbour: Running) -> None:
    with harbour.client() as client:
        berth = opened(client)
        occupied = client.post("/c.berth.port/occupy", json={"root": berth, "payload": {"ship": "Argo"}})
        assert [event["action"] for event in occupied.json()["events"]] == ["occupied"]
        ship = client.get(f"/f.berth.port/ship/{berth}", headers=token(harbour))
        assert ship.json() == {"ship": "Argo"}
        seen = {"min_position": occupied.headers["blossm-position"]}
        row = client.get(f"/v/berths/{berth}", params=seen)
        assert row.json()["body"] == {"name": "North", "ship": "Argo", "bells": 0}
    logged = documents(blossm("events", "--json", "--network", str(harbour.root)))
    assert [(event["action"], event["number"]) for event in logged if event["root"] == berth] == [
        ("opened", 1),
        ("occupied", 2),
    ]


def test_a_streamed_fact_comes_item_by_item(harbour: Running) -> None:
    with harbour.client() as client, client.stream("GET", "/f/numbers", params={"up_to": 3}) as answer:
        assert answer.headers["content-type"].startswith("application/x-ndjson")
        assert [json.loads(line) for line in answer.iter_lines()] == [{"number": number} for number in range(3)]


def test_doors_by_host_name(harbour: Running) -> None:
    port = harbour.url.rpartition(":")[2]
    with harbour.client() as client:
        answer = client.get("/berths", headers={"Host": f"v.localhost:{port}"})
        assert answer.status_code == 200
        assert client.get("/berths", headers={"Host": "evil.example"}).status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "status", "paths"),
    [
        ("add", b'{"payload": ', 400, None),
        ("add", b"[]", 400, ["body"]),
        ("add", b'{"payload": {"name": "N", "colour": "red", "length": "x"}}', 400, ["payload.colour", "payload.length"]),
        ("add", b'{"payload": {}}', 400, ["payload.name"]),
        ("add", b'{"payload": {"name": "N"}, "root": "0b5e0f6e-6b0d-4f0f-9d3f-3a0c5d1f7a11"}', 400, ["root"]),
        ("occupy", b'{"payload": {"ship": "Argo"}}', 400, ["root"]),
        ("occupy", b'{"payload": {"ship": "Argo"}, "root": "nowhere"}', 400, ["root"]),
        ("add", b'{"payload": {"name": "' + b"N" * (1024 * 1024) + b'"}}', 413, None),
        ("sail", b"{}", 404, None),
    ],
)
def test_what_is_off_in_a_request_is_named_and_nothing_is_logged(
    harbour: Running, path: str, body: bytes, status: int, paths: list[str] | None
) -> None:
    before = blossm("events", "--json", "--network", str(harbour.root)).stdout
    with harbour.client() as client:
        answer = client.post(f"/c.berth.port/{path}", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    if paths is not None:
        assert {field["path"] for field in answer.json()["fields"]} == set(paths)
    assert blossm("events", "--json", "--network", str(harbour.root)).stdout == before


def test_a_handler_that_breaks_shows_nothing_of_itself(harbour: Running) -> None:
    with harbour.client() as client:
        answer = client.post("/c.berth.port/explode", json={})
    assert answer.status_code == 500
    assert answer.json()["id"]
    assert "powder" not in answer.text
    assert "commands.py" not in answer.text


def test_tokens_and_privileges(harbour: Running) -> None:
    with harbour.client() as client:
        berth = opened(client)
        steer = {"root": berth}
        assert client.post("/c.berth.port/steer", json=steer).status_code == 401
        assert client.post("/c.berth.port/steer", json=steer, headers=token(harbour, "--ttl", "-3600")).status_code == 401
        assert client.post("/c.berth.port/steer", json=steer, headers=token(harbour)).status_code == 403
        steered = client.post("/c.berth.port/steer", json=steer, headers=token(harbour, "--role", "pilot"))
        assert steered.status_code == 200


def test_a_view_of_a_context_shows_only_what_is_the_contexts(harbour: Running) -> None:
    company = "0b5e0f6e-6b0d-4f0f-9d3f-3a0c5d1f7a11"
    other = "0b5e0f6e-6b0d-4f0f-9d3f-3a0c5d1f7a12"
    with harbour.client() as client:
        berth = opened(client)
        mine = token(harbour, "--context", f"company={company}")
        assert client.get("/v.company/ships", headers=token(harbour)).status_code == 403
        client.post("/c.berth.port/occupy", json={"root": berth, "payload": {"ship": "Argo"}}, headers=mine)
        assert client.get("/v.company/ships", headers=token(harbour, "--context", f"company={other}")).json()["content"] == []


def test_a_repeated_request_acts_once(harbour: Running) -> None:
    key = {"Idempotency-Key": "once"}
    with harbour.client() as client:
        first = client.post("/c.berth.port/add", json={"payload": {"name": "East"}}, headers=key)
        again = client.post("/c.berth.port/add", json={"payload": {"name": "East"}}, headers=key)
        other = client.post("/c.berth.port/add", json={"payload": {"name": "West"}}, headers=key)
    assert first.json()["root"] == again.json()["root"]
    assert again.json()["events"] == first.json()["events"]
    assert other.status_code == 422


def test_the_operators_door_wants_the_operators_key(harbour: Running) -> None:
    with harbour.client() as client:
        assert client.post("/_blossm/status", json={}).status_code == 401
        assert client.post("/_blossm/status", json={}, headers={"Authorization": "Bearer x"}).status_code == 401
        key = json.loads((harbour.root / ".blossm" / "running.json").read_text())["operator_key"]
        mine = {"Authorization": f"Bearer {key}"}
        assert client.post("/_blossm/status", json={}, headers=mine).status_code == 200
        assert client.post("/_blossm/status", json={}, headers={**mine, "Origin": harbour.url}).status_code == 403
        assert client.post("/_blossm/status", json={"x": 1}, headers=mine).status_code == 400
        assert client.post("/_blossm/stop", json={}, headers=mine).status_code == 400
        assert client.get("/_blossm/status", headers=mine).status_code == 405


class Lingering(threading.Thread):
    """A command that is under way for some seconds; `join` it for its `answer`."""

    def __init__(self, client: httpx.Client, berth: str, *, seconds: int) -> None:
        super().__init__()
        self._client = client
        self._body = {"root": berth, "payload": {"seconds": seconds}}
        self.start()

    def run(self) -> None:
        self.answer = self._client.post("/c.berth.port/linger", json=self._body)


# Both signals go to the one process that `dev` is either way; an interrupt of all processes is in test_processes.
@pytest.mark.parametrize(("how", "number"), [((), signal.SIGTERM), ((), signal.SIGINT), (("--processes",), signal.SIGTERM)])
def test_a_signal_lets_requests_finish_and_loses_nothing(tmp_path: Path, how: tuple[str, ...], number: int) -> None:
    root = copied(tmp_path)
    with running(root, *how) as network, network.client() as client, following(root) as (_, events):
        berth = opened(client)
        assert next(events)["action"] == "opened"
        lingering = Lingering(client, berth, seconds=1)
        assert next(events)["action"] == "rung"  # the request is under way
        code, out = network.stop(number)
        lingering.join()
    assert code == 0
    assert out == ""
    assert lingering.answer.status_code == 200
    logged = documents(blossm("events", "--json", "--network", str(root)))
    assert [event["action"] for event in logged] == ["opened", "rung", "rung"]


def test_a_second_signal_drops_what_is_under_way_and_says_that_the_outcome_is_unknown(dev: Dev, tmp_path: Path) -> None:
    root = copied(tmp_path)
    with dev(root) as network, network.client() as client, following(root) as (_, events):
        berth = opened(client)
        assert next(events)["action"] == "opened"
        lingering = Lingering(client, berth, seconds=50)
        assert next(events)["action"] == "rung"
        network.process.send_signal(signal.SIGTERM)
        assert list(events) == []  # it drains
        assert network.stop(signal.SIGTERM)[0] == 0
        lingering.join()
    assert lingering.answer.status_code == 504
    assert "Traceback" not in (tmp_path / "talk.txt").read_text()


def test_a_live_query_ends_when_the_network_stops(dev: Dev, tmp_path: Path) -> None:
    with (
        dev(copied(tmp_path)) as network,
        network.client() as client,
        client.stream("GET", "/v/berths", headers={"Accept": "text/event-stream"}) as live,
    ):
        assert live.status_code == 200
        network.process.send_signal(signal.SIGTERM)
        assert network.process.wait(timeout=10) == 0


# In one process: the folder is emptied before any procedure is there, and test_crash restarts both ways.
def test_what_was_logged_is_there_after_a_restart_and_gone_with_fresh(tmp_path: Path) -> None:
    root = copied(tmp_path)
    with running(root) as network, network.client() as client:
        berth = opened(client)
        assert network.stop()[0] == 0
    with running(root) as network, network.client() as client:
        assert client.get(f"/v/berths/{berth}").json()["body"]["name"] == "North"
        assert network.stop()[0] == 0
    with running(root, "--fresh") as network, network.client() as client:
        assert client.get(f"/v/berths/{berth}").status_code == 404


# In one process: the command runs beside the process that `dev` is either way.
def test_exec_runs_a_command_and_exits_with_its_code(tmp_path: Path) -> None:
    root = copied(tmp_path)
    program = f"{' '.join(BLOSSM)} status --json && echo $BLOSSM_URL && exit 7"
    done = blossm("dev", str(root), "--port", "0", "--exec", program)
    ready, status, url = done.stdout.splitlines()
    assert ready == f"ready {url}"
    assert json.loads(status)["network"] == "harbour.example"
    assert done.returncode == 7


# The doors are the same for every network: one of them is enough to see them both ways.
@pytest.mark.parametrize(("example", "how"), [("hello", ()), ("bicycle_city", ()), ("bicycle_city", ("--processes",))])
def test_the_lines_to_paste_work_as_printed(tmp_path: Path, example: str, how: tuple[str, ...]) -> None:
    root = copied(tmp_path, EXAMPLES / example)
    with running(root, *how) as network:
        lines = [line.strip() for line in (tmp_path / "talk.txt").read_text().splitlines() if line.strip().startswith("curl")]
        assert network.url in lines[0]
        answers = [pasted(line) for line in lines]
        assert answers[0]["events"]
        # The view shows what the command did, a moment later.
        deadline = time.monotonic() + 10
        while not (content := pasted(lines[-1])["content"]) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert content
    assert len(lines) == (3 if example == "bicycle_city" else 2)  # hello has no fact


def pasted(line: str) -> dict[str, Any]:
    """What a line answers; it fails where the door refuses."""
    done = subprocess.run(["bash", "-c", line.replace("curl -s", "curl -sf", 1)], capture_output=True, timeout=60, check=True)
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer


# Whoever has the folder has it before any procedure is there.
def test_two_networks_cannot_share_a_folder(options: tuple[str, ...], tmp_path: Path) -> None:
    root = copied(tmp_path)
    with running(root):
        second = blossm("dev", str(root), "--port", "0", *options)
    assert second.returncode == 2
    assert second.stdout == ""
    assert second.stderr.startswith("error: another process uses")


def test_a_port_in_use_is_one_clear_message(options: tuple[str, ...], tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = blossm("dev", str(copied(tmp_path)), "--port", str(other.getsockname()[1]), *options)
    assert done.returncode == 2
    assert "is not free" in done.stderr
    assert "help: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_handler_that_fails_to_import_is_one_clear_message(options: tuple[str, ...], tmp_path: Path) -> None:
    root = copied(tmp_path)
    commands = root / "port" / "berth" / "commands.py"
    commands.write_text(commands.read_text() + "\nHERE = NOWHERE\n")
    done = blossm("dev", str(root), "--port", "0", *options)
    assert done.returncode == 1
    assert "port/berth/commands.py" in done.stderr
    assert "NameError" in done.stderr
    assert "Traceback" not in done.stderr
    assert "runtime/blossm" not in done.stderr


def test_what_handlers_print_is_talk_and_never_data(dev: Dev, tmp_path: Path) -> None:
    root = copied(tmp_path)
    commands = root / "port" / "berth" / "commands.py"
    rings = commands.read_text().replace("    berth = command.root or", "    print('rung')\n    berth = command.root or")
    commands.write_text(f"print('imported')\n{rings}")
    called = blossm("call", "port.berth.ring", "--json", cwd=root)
    assert len(documents(called)) == 1
    assert called.stderr.split() == ["imported", "rung"]
    with dev(root) as network, network.client() as client:
        assert client.post("/c.berth.port/ring", json={}).status_code == 200
        assert network.stop() == (0, "")
    assert "rung\n" in (tmp_path / "talk.txt").read_text()


def test_a_broken_network_is_told_as_check_does(tmp_path: Path) -> None:
    root = copied(tmp_path)
    (root / "views" / "blossm.yaml").write_text("procedure: view-store\nname: berths\nscheme: {}\n")
    done = blossm("dev", str(root), "--port", "0")
    assert done.returncode == 1
    assert "views/blossm.yaml:3:1: error[B104]" in done.stderr
    assert "help: did you mean `schema`?" in done.stderr


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that has run, and has been stopped."""
    root = copied(tmp_path_factory.mktemp("stopped"))
    with running(root) as network:
        assert network.stop()[0] == 0
    return root


@pytest.mark.parametrize("file", ["logs/port.db", "views/berths.db", "timers.db"])
def test_a_corrupt_state_folder_is_one_clear_message(options: tuple[str, ...], stopped: Path, tmp_path: Path, file: str) -> None:
    root = Path(shutil.copytree(stopped, tmp_path / "network"))
    for part in (root / ".blossm").glob(f"{file}*"):
        part.write_bytes(b"not a database at all " * 500)
    done = blossm("dev", str(root), "--port", "0", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert file.rpartition("/")[2] in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    root = copied(tmp_path)
    with running(root) as network, network.client() as client:
        for _ in range(20):
            opened(client)
        shell = f"{' '.join(BLOSSM)} events --json --network {root} | head -1"
        done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=60, check=False)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""
