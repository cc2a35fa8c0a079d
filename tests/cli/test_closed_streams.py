"""Who starts `blossm` may have closed what it reads from or writes to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.process import copied


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory.mktemp("harbour"))


def closed(stream: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A command that is started with a stream closed, as a shell closes it: `<&-`, `>&-` or `2>&-`."""
    started = ["sh", "-c", f'exec "$0" "$@" {stream}', sys.executable, "-m", "blossm", *arguments]
    return subprocess.run(started, cwd=cwd, capture_output=True, text=True, check=False)


def test_with_stdout_closed_nothing_is_done_whose_answer_would_be_lost(harbour: Path) -> None:
    done = closed(">&-", "log", "export", cwd=harbour)
    assert done.returncode == 2
    assert done.stderr == "error: stdout is closed, and there is nowhere else to write to\nhelp: a file will do, or /dev/null\n"


def test_a_closed_stdin_is_an_empty_one(harbour: Path) -> None:
    done = closed("<&-", "log", "import", "-", cwd=harbour)
    assert done.returncode == 2
    assert done.stderr.startswith("error: - is no export of a log\n")


def test_with_stderr_closed_what_was_asked_is_still_answered(harbour: Path) -> None:
    done = closed("2>&-", "log", "verify", "port", "--json", cwd=harbour)
    assert (done.returncode, done.stdout) == (0, '{"service": "port", "events": 0, "problems": []}\n')
