"""A language host whose programs need not be imported for each command: that would be most of its time."""

from __future__ import annotations

import multiprocessing
from typing import Any

from pulumi.runtime.proto import language_pb2
from tools.pulumi.plugins.language import LanguageHost, ended

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.engine.program"])


class ForkingHost(LanguageHost):
    """Runs each program in a process of its own, forked from one that has imported everything and does nothing else."""

    def Run(self, request: language_pb2.RunRequest, context: Any) -> language_pb2.RunResponse:
        process = _PROCESSES.Process(target=_run, args=(request.SerializeToString(),))
        process.start()
        if not context.add_callback(process.kill):  # does nothing to one that has ended
            process.kill()
        process.join()
        return ended(process.exitcode or 0)


def _run(serialized: bytes) -> None:
    from tests.engine import program  # it is there already: the process that forks has imported it

    program.run(serialized)
