"""`blossm` as a process of its own, as people run it."""

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
from typing import Any

import httpx

HARBOUR = Path(__file__).parent / "network"
BLOSSM = (sys.executable, "-m", "blossm")
START = 60  # seconds: machines that run tests are slow


def copied(folder: Path, network: Path = HARBOUR) -> Path:
    """A network of one's own, without what another one left."""
    return Path(shutil.copytree(network, folder / "network", ignore=shutil.ignore_patterns(".blossm", "__pycache__")))


@dataclass(slots=True)
class Running:
    """A `blossm dev` that is ready."""

    process: subprocess.Popen[str]
    url: str
    root: Path

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
        out, _ = self.process.communicate(timeout=30)
        return self.process.returncode, out


@contextmanager
def running(root: Path, *options: str) -> Iterator[Running]:
    """`blossm dev` on a free port; killed in the end if a test has not stopped it."""
    command = [*BLOSSM, "dev", str(root), "--port", "0", *options]
    talk = root.parent / "talk.txt"  # a pipe that nobody reads would fill, and stop the network
    with talk.open("a") as stderr:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
    try:
        assert process.stdout
        ready = process.stdout.readline().split()
        assert ready[:1] == ["ready"], talk.read_text()
        yield Running(process, ready[1], root)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=30)


@contextmanager
def following(root: Path) -> Iterator[tuple[subprocess.Popen[str], Iterator[dict[str, Any]]]]:
    """`blossm events --follow --json`: the process, and the events as they come."""
    command = [*BLOSSM, "events", "--follow", "--json", "--network", str(root)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield process, (json.loads(line) for line in process.stdout)
    finally:
        process.kill()
        process.communicate(timeout=30)


def blossm(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command that comes to its end."""
    return subprocess.run(
        [*BLOSSM, *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **environment},
        timeout=START,
        check=False,
    )


def documents(done: subprocess.CompletedProcess[str]) -> list[Any]:
    """The JSON documents on stdout, one per line."""
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
