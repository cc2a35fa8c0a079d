"""A network that is written only from the documentation checks, runs and answers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.docs.running import Shell, serving
from tests.docs.tutorial import STEPS, follow

from blossm.model.load import check

WRITING = [step for step in STEPS if step[0].isdigit()]
# What the doors answer to the lines with curl, in order, where a step has some.
ANSWERS = {
    "3. Commands, and a door to them": [200, 400],
    "4. Questions about the state": [200],
    "5. Views": [200, 200],
    "6. Who may do what": [401, 403, 200],
}


def test_every_step_leaves_a_network_without_problems(tmp_path: Path) -> None:
    for step in WRITING:
        follow(tmp_path, step)
        assert [(step, str(problem)) for problem in check(tmp_path)] == []


@pytest.mark.parametrize("last", ANSWERS)
def test_the_lines_of_a_step_work_as_they_are_printed(last: str, tmp_path: Path) -> None:
    network = tmp_path / "library"
    network.mkdir()
    for step in WRITING[: WRITING.index(last)]:
        follow(network, step)
    lines = [line for line in follow(network, last) if line not in ("blossm check", "blossm dev")]
    with serving(network, log=tmp_path / "log") as url:
        shell = Shell(network, url=url, bin=tmp_path / "bin")
        statuses = [status for line in lines if (status := shell.run(line)) is not None]
    assert statuses == ANSWERS[last]


def test_the_tests_of_the_tutorial_pass(tmp_path: Path) -> None:
    for step in WRITING:
        follow(tmp_path, step)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False, env=_plain())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def _plain() -> dict[str, str]:
    """The environment without what this run of pytest has put there."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
