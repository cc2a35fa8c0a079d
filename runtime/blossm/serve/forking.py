"""`python -m blossm.serve.forking SECONDS`: the process that a network's processes are forked from, see `serve.nursery`.

It has imported what they need and does nothing else: no event loop, no thread, no gRPC object, so that a fork is safe. Its stdin
is a socket to the parent: a byte with file descriptors asks for a process. The answers come in the order of what was asked:
`born <pid>`, or `unborn <why>`; `ended <pid> <code>` comes at any time.

When the parent is gone its processes end by themselves. Those that are left after some seconds, since their code hangs, are
killed; then this one ends, as the last.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import sys
import time
import traceback
from contextlib import suppress
from typing import NoReturn

# Not used here: imported once, and shared by all that are forked.
import blossm.adapters.sqlite.log
import blossm.adapters.sqlite.states
import blossm.adapters.sqlite.views
import blossm.procedures.command_gateway
import blossm.procedures.fact_gateway
import blossm.procedures.view_gateway
import blossm.serve.gateway  # noqa: F401 - as above
from blossm.serve.process import live

MOST_FILES = 16


def main() -> None:
    """Fork when the parent asks."""
    parent = socket.socket(fileno=os.dup(0))
    _read_nothing()
    gc.disable()
    gc.freeze()  # a collection in a child would write to, and so copy, what all share
    Forking(parent, farewell=float(sys.argv[1])).run()


class Forking:
    """Forks when the parent asks, and tells it who ended. When the parent is gone, it sees to it that the children end."""

    def __init__(self, parent: socket.socket, *, farewell: float) -> None:
        """`farewell`: seconds in which the children end by themselves, once the parent is gone."""
        self._parent = parent
        self._farewell = farewell
        self._children: set[int] = set()
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno())
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):  # not SIG_IGN: it would stay in what handlers start
            signal.signal(number, _nothing)

    def run(self) -> None:
        """Until the parent and all children are gone."""
        while self._serve():
            pass
        last = time.monotonic() + self._farewell
        while self._children:
            if (left := last - time.monotonic()) <= 0:
                self._kill()
            if select.select((self._woken,), (), (), max(left, 0) or None)[0]:
                self._see_ended()
        signal.set_wakeup_fd(-1)

    def _serve(self) -> bool:
        """Do what is to do next; False when the parent is gone."""
        readable, _, _ = select.select((self._parent, self._woken), (), ())
        if self._woken in readable:
            self._see_ended()
        if self._parent not in readable:
            return True
        try:
            asked, files, _, _ = socket.recv_fds(self._parent, 1, MOST_FILES)
        except ConnectionResetError:
            return False
        if asked:
            self._fork(files)
            for file in files:
                os.close(file)
        return bool(asked)

    def _fork(self, files: list[int]) -> None:
        try:
            pid = os.fork()
        except OSError as error:  # there are too many processes, or there is no memory
            self._tell(f"unborn {error.strerror}")
            return
        if pid == 0:
            signal.set_wakeup_fd(-1)
            for ours in (self._parent, self._woken, self._waker):
                ours.close()
            _child(files)
        self._children.add(pid)
        self._tell(f"born {pid}")

    def _see_ended(self) -> None:
        self._woken.recv(4096)
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self._children.discard(pid)
            self._tell(f"ended {pid} {os.waitstatus_to_exitcode(status)}")

    def _kill(self) -> None:
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)

    def _tell(self, line: str) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # the parent is gone
            self._parent.sendall(f"{line}\n".encode())


def _child(files: list[int]) -> NoReturn:
    """Be the process that was asked for: the first file is its control socket, the others are kept open."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for file in files:
            os.set_inheritable(file, False)
        code = live(socket.socket(fileno=files[0]))
    except BaseException:  # whatever it is: a child must not go on where its parent is in this program
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _read_nothing() -> None:
    """Handlers that read stdin find it empty."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def _nothing(_number: int, _frame: object) -> None:
    """The parent says when to end."""


if __name__ == "__main__":
    main()
