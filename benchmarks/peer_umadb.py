"""UmaDB, an event store whose server and client are written in Rust, with its Python client: a peer for appends over gRPC.

It is measured where it is installed (`python -m pip install umadb==0.7.8`); nothing here needs it. Its client blocks, so as
many threads as calls are in flight use it.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wire_calls import TEXT, Flight, flight_of

_STARTS_WITHIN = 20.0  # seconds
_SERVE = "import sys, umadb; umadb.run_server_from_args(['umadb', *sys.argv[1:]])"


def installed() -> bool:
    return importlib.util.find_spec("umadb") is not None


class UmaDB:
    """A running UmaDB, and appends to it."""

    def __init__(self, port: int) -> None:
        self._umadb: Any = importlib.import_module("umadb")
        self._url = f"http://127.0.0.1:{port}"

    def ready(self) -> None:
        """Return when it answers."""
        until = time.monotonic() + _STARTS_WITHIN
        while True:
            try:
                self._umadb.Client(self._url).head()
            except Exception:  # its own errors, whichever: it is not there yet
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
            else:
                return

    def appended(self, count: int, *, in_flight: int) -> Flight:
        """Append so many events of 200 bytes, one a call."""
        waiting, times = iter(range(count)), list[float]()
        next_one = threading.Lock()

        def caller() -> None:
            client = self._umadb.Client(self._url)
            while True:
                with next_one:
                    if next(waiting, None) is None:
                        return
                began = time.perf_counter()
                client.append([self._event()])
                times.append(time.perf_counter() - began)

        threads = [threading.Thread(target=caller) for _ in range(in_flight)]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return flight_of(times, time.perf_counter() - began)

    def _event(self) -> Any:
        return self._umadb.Event("noted", f'{{"text":"{TEXT}"}}'.encode(), tags=[f"root:{uuid.uuid4()}"])


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[tuple[int, UmaDB]]:
    """UmaDB over an empty folder; yields its process's id and a way to append."""
    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", _SERVE, "--listen", f"127.0.0.1:{port}", "--db-path", str(folder)]
    with (folder / "log").open("wb") as said, subprocess.Popen(command, stdout=said, stderr=said) as server:
        try:
            uma = UmaDB(port)
            uma.ready()
            yield server.pid, uma
        finally:
            server.terminate()
