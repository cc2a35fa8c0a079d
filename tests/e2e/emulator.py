"""A server of MongoDB that is killed and comes back, with its data and at its port."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("secantusd-py")


class Emulator:
    """`uri` is its address. Every write is on disk before it is acknowledged, so that a kill loses nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = "0"
        self._begin()

    @property
    def uri(self) -> str:
        return f"mongodb://127.0.0.1:{self._port}/?serverSelectionTimeoutMS=500"

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def again(self) -> None:
        self.kill()
        self._begin()

    def _begin(self) -> None:
        told = self._folder / "told"
        command = [str(PROGRAM), "--host", "127.0.0.1", "--port", self._port, "--sync-on-commit"]
        with told.open("wb") as out:
            self._process = subprocess.Popen(
                [*command, "--storage-path", str(self._folder / "data")], cwd=self._folder, stdout=out, stderr=out
            )
        while (found := re.search(r"listening on 127\.0\.0\.1:(\d+)", told.read_text())) is None:
            assert self._process.poll() is None, told.read_text()
            time.sleep(0.02)  # it says nowhere else when it is there
        self._port = found[1]


@contextmanager
def emulator(folder: Path) -> Iterator[Emulator]:
    folder.mkdir()
    server = Emulator(folder)
    try:
        yield server
    finally:
        server.kill()
