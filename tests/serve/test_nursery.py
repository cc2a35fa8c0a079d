"""The process that forks the others, on the event loop of the command line and on Python's own."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest
import uvloop
from tests.serve.tower import LOG, RING, SOON, Process, Tower, built, request

from blossm.core.errors import Unavailable
from blossm.serve import nursery as module
from blossm.serve.nursery import Nursery

Run = Callable[[Coroutine[None, None, None]], None]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    def run(scenario: Coroutine[None, None, None]) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(asyncio.wait_for(scenario, 3 * SOON))

    return run


def test_when_who_forks_is_killed_the_processes_are_gone_and_others_can_be_started(tmp_path: Path, run: Run) -> None:
    async def killed_and_begun_again() -> None:
        async with Nursery() as nursery:
            tower = Tower(built(tmp_path / "network"), nursery)
            [log] = await tower.ready(LOG)
            os.kill(parent_of(log), signal.SIGKILL)
            assert await log.code() == -signal.SIGKILL
            await tower.ready(LOG)

    run(killed_and_begun_again())


def test_when_all_are_killed_at_once_all_are_known_to_be_gone(tmp_path: Path, run: Run) -> None:
    async def killed() -> None:
        async with Nursery() as nursery:
            log, ring = await Tower(built(tmp_path / "network"), nursery).ready(LOG, RING)
            forking = parent_of(log)
            os.kill(forking, signal.SIGSTOP)  # so that it tells of none
            for pid in (log.child.pid, ring.child.pid, forking):
                os.kill(pid, signal.SIGKILL)
            assert [await log.code(), await ring.code()] == [-signal.SIGKILL, -signal.SIGKILL]

    run(killed())


def test_when_who_forks_stands_still_the_processes_end_all_the_same(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LAST", 0.1)

    async def closed() -> None:
        async with Nursery(farewell=0.1) as nursery:
            [log] = await Tower(built(tmp_path / "network"), nursery).ready(LOG)
            os.kill(parent_of(log), signal.SIGSTOP)
        assert await log.code() == -signal.SIGKILL

    run(closed())


def test_a_process_that_nobody_waited_for_long_enough_is_not_taken_for_the_next_one(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def late() -> None:
        async with Nursery() as nursery:
            tower = Tower(built(tmp_path / "network"), nursery)
            [log] = await tower.ready(LOG)
            os.kill(parent_of(log), signal.SIGSTOP)
            with monkeypatch.context() as hasty:
                hasty.setattr(module, "BORN", 0.1)
                with pytest.raises(Unavailable, match="could not be started"):
                    await tower.start(LOG)
            starting = asyncio.create_task(tower.start(RING))
            for _ in range(20):  # until it is asked for
                await asyncio.sleep(0)
            os.kill(parent_of(log), signal.SIGCONT)
            ring = await starting
            async with tower.clients() as clients:
                answer = await clients.command(RING.address).call(request(RING))
            assert answer.response == {"pid": ring.child.pid}

    run(late())


def parent_of(process: Process) -> int:
    status = Path(f"/proc/{process.child.pid}/status").read_text()
    return int(status.partition("PPid:")[2].split()[0])
