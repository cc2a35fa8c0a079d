"""The process that forks the others, on the event loop of the command line and on Python's own."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop
from tests.serve.tower import LOG, Process, Tower, built

from blossm.serve.nursery import Nursery


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_when_who_forks_is_killed_the_processes_are_gone_and_others_can_be_started(
    tmp_path: Path, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def killed_and_begun_again() -> None:
        async with Nursery() as nursery:
            tower = Tower(built(tmp_path / "network"), nursery)
            [log] = await tower.ready(LOG)
            os.kill(parent_of(log), signal.SIGKILL)
            assert await log.code() == -signal.SIGKILL
            await tower.ready(LOG)

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(killed_and_begun_again())


def parent_of(process: Process) -> int:
    status = Path(f"/proc/{process.child.pid}/status").read_text()
    return int(status.partition("PPid:")[2].split()[0])
