"""What `blossm proto` writes passes `buf lint`, by the settings that it writes beside it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.contract.breaking_table import ROWS, Row
from tests.contract.networks import commit, write
from tests.contract.test_buf_breaking import BUF, needs_buf

EXAMPLE = Path(__file__).parents[2] / "examples" / "bicycle_city"
GONE = [row for row in ROWS if row.name in ("a command is gone", "an action is gone", "an event loses an optional field")]


def lint(root: Path) -> str:
    return subprocess.run([str(BUF), "lint", str(root / "protos")], capture_output=True, text=True, check=False).stdout


@needs_buf
def test_the_examples_contract_passes() -> None:
    assert lint(EXAMPLE) == ""


@needs_buf
@pytest.mark.parametrize("row", GONE, ids=lambda row: row.name)
def test_what_stays_of_what_is_gone_passes(row: Row, tmp_path: Path) -> None:
    assert commit(write(tmp_path, row.before)) == 0
    assert commit(write(tmp_path, row.after), "--breaking") == 0
    assert lint(tmp_path) == ""
