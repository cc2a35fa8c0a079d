"""A whole network in one process: built, run and closed in order."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.local.harbour import ROOT, harbour

from blossm.adapters.memory.clock import FakeClock
from blossm.core.errors import Unavailable
from blossm.core.request import Request
from blossm.handlers.modules import HandlerError
from blossm.local.calls import request_to
from blossm.local.network import LocalNetwork
from blossm.local.state import StateFolder
from blossm.local.storage import FolderStorage, MemoryStorage
from blossm.model.load import load
from blossm.ports import LogStore


def adding(local: LocalNetwork, name: str = "North") -> Request:
    command = local.network.commands["port.berth.add"]
    return request_to(command, {"name": name}, root="", context={}, claims={}, clock=local.clock)


async def test_what_was_acknowledged_before_it_closes_is_there_when_it_opens_again(tmp_path: Path) -> None:
    for opening in range(1, 4):
        folder = StateFolder.hold(tmp_path)
        async with await LocalNetwork.open(harbour(), storage=FolderStorage(harbour(), folder)) as local:
            local.start()
            await asyncio.gather(*(local.operator.command("port.berth.add").call(adding(local)) for _ in range(10)))
            assert await local.procedures.event_stores["port"].head() == 10 * opening + 1
        folder.close()


async def test_what_was_opened_is_closed_when_a_handler_fails_to_import(tmp_path: Path) -> None:
    root = Path(shutil.copytree(ROOT, tmp_path / "network", ignore=shutil.ignore_patterns(".blossm", "__pycache__")))
    commands = root / "crew" / "commands.py"
    commands.write_text(f"{commands.read_text()}\nraise RuntimeError('not today')\n")
    closed: list[str] = []

    class Storage(MemoryStorage):
        async def log(self, service: str) -> LogStore:
            closed.append(f"opened {service}")
            return await super().log(service)

        async def close(self) -> None:
            closed.append("closed")

    network = load(root)
    with pytest.raises(HandlerError, match="not today"):
        await LocalNetwork.open(network, storage=Storage(network))
    assert closed[-1] == "closed"
    assert "opened port" in closed


async def test_a_part_that_breaks_is_begun_again_after_a_pause() -> None:
    clock = FakeClock()
    begins = 0
    stays = asyncio.Event()

    async def breaking() -> None:
        nonlocal begins
        begins += 1
        if begins == 1:
            raise Unavailable("for a moment")
        stays.set()
        await asyncio.Event().wait()

    async with await LocalNetwork.open(harbour(), storage=MemoryStorage(harbour()), clock=clock) as local:
        with capture_logs() as logged:
            local.kept.run("a part", breaking)
            while not clock.sleeping:  # noqa: ASYNC110 - the clock has no event for it
                await asyncio.sleep(0)
        clock.advance(1.0)
        await asyncio.wait_for(stays.wait(), 5)
    assert begins == 2
    assert [(line["part"], line["problem"]) for line in logged] == [("a part", "for a moment")]  # and no traceback


async def test_calls_that_wait_are_counted() -> None:
    async with await LocalNetwork.open(harbour(), storage=MemoryStorage(harbour())) as local:
        assert local.waiting() == 0
        local.storage.timers.add([("later port 1 0", "2030-01-01T00:00:00.000000Z", b"{}")])
        assert local.waiting() == 1
