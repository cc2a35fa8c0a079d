"""The command line as people and scripts use it, with no network running."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.process import BLOSSM, blossm, copied, documents

HEAVY = ("pydantic", "yaml", "grpc", "uvicorn", "starlette", "rich", "httpx", "structlog", "apsw", "cryptography", "asyncio")


def test_help_imports_nothing_that_takes_its_time() -> None:
    program = (
        "import sys; from blossm.cli.main import run; code = run(['--help'])\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[] 0"


def test_what_serves_needs_neither_yaml_nor_pydantic_nor_grpc() -> None:
    program = (
        "import sys, blossm, blossm.local.run\n"
        "from blossm.procedures import command_gateway, fact_gateway, view_gateway\n"
        "print([name for name in ('yaml', 'pydantic', 'grpc') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory.mktemp("harbour"))


def test_a_network_in_one_process_runs_without_what_many_need(harbour: Path) -> None:
    program = (
        f"import sys; from blossm.cli.main import run; run(['dev', {str(harbour)!r}, '--port', '0', '--exec', 'true'])\n"
        "print([name for name in ('grpc', 'google.protobuf', 'blossm.serve.nursery', 'httpx') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_command_a_fact_and_a_view_without_a_running_network(harbour: Path) -> None:
    here = harbour / "port" / "berth"  # from inside a procedure's folder
    [added] = documents(blossm("call", "port.berth.add", "name=North", "length=12", "--json", cwd=here))
    root = added["root"]
    assert added["events"][0]["action"] == "opened"
    occupied = blossm("call", "port.berth.occupy", "ship=Argo", "--root", root, cwd=here)
    assert occupied.stdout == f"berth occupied  {root} #2\n"
    [ship] = documents(blossm("call", "port.berth.ship", "--root", root, "--json", cwd=here))
    assert ship["response"] == {"ship": "Argo"}
    assert documents(blossm("call", "numbers", "up_to=2", "--json", cwd=here)) == [{"number": 0}, {"number": 1}]
    [page] = documents(blossm("call", "berths", "name=North", "--json", cwd=here))
    assert page["content"] == [{"id": root, "body": {"name": "North", "ship": "Argo", "bells": 0}}]

    [first] = documents(blossm("state", root, "--at", "1", "--json", cwd=here))
    assert (first["domain"], first["number"], first["state"]) == ("port.berth", 1, {"name": "North", "length": 12})
    now = blossm("state", root, cwd=here)
    assert '"ship": "Argo"' in now.stdout
    assert blossm("state", root, "--at", "2020-01-01T00:00:00Z", cwd=here).returncode == 1

    [status] = documents(blossm("status", "--json", cwd=here))
    assert {log["service"]: log["events"] for log in status["logs"]} == {"port": 2, "crew": 0}
    assert [(one["projection"], one["state"]) for one in status["projections"]] == [("berths", "live"), ("company.ships", "live")]
    steps = documents(blossm("replay", "berths", "--json", cwd=here))
    assert steps[-1]["phase"] == "switched"
    assert "switched: 1 rows" in blossm("replay", "berths", cwd=here).stderr


def test_a_replay_is_tried_taken_back_and_dropped(tmp_path: Path) -> None:
    root = copied(tmp_path)
    blossm("call", "port.berth.ring", cwd=root)
    blossm("status", cwd=root)  # the view comes up to date

    def replay(*options: str) -> str:
        done = blossm("replay", "berths", *options, cwd=root)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        return done.stderr.splitlines()[-1]

    assert replay("--dry-run") == "berths: checked: 1 rows, 1 before, 0 of 1 looked at differ"
    assert replay() == "berths: switched: 1 rows, 1 before, 0 of 1 looked at differ"
    assert replay("--rollback") == "berths: generation 1 serves again"
    assert replay("--abort") == "berths: no replay is unfinished"


def test_an_unfinished_replay_is_dropped(tmp_path: Path) -> None:
    root = copied(tmp_path)
    projection = root / "views" / "berths.py"
    blossm("call", "port.berth.ring", cwd=root)
    blossm("status", cwd=root)  # the view comes up to date
    projection.write_text(projection.read_text() + "\n\ndef rung(*_):\n    raise ValueError('cracked')\n")
    stopped = blossm("replay", "berths", cwd=root)
    assert stopped.returncode == 1
    assert "cracked" in stopped.stderr
    assert "the served view was not touched" in stopped.stderr
    assert "is dropped" in blossm("replay", "berths", "--abort", cwd=root).stderr


def test_off_payloads_are_named_by_field_and_nothing_is_on_stdout(harbour: Path) -> None:
    done = blossm("call", "port.berth.add", "length=wide", "--network", str(harbour))
    assert (done.returncode, done.stdout) == (1, "")
    first, *fields = done.stderr.splitlines()
    assert first == "error: BAD_REQUEST: the payload is off"
    assert sorted(fields) == ['  payload.length: must be an integer, not "wide"', "  payload.name: is required"]


def test_a_handler_that_breaks_shows_the_users_frames_and_none_of_ours(harbour: Path) -> None:
    done = blossm("call", "port.berth.explode", "--network", str(harbour))
    assert done.returncode == 1
    assert "port/berth/commands.py" in done.stderr
    assert "the powder is wet" in done.stderr
    assert "runtime/blossm" not in done.stderr


def test_a_call_that_the_yaml_does_not_allow_is_refused(harbour: Path) -> None:
    done = blossm("call", "port.berth.trespass", "address=crew.pilot.call", "--network", str(harbour))
    assert done.returncode == 1
    assert "PERMISSION_DENIED" in done.stderr


def test_a_wrong_name_is_met_with_the_one_that_was_meant(harbour: Path) -> None:
    def told(*arguments: str) -> str:
        done = blossm(*arguments, "--network", str(harbour))
        assert done.returncode == 1
        return done.stderr

    assert "did you mean `port.berth.occupy`?" in told("call", "port.berth.ocupy")
    assert "did you mean `pilot`?" in told("token", "--role", "pilots")
    assert "did you mean `berths`?" in told("replay", "berth")


def test_a_token_carries_what_it_is_asked_to_carry(harbour: Path) -> None:
    root = "0b5e0f6e-6b0d-4f0f-9d3f-3a0c5d1f7a11"
    options = ("--sub", "ada", "--role", "pilot", "--context", f"company={root}", "--network", str(harbour))
    token = blossm("token", *options).stdout.strip()
    [added] = documents(blossm("call", "port.berth.add", "name=South", "--token", token, "--json", "--network", str(harbour)))
    events = documents(blossm("events", "--json", "--network", str(harbour)))
    [event] = [event for event in events if event["root"] == added["root"]]
    assert event["context"] == {"company": root}
    assert {name: event["tx"]["claims"][name] for name in ("sub", "roles")} == {"sub": "ada", "roles": ["pilot"]}
    assert not {"jti", "exp", "iat"} & event["tx"]["claims"].keys()
    expired = blossm("token", "--ttl", "-3600", "--network", str(harbour)).stdout.strip()
    refused = blossm("call", "port.berth.add", "name=South", "--token", expired, "--network", str(harbour))
    assert "UNAUTHENTICATED: the token has expired" in refused.stderr
    garbage = blossm("call", "port.berth.add", "name=South", "--token", "\udcff", "--network", str(harbour))
    assert "UNAUTHENTICATED" in garbage.stderr


def test_where_there_is_no_network_that_is_said(tmp_path: Path) -> None:
    for arguments in (("status",), ("check",), ("dev",), ("graph",)):
        done = blossm(*arguments, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert "B001" in done.stderr


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "nowhere")
    for arguments in (("check", nowhere), ("dev", nowhere), ("status", "--network", nowhere), ("graph", "-n", nowhere)):
        done = blossm(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"Directory '{nowhere}' does not exist" in done.stderr


@pytest.mark.parametrize("lies_there", ["file", "folder"])
def test_what_the_machine_refuses_is_one_message(tmp_path: Path, lies_there: str) -> None:
    root = copied(tmp_path)
    state = root / ".blossm"
    if lies_there == "file":
        state.write_text("something else")
    else:
        (state / "development.key").mkdir(parents=True)
    done = blossm("token", cwd=root)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"error: {state}")


def test_a_full_disk_is_one_message(harbour: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*BLOSSM, "graph", "-n", str(harbour)], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "error: No space left on device\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sail",), "No such command"),
        (("call",), "Missing argument"),
        (("call", "numbers", "up_to"), "is neither NAME=VALUE nor NAME:=JSON"),
        (("call", "numbers", "up_to:=x"), "is no JSON"),
        (("token", "--context", "garage"), "is not NAME=ROOT"),
        (("dev", "--port", "70000"), "70000"),
        (("replay", "berths", "--abort", "--rollback"), "name one"),
    ],
)
def test_wrong_usage_is_exit_code_2(harbour: Path, arguments: tuple[str, ...], words: str) -> None:
    done = blossm(*arguments, cwd=harbour)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr


def test_check_tells_everything_as_text_and_as_data(tmp_path: Path, harbour: Path) -> None:
    broken = copied(tmp_path)
    (broken / "views" / "blossm.yaml").write_text("procedure: view-store\nname: berths\nscheme: {}\nindexs: []\n")
    done = blossm("check", str(broken))
    assert done.returncode == 1
    assert "views/blossm.yaml:3:1: error[B104]" in done.stdout
    assert "views/blossm.yaml:4:1: error[B104]" in done.stdout
    data = blossm("check", str(broken), "--json")
    assert data.returncode == 1
    assert {problem["code"] for problem in json.loads(data.stdout)["problems"]} >= {"B104"}
    fine = blossm("check", str(harbour))
    assert fine.returncode == 0
    assert "no problems" in fine.stderr


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("text", "event-store port.berth\n  tells projection berths (opened, occupied, rung)"),
        ("mermaid", "command_port_berth_steer -->|calls| command_crew_pilot_call"),
        ("dot", "command_port_berth_steer -> command_crew_pilot_call"),
        ("json", '"from": {"kind": "command-gateway", "address": "c.berth.port"}'),
    ],
)
def test_the_graph_is_drawn_in_four_ways(harbour: Path, form: str, words: str) -> None:
    done = blossm("graph", "--format", form, "--network", str(harbour))
    assert done.returncode == 0
    assert words in done.stdout


def test_a_damaged_state_folder_is_one_clear_message(tmp_path: Path) -> None:
    root = copied(tmp_path)
    (root / ".blossm").mkdir()
    (root / ".blossm" / "format").write_text("99\n")
    done = blossm("events", cwd=root)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "help: `blossm dev --fresh`" in done.stderr
