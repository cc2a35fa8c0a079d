"""Real disks that are full or may not be written: each is told with what to do, and service goes on when the cause is gone."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("disk_scenarios.py")
MOUNTED = ("unshare", "--map-root-user", "--mount", "sh", "-c", 'mount -t tmpfs -o size=2m none "$0" && exec "$@"')


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that anybody may come to."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def told(scenario: str, folder: Path, *around: str) -> list[str]:
    """What was told on the way: message and help."""
    command = [*around, sys.executable, str(PROGRAM), scenario, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def disk(folder: Path) -> list[str]:
    """What begins a command with a disk of 2 MiB of its own at the folder."""
    around = [*MOUNTED, str(folder)]
    try:
        tried = subprocess.run([*around, "true"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no `unshare` to mount a small disk with")
    if tried.returncode:
        pytest.skip(f"no disk can be mounted here: {tried.stderr.strip()}")
    return around


def test_a_full_disk_takes_nothing_that_was_acknowledged_and_service_goes_on_when_there_is_room(
    folder: Path, disk: list[str]
) -> None:
    file = folder / "shop.db"
    full = [line for line in told("full", folder, *disk) if "the disk is full" in line]
    assert [line.split(" can't grow")[0] for line in full] == [str(file), str(file), str(folder / "new.db")]
    assert all(line.endswith("make room; nothing needs to be restarted") for line in full)


def test_a_disk_that_became_read_only_is_told_and_forgotten(folder: Path, disk: list[str]) -> None:
    (line,) = told("read_only_disk", folder, *disk)
    assert line.startswith(str(folder / "shop.db"))
    assert "can't be written" in line or "can't be opened" in line
    assert "whether the disk is read-only" in line or "who may read and write" in line


@pytest.mark.parametrize("scenario", ["read_only_file", "read_only_folder", "secret_file"])
def test_a_file_that_may_not_be_written_is_told_and_forgotten(folder: Path, scenario: str) -> None:
    (line,) = told(scenario, folder)
    assert line.startswith(f"{folder / 'shop.db'} can't be ")
    assert "who may write the file and its folder" in line or "who may read and write both" in line
