"""Servers that speak MongoDB's wire: a SecantusDB of our own for the run, and the one that the environment names."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

EMULATOR, REAL = "emulator", "real server"


def real_server() -> str:
    """The address of a server that the tests may use too; they make databases named `blossm-test-…` and drop them."""
    return os.environ.get("BLOSSM_TEST_MONGODB_URI", "")


@contextmanager
def emulator(*options: str) -> Iterator[str]:
    """The address of a new SecantusDB (GPL: a process beside us, never imported), which ends with the block."""
    program = Path(sys.executable).with_name("secantusd-py")
    with TemporaryDirectory(prefix="emulator-") as folder:
        told = Path(folder, "told")
        command = [str(program), "--host", "127.0.0.1", "--port", "0", "--storage-path", f"{folder}/data", *options]
        with told.open("wb") as told_to, subprocess.Popen(command, cwd=folder, stdout=told_to, stderr=told_to) as process:
            try:
                yield f"mongodb://{_address(process, told)}"
            finally:
                process.kill()


def _address(process: subprocess.Popen[bytes], told: Path) -> str:
    while process.poll() is None:
        if found := re.search(r"listening on (127\.0\.0\.1:\d+)", told.read_text()):
            return found[1]
        time.sleep(0.02)  # it says nowhere else when it is there
    raise AssertionError("the emulator did not start:\n" + told.read_text())


def new_database() -> str:
    """A name that no other test has."""
    return f"blossm-test-{uuid.uuid4().hex[:12]}"
