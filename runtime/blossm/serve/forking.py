"""`python -m blossm.serve.forking`: the process that a network's processes are forked from, see `serve.nursery`.

It has imported what they need and does nothing else: no event loop, no thread, no gRPC object, so that a fork is safe. Its stdin
is a socket to the parent: a byte with file descriptors asks for a process; `born <pid>` and `ended <pid> <code>` are answered.
It ends when the parent is gone.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import sys
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
    """Fork when the parent asks, tell it who ended, until it is gone."""
    parent = socket.socket(fileno=os.dup(0))
    _read_nothing()
    for number in (signal.SIGINT, signal.SIGTERM):  # a handler, not SIG_IGN: that would stay in programs that handlers start
        signal.signal(number, _nothing)
    woken, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    signal.signal(signal.SIGCHLD, _nothing)
    gc.disable()
    gc.freeze()  # a collection in a child would write to, and so copy, what all share
    while True:
        readable, _, _ = select.select((parent, woken), (), ())
        if woken in readable:
            woken.recv(4096)
            _tell_ended(parent)
        if parent in readable:
            asked, files, _, _ = socket.recv_fds(parent, 1, MOST_FILES)
            if not asked:
                return
            if (pid := os.fork()) == 0:
                signal.set_wakeup_fd(-1)
                for ours in (parent, woken, waker):
                    ours.close()
                _child(files)
            for file in files:
                os.close(file)
            parent.sendall(b"born %d\n" % pid)


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


def _tell_ended(parent: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        parent.sendall(b"ended %d %d\n" % (pid, os.waitstatus_to_exitcode(status)))


def _read_nothing() -> None:
    """Handlers that read stdin find it empty."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def _nothing(_number: int, _frame: object) -> None:
    """The parent says when to end."""


if __name__ == "__main__":
    with suppress(BrokenPipeError, ConnectionResetError):  # the parent is gone
        main()
