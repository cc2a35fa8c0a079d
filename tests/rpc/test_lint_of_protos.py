"""protos/ is written as other languages' tools expect it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
BUF = Path(sys.executable).with_name("buf")
FILES = sorted((HERE / "protos").rglob("v1/*.proto"))


def buf(*arguments: str) -> str:
    done = subprocess.run([BUF, *arguments], cwd=HERE, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def test_buf_has_nothing_to_say() -> None:
    assert buf("lint", "protos") == ""


def test_every_file_has_the_layout_that_buf_gives_it() -> None:
    assert buf("format", "--diff", "protos") == ""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_message_and_every_rpc_is_explained(file: Path) -> None:
    """Requests and responses are explained by their rpc, and what has its word in the name by the name."""
    bare = re.findall(r"^(?!\s*//).*\n\s*((?:message|rpc) \w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name in bare if not re.search(r"(Request|Response|AppendResult)$", name)] == []
