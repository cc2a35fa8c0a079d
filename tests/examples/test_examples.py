"""The examples are networks without problems, and what a user would write: mypy --strict has nothing to say of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from blossm.model.load import check

EXAMPLES = Path(__file__).parents[2] / "examples"
NETWORKS = sorted(file.parent.name for file in EXAMPLES.glob("*/blossm.yaml"))


@pytest.mark.parametrize("name", NETWORKS)
def test_an_example_has_no_problems(name: str) -> None:
    assert [str(problem) for problem in check(EXAMPLES / name)] == []


@pytest.mark.parametrize("name", NETWORKS)
def test_the_handlers_of_an_example_are_typed(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--explicit-package-bases", "--cache-dir", str(tmp_path), "."]
    done = subprocess.run(command, cwd=EXAMPLES / name, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
