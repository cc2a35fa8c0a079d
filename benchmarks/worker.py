"""A contestant of a benchmark: a process of its own that does one task after another and says what each took.

Peers run so under a Python of their own (`make peers`), so this file imports nothing but Python's own library.
A line of JSON goes in, `{"task": NAME, …arguments}`, and a line comes out: what the function of that name answers.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PEERS = HERE.parent / ".tools" / "peers" / "bin" / "python"
LONGEST = 600.0  # seconds that a task may take

Taken = dict[str, float]  # what a task took, see `Clock.taken`


def work(of: object, *tasks: str) -> None:
    """The contestant's side: do what is asked, by the methods of these names, until nobody asks any more."""
    for line in sys.stdin:
        asked = json.loads(line)
        task = asked.pop("task")
        assert task in tasks, task
        print(json.dumps(getattr(of, task)(**asked)), flush=True)


class Worker:
    """Our side: a contestant that is running."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.pid = process.pid

    def ask(self, task: str, **arguments: Any) -> dict[str, Any]:
        """What it answers. Raises when it breaks, or takes too long."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        watchdog = threading.Timer(LONGEST, self._process.kill)
        watchdog.start()
        try:
            self._process.stdin.write(json.dumps({"task": task, **arguments}) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        finally:
            watchdog.cancel()
        if not answer:
            raise RuntimeError(f"{self._process.args!r} broke at {task}; it says why above")
        return dict(json.loads(answer))


@contextlib.contextmanager
def working(script: str, *arguments: object, python: Path | str = sys.executable) -> Iterator[Worker]:
    """Start a contestant: a script of this folder. It ends when nobody asks any more."""
    command = [str(python), str(HERE / script), *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Worker(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


def peers() -> Path | None:
    """The Python that has the peers, where they are installed."""
    return PEERS if PEERS.exists() else None


@contextlib.contextmanager
def folders() -> Iterator[Iterator[Path]]:
    """As many new folders as are asked for, on the disk that is measured (TMPDIR); they are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="blossm-bench-") as name:

        def made(number: int) -> Path:
            folder = Path(name) / str(number)
            folder.mkdir()
            return folder

        yield map(made, itertools.count())


class Clock:
    """Runs from when it is made: the time on the wall, and the processor's time of this process."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._used = time.process_time()

    def taken(self, operations: int, times: Sequence[float] = ()) -> Taken:
        """What so many operations took until now: how many a second, µs of processor time each, and the calls' `times`."""
        seconds, used = time.perf_counter() - self._began, time.process_time() - self._used
        told = {"per_second": operations / seconds, "cpu_us": used / operations * 1e6}
        if times:
            ordered = sorted(times)
            told |= {"p50_ms": ordered[len(times) // 2] * 1000, "p99_ms": ordered[len(times) * 99 // 100] * 1000}
        return told


def called(call: Callable[[Any], object], each: Sequence[Any], *, callers: int = 1) -> Taken:
    """Call it once with each of `each`, from so many threads."""
    waiting, times, failed = iter(each), list[float](), list[BaseException]()
    next_one = threading.Lock()

    def caller() -> None:
        try:
            while True:
                with next_one:
                    argument = next(waiting, None)
                if argument is None:
                    return
                began = time.perf_counter()
                call(argument)
                times.append(time.perf_counter() - began)
        except BaseException as error:  # raised below, where it is heard
            failed.append(error)

    clock = Clock()
    threads = [threading.Thread(target=caller) for _ in range(callers - 1)]
    for thread in threads:
        thread.start()
    caller()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return clock.taken(len(times), times)

