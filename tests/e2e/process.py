"""`blossm` as a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, TextIO

import httpx
from tests.e2e.forked import Forked

HARBOUR = Path(__file__).parent / "network"
BLOSSM = (sys.executable, "-m", "blossm")  # as a shell runs it; tests that run it often have it forked, see tests/e2e/forking.py
START = 60  # seconds: machines that run tests are slow


def copied(folder: Path, network: Path = HARBOUR) -> Path:
    """A network of one's own, without what another one left."""
    return Path(shutil.copytree(network, folder / "network", ignore=shutil.ignore_patterns(".blossm", "__pycache__")))


@dataclass(slots=True)
class Running:
    """A `blossm dev` that is ready."""

    process: Forked
    url: str
    root: Path
    stdout: TextIO

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=30)

    def status(self) -> dict[str, Any]:
        """What `blossm status --json` shows, asked for at the operator's door."""
        key = json.loads((self.root / ".blossm" / "running.json").read_text())["operator_key"]
        with self.client() as client:
            answer = client.post("/_blossm/status", json={}, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = json.loads(answer.text.splitlines()[-1])["document"]
        return document

    def processes(self) -> dict[str, dict[str, Any]]:
        """The network's processes by name, where each procedure has one."""
        return {procedure["process"]: procedure for procedure in self.status()["procedures"]}

    def talk(self) -> str:
        """What was said on stderr so far."""
        return (self.root.parent / "talk.txt").read_text()

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal, and answer the exit code with all that was said on stdout since it was ready."""
        self.process.send_signal(number)
        return self.process.wait(timeout=30), self.stdout.read()


@contextmanager
def running(root: Path, *options: str) -> Iterator[Running]:
    """`blossm dev` on a free port; killed in the end if a test has not stopped it."""
    talk = root.parent / "talk.txt"  # a pipe that nobody reads would fill, and stop the network
    with talk.open("a") as stderr, reading("dev", str(root), "--port", "0", *options, stderr=stderr) as (process, stdout):
        ready = stdout.readline().split()
        assert ready[:1] == ["ready"], talk.read_text()
        yield Running(process, ready[1], root, stdout)


@contextmanager
def following(root: Path) -> Iterator[tuple[Forked, Iterator[dict[str, Any]]]]:
    """`blossm events --follow --json`: the process, and the events as they come. What it says otherwise is in `follower.txt`."""
    command = ("events", "--follow", "--json", "--network", str(root))
    with (root.parent / "follower.txt").open("w") as stderr, reading(*command, stderr=stderr) as (process, stdout):
        yield process, (json.loads(line) for line in stdout)


@contextmanager
def reading(*arguments: str, stderr: TextIO) -> Iterator[tuple[Forked, TextIO]]:
    """A command and its stdout, line by line; killed in the end."""
    reader, writer = os.pipe()
    with os.fdopen(reader) as stdout:
        with os.fdopen(writer, "w") as theirs:
            process = Forked(*arguments, stdout=theirs, stderr=stderr, cwd=Path(), environment=os.environ)
        try:
            yield process, stdout
        finally:
            process.kill()
            process.wait(timeout=30)


def blossm(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command that comes to its end."""
    with TemporaryFile("w+") as stdout, TemporaryFile("w+") as stderr:
        where, variables = cwd or Path(), {**os.environ, **environment}
        process = Forked(*arguments, stdout=stdout, stderr=stderr, cwd=where, environment=variables)
        try:
            code = process.wait(timeout=START)
        finally:
            process.kill()
        stdout.seek(0)
        stderr.seek(0)
        return subprocess.CompletedProcess(arguments, code, stdout.read(), stderr.read())


def documents(done: subprocess.CompletedProcess[str]) -> list[Any]:
    """The JSON documents on stdout, one per line."""
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
