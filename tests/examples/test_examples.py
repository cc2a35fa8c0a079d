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


def test_the_handlers_of_the_examples_are_typed(tmp_path: Path) -> None:
    """Without what `make check` allows them. All in one test: what they import is most of the work, and is checked once."""
    command = [sys.executable, "-m", "mypy", "--strict", "--explicit-package-bases", "--cache-dir", str(tmp_path), "."]
    for name in NETWORKS:
        done = subprocess.run(command, cwd=EXAMPLES / name, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
