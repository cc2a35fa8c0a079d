"""The process that commands are forked from: it has imported what they need, which would be most of the time of each.

Its stdin is a socket. A message asks for one: JSON, with three file descriptors: a socket, its stdout, its stderr. The socket is
told the pid, and how it ended. What is forked goes on as `python -m blossm` does in a process of its own, to its very end.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "false"  # it is read when gRPC is imported, and nothing of gRPC's is made here

# Not used here: imported once, and shared by all that are forked.
import httpx  # noqa: F401 - as above
import uvicorn  # noqa: F401
import uvloop  # noqa: F401

import blossm.adapters.sqlite.log
import blossm.adapters.sqlite.states
import blossm.adapters.sqlite.views
import blossm.cli.main
import blossm.local.network
import blossm.local.operations
import blossm.local.places
import blossm.local.processes.network
import blossm.local.reach
import blossm.local.remote
import blossm.local.run
import blossm.model.load
import blossm.procedures.command_gateway
import blossm.procedures.fact_gateway
import blossm.procedures.view_gateway
import blossm.serve.gateway  # noqa: F401 - as above

LARGEST = 1 << 20  # bytes of a message


def asked_for() -> dict[str, Any]:
    """What a command is asked to be. Returns in the process that is to be it, once for each; ends this one when nobody asks."""
    asking = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    gc.freeze()  # a collection in a child would write to, and so copy, what all share
    while True:
        message, files, _, _ = socket.recv_fds(asking, LARGEST, 3)
        if not message:
            os._exit(0)
        if os.fork() == 0:
            break
        for file in files:
            os.close(file)
        with suppress(ChildProcessError):  # of those who saw to an end before
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    asking.close()
    _become(*files)
    asked: dict[str, Any] = json.loads(message)
    return asked


def _become(told: int, stdout: int, stderr: int) -> None:
    """Return in a child; here, see to its end."""
    if pid := os.fork():
        os.close(stdout)
        os.close(stderr)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with socket.socket(fileno=told) as ours, suppress(BrokenPipeError):
            ours.send(str(pid).encode())
            ours.send(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())
        os._exit(0)
    os.close(told)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs tests in the background has it ignored
    for file, number in ((stdout, 1), (stderr, 2)):
        os.dup2(file, number)
        os.close(file)


if __name__ == "__main__":
    asked = asked_for()
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    sys.path[0] = str(Path.cwd())
    sys.argv[1:] = asked["arguments"]
    runpy.run_module("blossm", run_name="__main__", alter_sys=True)
