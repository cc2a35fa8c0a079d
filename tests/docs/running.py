"""A network as a process of its own, and a shell beside it: what a reader of the documentation has before them."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

BIN = Path(sys.executable).parent
CURL = Path(__file__).with_name("curl.py")
PRINTED = "http://127.0.0.1:7400"


@contextlib.contextmanager
def serving(network: Path, *options: str, log: Path) -> Iterator[str]:
    """`blossm dev` on a free port, stopped in the end; yields its URL."""
    command = [str(BIN / "blossm"), "dev", str(network), "--port", "0", *options]
    with log.open("w") as said, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True) as server:
        assert server.stdout is not None
        try:
            ready = next((line for line in server.stdout if line.startswith("ready ")), "")
            assert ready, log.read_text()
            yield ready.split()[1]
        finally:
            server.send_signal(signal.SIGTERM)
            server.communicate(timeout=20)
    assert server.returncode == 0, log.read_text()


class Shell:
    """A shell in the network's folder, with `blossm` and a `curl` on its path."""

    def __init__(self, network: Path, *, url: str, bin: Path) -> None:
        bin.mkdir()
        curl = bin / "curl"
        curl.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{CURL}" "$@"\n')
        curl.chmod(0o755)
        self._network = network
        self._url = url
        self._environment = {**os.environ, "PATH": f"{bin}:{BIN}:{os.environ['PATH']}"}

    def run(self, line: str) -> int | None:
        """Run a line as it is printed but for the port; answers the HTTP status where there is one."""
        typed = line.replace(PRINTED, self._url)
        done = subprocess.run(
            ["sh", "-c", typed], cwd=self._network, env=self._environment, capture_output=True, text=True, timeout=30, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        status = re.search(r"^HTTP (\d+)$", done.stderr, re.MULTILINE)
        return int(status[1]) if status else None
