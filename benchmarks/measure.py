"""What the benchmarks share: the machine in general words, processes that say `ready`, medians, and a table."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

BLOSSM = str(Path(sys.executable).with_name("blossm"))
_STARTS_WITHIN = 60.0
_MEASURED = ("blossm", "apsw", "starlette", "uvicorn", "uvloop", "httptools", "fastapi", "grpcio", "protobuf")


@contextlib.contextmanager
def serving(command: Sequence[str], *, log: Path) -> Iterator[tuple[int, float]]:
    """Start a server, wait for its line `ready http://127.0.0.1:PORT`, and stop it by its own process in the end.

    Yields the port, and the seconds from the start to that line. What it says on stderr goes to `log`.
    """
    with started(command, log=log) as server:
        yield server.port, server.seconds


@dataclass(frozen=True, slots=True)
class Started:
    """A server that is ready: its process, where it listens, and how long that took from the start of the process."""

    pid: int
    port: int
    seconds: float


@contextlib.contextmanager
def started(command: Sequence[str], *, log: Path) -> Iterator[Started]:
    """As `serving`, for who also wants to look at the process."""
    with log.open("wb") as said:
        began = time.perf_counter()
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True)
        try:
            port = _port(server)
            yield Started(server.pid, port, time.perf_counter() - began)
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.communicate()


def _port(server: subprocess.Popen[str]) -> int:
    assert server.stdout is not None
    watchdog = threading.Timer(_STARTS_WITHIN, server.kill)
    watchdog.start()
    try:
        for line in server.stdout:
            if line.startswith("ready "):
                return int(line.rsplit(":", 1)[1])
    finally:
        watchdog.cancel()
    raise RuntimeError(f"{server.args!r} did not get ready")


def fsync_ms(folder: Path) -> float:
    """How long this disk takes to make 4 KiB more of a file durable: the median of 100."""
    times = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(100):
            began = time.perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def machine() -> dict[str, str]:
    """The machine and the versions of what is measured, without names that say whose it is."""
    processor = platform.processor()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), processor)
    return {
        "processor": f"{processor}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: version(name) for name in _MEASURED},
    }


def asked(about: str | None, parts: Sequence[str], **options: float) -> argparse.Namespace:
    """What the command line asks for: some of these parts (all, where none is named) and numbers as options."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar=" | ".join(parts), default=parts)
    for name, default in options.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    found = parser.parse_args()
    if unknown := sorted({*found.parts} - {*parts}):
        parser.error(f"there is no part {', '.join(unknown)}")
    return found


def median(runs: Sequence[Mapping[str, float]], key: str) -> float:
    return statistics.median(run[key] for run in runs)


def spread(runs: Sequence[Mapping[str, float]], key: str) -> str:
    """The least and the most: how far to believe the median."""
    return f"{min(run[key] for run in runs):,.0f}–{max(run[key] for run in runs):,.0f}"


def times(ours: Sequence[Mapping[str, float]], theirs: Sequence[Mapping[str, float]], key: str = "per_second") -> float:
    """How many times theirs: the median of the rounds' own ratios, as a machine that is slow for a while is so for both."""
    return statistics.median(our[key] / their[key] for our, their in zip(ours, theirs, strict=True))


def tell(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], data: Mapping[str, Any]) -> None:
    """The table for people, then one line of JSON for tools."""
    print(f"\n{title}\n")
    print("| " + " | ".join(columns) + " |")
    print("|" + " --- |" * len(columns))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print("\n" + json.dumps({"title": title, "machine": machine(), **data}))
