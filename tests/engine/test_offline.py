"""`tools/pulumi/offline`, as a user runs it in this repository: the CLI, its language host, providers that reach no cloud."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.pulumi.cli import ROOT

_COMMAND = ROOT / "tools" / "pulumi" / "offline"
_SEED = "one that is longer than thirty-two letters"
_DEADLINE = 180  # seconds


@pytest.fixture
def offline(tmp_path: Path, cli: Path) -> dict[str, str]:
    """The environment of a user who has a CLI."""
    return {
        **os.environ,
        "BLOSSM_OFFLINE": str(tmp_path),
        "BLOSSM_PYTHON": sys.executable,
        "BLOSSM_OFFLINE_JOURNAL": str(tmp_path / "journal"),
    }


def _run(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [_COMMAND, *words, "--color", "never"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture
def _settings_stay() -> Iterator[None]:
    settings = {file: file.read_text() for file in ROOT.glob("Pulumi.*yaml")}
    yield
    assert {file: file.read_text() for file in ROOT.glob("Pulumi.*yaml")} == settings


@pytest.mark.usefixtures("_settings_stay")
def test_the_example_is_previewed_without_an_account(offline: dict[str, str], tmp_path: Path) -> None:
    said = _run(offline, "preview", "--stack", "dev", "--non-interactive")
    assert "offline: no cloud is reached" in said
    assert "bicyclecity.example" in said
    assert "Pulumi.dev.yaml:8: `blossm:image` names the tag" in said
    assert "blossm:databaseSeed" not in said
    assert not (tmp_path / "journal").exists()


@pytest.mark.usefixtures("_settings_stay")
def test_the_example_is_deployed_without_an_account(offline: dict[str, str], tmp_path: Path) -> None:
    _run(offline, "config", "set", "--secret", "blossm:databaseSeed", _SEED, "--stack", "staging")
    assert "secure:" in (tmp_path / "project" / "Pulumi.staging.yaml").read_text()
    assert " created\n" in _run(offline, "up", "--stack", "staging", "--yes", "--skip-preview", "--non-interactive")
    assert (tmp_path / "journal").read_text().count('"did": "create"') > 50
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and _SEED.encode() in file.read_bytes()]


def test_ctrl_c_is_the_clis_which_ends_in_good_order(offline: dict[str, str]) -> None:
    """A CLI that is killed leaves a lock: nothing could be deployed then."""
    _run(offline, "config", "set", "blossm:network", "examples/hello", "--stack", "dev")
    command = [str(_COMMAND), "up", "--stack", "dev", "--yes", "--skip-preview", "--color", "never"]
    with subprocess.Popen(
        command, cwd=ROOT, env=offline, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if " created" in line)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        assert "Traceback" not in process.stdout.read()
        assert process.wait(timeout=_DEADLINE) != 0
    assert "locked" not in _run(offline, "refresh", "--stack", "dev", "--yes", "--skip-preview", "--non-interactive")
