"""`blossm log` as people and scripts use it."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.e2e.process import blossm, copied, running

from blossm.cli.main import run


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network in which something was logged, and that does not run. Nobody logs more."""
    root = copied(tmp_path_factory.mktemp("harbour"))
    for name in ("North", "South"):
        assert blossm("call", "port.berth.add", f"name={name}", cwd=root).returncode == 0
    return root


@dataclass(frozen=True, slots=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


class Log:
    """`blossm log`, in this process: a command takes a second where it is one of its own."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, root: Path, *arguments: str, stdin: str = "") -> Done:
        self._monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        self._capsys.readouterr()
        code = run(["log", *arguments, "--network", str(root)])
        return Done(code, *self._capsys.readouterr())


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Log:
    return Log(capsys, monkeypatch)


def documents(done: Done) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def events(root: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in blossm("events", "--json", cwd=root).stdout.splitlines()]


def fresh(tmp_path: Path) -> Path:
    """The same network without a log."""
    return copied(tmp_path)


def test_a_sound_log_is_told_in_a_line_and_as_json(log: Log, harbour: Path) -> None:
    done = log(harbour, "verify")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines() == ["crew: 0 events, 0 problems", "port: 2 events, 0 problems"]
    [port] = documents(log(harbour, "verify", "port", "--json"))
    assert port == {"service": "port", "events": 2, "problems": []}


def test_problems_are_on_stdout_with_exit_code_1(log: Log, harbour: Path, tmp_path: Path) -> None:
    root = fresh(tmp_path)
    log(root, "import", "-", stdin=log(harbour, "export", "port").stdout)
    file = apsw.Connection(str(root / ".blossm" / "logs" / "port.db"))
    file.execute("UPDATE commits SET key = '' WHERE position = 1; UPDATE events SET number = 7 WHERE position = 2")
    file.close()
    done = log(root, "verify", "port")
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == "port: position 1: it has no key"
    assert "has number 7 after 0" in done.stdout.splitlines()[1]
    assert done.stderr == "port: 2 events, 2 problems\n"
    failed = log(root, "verify", "port", "--json")
    assert [one["position"] for one in json.loads(failed.stdout)["problems"]] == [1, 2]


def test_a_log_goes_to_another_place_and_comes_back_the_same(log: Log, harbour: Path, tmp_path: Path) -> None:
    file, root = tmp_path / "port.ndjson", fresh(tmp_path)
    assert log(harbour, "export", "port", "--to", str(file)).stderr == f"port: 2 events in {file}\n"
    [done] = documents(log(root, "import", str(file), "--json"))
    assert done == {"service": "port", "before": 0, "after": 2, "problems": []}
    assert log(root, "export", "port").stdout == file.read_text()
    again = log(root, "import", str(file))
    assert (again.returncode, again.stderr) == (0, "port: 2 events, 2 of them were there before\n")
    assert [event["payload"]["name"] for event in events(root)] == ["North", "South"]


def test_a_log_that_is_gone_is_put_back_by_an_import(log: Log, harbour: Path, tmp_path: Path) -> None:
    root = fresh(tmp_path)
    blossm("call", "port.berth.add", "name=East", cwd=root)
    text = log(root, "export", "port").stdout
    (root / ".blossm" / "logs" / "port.db").unlink()
    gone = log(root, "verify", "port")
    assert gone.returncode == 2
    assert "is gone, with all that was logged" in gone.stderr
    assert log(root, "import", "-", stdin=text).returncode == 0
    assert log(root, "export", "port").stdout == text


def test_a_bad_file_is_told_by_its_lines(log: Log, harbour: Path, tmp_path: Path) -> None:
    lines = log(harbour, "export", "port").stdout.splitlines()
    root = fresh(tmp_path)
    done = log(root, "import", "-", stdin="\n".join([*lines[:2], "{}", lines[2][:40]]))
    assert done.returncode == 1
    assert [line.partition(": ")[0] for line in done.stdout.splitlines()] == ["line 3", "line 4"]
    assert done.stderr == "port: 1 event, 0 of them were there before\n"


def test_the_export_of_another_service_or_network_is_refused(log: Log, harbour: Path) -> None:
    text = '{"format":"blossm-log","version":1,"network":"%s","service":"%s"}\n'
    for network, service in (("harbour.example", "shop"), ("city.example", "port")):
        done = log(harbour, "import", "-", stdin=text % (network, service))
        assert (done.returncode, done.stdout) == (1, "")
        assert f"is the export of {service} in {network}, and there is no such log here" in done.stderr


def test_a_service_is_named_where_there_are_several_and_met_with_the_one_that_was_meant(log: Log, harbour: Path) -> None:
    assert "name a service: crew, port" in log(harbour, "export").stderr
    assert "did you mean `port`?" in log(harbour, "verify", "pord").stderr


def test_a_backup_is_no_stream(log: Log, harbour: Path) -> None:
    done = log(harbour, "backup", "port", "-")
    assert done.returncode == 2
    assert "a backup is a file" in done.stderr


def test_where_nothing_was_logged_that_is_said(log: Log, tmp_path: Path) -> None:
    root = fresh(tmp_path)
    for arguments in (("verify",), ("export", "port"), ("backup", "port", "there.db")):
        done = log(root, *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert "nothing was logged here" in done.stderr
    assert not (root / ".blossm").exists()


def test_while_the_network_runs_its_logs_are_verified_backed_up_and_exported_and_not_imported(log: Log, tmp_path: Path) -> None:
    root, to = fresh(tmp_path), tmp_path / "port.db"
    with running(root) as network:
        blossm("call", "port.berth.add", "name=West", cwd=root)
        assert log(root, "verify").returncode == 0
        assert log(root, "backup", "port", str(to)).stderr == f"port: 1 event in {to}\n"
        text = log(root, "export", "port").stdout
        held = log(root, "import", "-", stdin=text)
        assert held.returncode == 2
        assert "another process uses" in held.stderr
        network.stop()
    assert "is there already" in log(root, "backup", "port", str(to)).stderr
    for name in ("port.db", "port.db-wal", "port.db-shm"):
        (root / ".blossm" / "logs" / name).unlink(missing_ok=True)
    to.replace(root / ".blossm" / "logs" / "port.db")
    assert log(root, "export", "port").stdout == text
    assert [event["payload"]["name"] for event in events(root)] == ["West"]
