"""`blossm` as a process of its own, forked from one that has imported what it needs."""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import IO

PROGRAM = Path(__file__).with_name("forking.py")


class Forked:
    """A command that runs: what one needs of subprocess.Popen. Who makes it gives it the files to write to."""

    def __init__(self, *arguments: str, stdout: IO[str], stderr: IO[str], cwd: Path, environment: Mapping[str, str]) -> None:
        asked = {"arguments": arguments, "folder": str(cwd.absolute()), "environment": dict(environment)}
        self._told, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            files = (theirs.fileno(), stdout.fileno(), stderr.fileno())
            socket.send_fds(_forking(), [json.dumps(asked).encode()], files)
        self.pid = int(self._told.recv(64))
        self.returncode: int | None = None

    def wait(self, *, timeout: float | None = None) -> int:
        """The exit code, negative for a signal. Raises TimeoutError."""
        if self.returncode is None:
            self._told.settimeout(timeout)
            self.returncode = int(self._told.recv(64))
            self._told.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """To one that has ended: nothing."""
        if not self._has_ended():
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _has_ended(self) -> bool:
        try:
            self.wait(timeout=0)
        except BlockingIOError:
            return False
        return True


@cache
def _forking() -> socket.socket:
    """A socket to the process that forks. It ends when nobody has the other end."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        forking = subprocess.Popen([sys.executable, str(PROGRAM)], stdin=theirs.fileno())
    atexit.register(forking.wait)
    atexit.register(ours.close)  # before the other
    return ours
