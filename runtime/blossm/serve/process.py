"""One procedure in one process: built with its clients, served, and drained."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import AsyncExitStack, suppress

import structlog
import uvloop

from blossm.core.time import rfc3339
from blossm.procedures.callers import word_of
from blossm.serve.callee import Callee
from blossm.serve.config import ProcessConfig, from_json
from blossm.serve.control import AskStatus, Control, Failed, FromParent, Ready, Status, Stop
from blossm.serve.draining import grace
from blossm.serve.garbage import leave_alone_what_stays
from blossm.serve.gateway import Gateway
from blossm.serve.logs import log_to_stderr
from blossm.serve.projection import Projection
from blossm.serve.served import Served, Setting
from blossm.serve.told import FINDINGS, words

QUICK = 5.0  # seconds that requests have when nobody is there any more who started this process

log = structlog.get_logger("blossm.serve")


def live(sock: socket.socket) -> int:
    """Be the process that the first line of the control socket describes; answers its exit code."""
    os.dup2(2, 1)
    sys.stdout = sys.stderr  # what handlers print is talk
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop.run_until_complete(_live(sock))


async def _live(sock: socket.socket) -> int:
    control: Control[FromParent] = await Control.over(sock, type=FromParent)
    try:
        if not (line := await control.line()):
            return 0
        config = from_json(line)
        log_to_stderr(word_of(config.ref))
        return await serve(config, control)
    finally:
        await control.close()


async def serve(config: ProcessConfig, control: Control[FromParent]) -> int:
    """Serve the procedure until it is told to stop, or its parent is gone; answers the exit code.

    Says `ready` when it answers, or `failed` when it can't be. Event stores, commands, facts and view stores answer over
    gRPC; gateways, and projections for their health alone, over HTTP. SIGTERM is a stop, SIGINT is ignored:
    a terminal's interrupt is for the parent, which knows in which order processes end.
    """
    stops = Stops(grace=grace(config.network))
    async with AsyncExitStack() as closing:
        setting = Setting.of(config, closing=closing)
        try:
            served = await _started(setting)
        except Exception as error:  # whatever it is, the parent is told
            failed = _failed(error)
            control.send(failed)
            return failed.code
        started = rfc3339(setting.clock.now())
        control.send(Ready(served.address))
        leave_alone_what_stays()
        listening = asyncio.create_task(_listen(control, served, started, stops))
        await stops.drained(served)
        listening.cancel()
    return 0


async def _started(setting: Setting) -> Served:
    match setting.config.ref.kind:
        case "event-store" | "command" | "fact" | "view-store":
            return await Callee.start(setting)
        case "projection":
            return await Projection.start(setting)
        case "command-gateway" | "fact-gateway" | "view-gateway":
            return await Gateway.start(setting)


async def _listen(control: Control[FromParent], served: Served, started: str, stops: Stops) -> None:
    """Do what the parent says; when it is gone, nobody waits for us any more."""
    try:
        async for message in control.messages():
            match message:
                case AskStatus():
                    health = served.health()
                    control.send(Status(started, health.requests, health.errors, health.projection))
                case Stop():
                    stops.stop()
    finally:
        stops.hurry()


class Stops:
    """How often this process was told to stop, and how long requests under way may take then."""

    def __init__(self, *, grace: float) -> None:
        self._grace = grace
        self._first, self._second = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.stop)
        loop.add_signal_handler(signal.SIGINT, lambda: None)

    def stop(self) -> None:
        """Drain; a second time: drop what is under way."""
        (self._second if self._first.is_set() else self._first).set()

    def hurry(self) -> None:
        """Drain, and not for long."""
        self._grace = min(self._grace, QUICK)
        self._first.set()
        asyncio.get_running_loop().call_later(QUICK, self._second.set)

    async def drained(self, served: Served) -> None:
        """Wait until it is told to stop, and has stopped."""
        await self._first.wait()
        draining = asyncio.create_task(served.stop(grace=self._grace))
        dropping = asyncio.create_task(self._second.wait())
        await asyncio.wait((draining, dropping), return_when=asyncio.FIRST_COMPLETED)
        if dropping.done() and not draining.done():
            draining.cancel()
            with suppress(asyncio.CancelledError):
                await draining
            await served.stop(grace=0)
        else:
            dropping.cancel()
            await draining


def _failed(error: Exception) -> Failed:
    if known := words(error):
        return Failed(*known)
    log.error("the procedure can't be served", exc_info=error)
    return Failed(f"error: {type(error).__name__}: {error}", FINDINGS)
