"""Our verdict on a change, and that of `buf breaking`, for every row of the table."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.contract.breaking_table import ROWS, Row
from tests.contract.networks import codes, commit, write

BUF = Path(sys.executable).with_name("buf")
STALE = "B701"
needs_buf = pytest.mark.skipif(not BUF.exists(), reason=f"buf is not at {BUF}: `make setup` installs it")


def test_the_table_is_long_enough_and_names_every_row_once() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS) >= 25


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_where_only_one_of_the_two_breaks_the_table_says_why(row: Row) -> None:
    assert bool(row.why) == (bool(row.ours) != bool(row.buf))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_we_say_of_a_change(row: Row, tmp_path: Path) -> None:
    root = write(tmp_path, row.before)
    assert commit(root) == 0
    write(root, row.after)
    said = codes(root)
    assert said == row.ours or (not row.ours and said <= {STALE})
    assert commit(root) == (1 if row.ours else 0), "`blossm proto` refuses what breaks, and nothing else"
    assert commit(root, "--breaking") == 0
    assert codes(root) == set()


@needs_buf
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_buf_says_of_a_change(row: Row, tmp_path: Path) -> None:
    before = write(tmp_path / "before", row.before)
    assert commit(before) == 0
    after = write(tmp_path / "after", row.before)
    assert commit(after) == 0
    write(after, row.after)
    assert commit(after, "--breaking") == 0
    assert buf_breaking(after / "protos", before / "protos") == row.buf


def buf_breaking(after: Path, before: Path) -> frozenset[str]:
    """The rules of buf's that a contract breaks, by its own `buf.yaml`."""
    call = [str(BUF), "breaking", str(after), "--against", str(before), "--error-format", "json"]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 100), done.stderr
    return frozenset(json.loads(line)["type"] for line in done.stdout.splitlines())
