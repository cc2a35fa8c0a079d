"""UmaDB, an event store whose server and client are written in Rust, with its Python client: a peer for appends over gRPC.

    .tools/peers/bin/python benchmarks/peer_umadb.py FOLDER        a worker, see worker.py

Its server is a process of its own. Its client blocks, so as many threads as calls are in flight use it.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import umadb
from worker import Taken, called, work

TEXT = "x" * 189
DATA = f'{{"text":"{TEXT}"}}'.encode()  # 200 bytes
STARTS_WITHIN = 20.0  # seconds
_SERVE = "import sys, umadb; umadb.run_server_from_args(['umadb', *sys.argv[1:]])"


class UmaDB:
    """A running server, and appends to it."""

    def __init__(self, port: int, server: int) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self._server = server
        self._own = threading.local()

    def append(self, *, commits: int, callers: int = 1) -> Taken:
        """One event of 200 bytes a call, each with a root of its own as its tag."""
        return called(self._append, [_event() for _ in range(commits)], callers=callers)

    def server(self) -> dict[str, int]:
        return {"pid": self._server}

    def versions(self) -> dict[str, str]:
        return {"umadb": version("umadb")}

    def ready(self) -> None:
        """Return when it answers."""
        until = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                umadb.Client(self._url).head()
            except Exception:  # its own errors, whichever: it is not there yet
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
            else:
                return

    def _append(self, event: umadb.Event) -> None:
        if not hasattr(self._own, "client"):
            self._own.client = umadb.Client(self._url)
        self._own.client.append([event])


def _event() -> umadb.Event:
    return umadb.Event("noted", DATA, tags=[f"root:{uuid.uuid4()}"])


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[UmaDB]:
    """UmaDB over an empty folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", _SERVE, "--listen", f"127.0.0.1:{port}", "--db-path", str(folder)]
    with (folder / "said").open("wb") as said, subprocess.Popen(command, stdout=said, stderr=said) as server:
        try:
            uma = UmaDB(port, server.pid)
            uma.ready()
            yield uma
        finally:
            server.terminate()


if __name__ == "__main__":
    with serving(Path(sys.argv[1])) as uma:
        work(uma, "append", "server", "versions")
