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


class Emulator:
    """A SecantusDB (GPL: a process beside us, never imported) on the data in a folder, at one address for its life."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._options = options
        self._port = "0"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        return f"mongodb://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, also again after it was killed."""
        program = Path(sys.executable).with_name("secantusd-py")
        where = ["--host", "127.0.0.1", "--port", self._port, "--storage-path", str(self._folder / "data")]
        told = self._folder / "told"
        with told.open("wb") as told_to:
            self._process = subprocess.Popen(
                [str(program), *where, *self._options], cwd=self._folder, stdout=told_to, stderr=told_to
            )
        self._port = _port(self._process, told)

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def emulator(*options: str) -> Iterator[str]:
    """The address of a new one, which ends with the block."""
    with killable_emulator(*options) as server:
        yield server.uri


@contextmanager
def killable_emulator(*options: str) -> Iterator[Emulator]:
    """A new one that a test may kill and start again; it ends with the block."""
    with TemporaryDirectory(prefix="emulator-") as folder:
        server = Emulator(Path(folder), *options)
        try:
            server.start()
            yield server
        finally:
            server.kill()


def _port(process: subprocess.Popen[bytes], told: Path) -> str:
    while process.poll() is None:
        if found := re.search(r"listening on 127\.0\.0\.1:(\d+)", told.read_text()):
            return found[1]
        time.sleep(0.02)  # it says nowhere else when it is there
    raise AssertionError("the emulator did not start:\n" + told.read_text())


def new_database() -> str:
    """A name that no other test has."""
    return f"blossm-test-{uuid.uuid4().hex[:12]}"
