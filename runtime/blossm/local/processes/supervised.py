"""One process of the network, kept running: started, watched, and started again when it ends unasked."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Literal

import structlog

from blossm.core.errors import Unavailable
from blossm.local.processes.backoff import Backoff
from blossm.model.network import Ref
from blossm.ports import Clock
from blossm.serve.control import AskStatus, Failed, Ready, Status, Stop
from blossm.serve.nursery import Child
from blossm.serve.told import DidNotStart, words

State = Literal["starting", "up", "waiting", "ended"]  # waiting: to be started again

START = 60.0  # seconds in which a process must be ready
ANSWER = 2.0  # seconds in which it must say how it is
FAREWELL = 5.0  # seconds in which it must end after it was told to drop what is under way

log = structlog.get_logger("blossm.local")


class Supervised:
    """A process and its successors. `first` starts it, `keep` keeps it running, `end` ends it."""

    def __init__(self, ref: Ref, *, address: str, start: Callable[[], Awaitable[Child]], clock: Clock) -> None:
        """`address`: where it listens, for as long as the network runs."""
        self.ref = ref
        self.address = address
        self.state: State = "starting"
        self.restarts = 0
        self.last: Status | None = None  # how it was when it last said so
        self._start = start
        self._clock = clock
        self._backoff = Backoff()
        self._child: Child | None = None
        self._word: asyncio.Future[Ready | Failed] | None = None  # its first one
        self._asked: asyncio.Future[Status] | None = None
        self._gone: asyncio.Task[int] | None = None
        self._up_since: float | None = None
        self._dropped = asyncio.Event()

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    async def first(self) -> None:
        """Start it; return when it answers. Raises DidNotStart when it can't be served, Unavailable when it ends before."""
        match await self._begin():
            case Failed() as failed:
                await self._ended()
                raise DidNotStart(failed.text, code=failed.code)
            case None:
                how = told(await self._ended())
                raise Unavailable(f"the process of {self.name} did not start: {how}")

    async def keep(self) -> None:
        """Start it again whenever it ends, until this is cancelled."""
        problem = ""
        while True:
            how = problem or told(await self._ended())
            pause = self._backoff.pause(up=0 if self._up_since is None else self._clock.monotonic() - self._up_since)
            log.warning("a process ended", procedure=self.name, how=how, again_in=f"{pause:g} s")
            self.state = "waiting"
            await self._clock.sleep(pause)
            self.restarts += 1
            try:
                problem = await self._again()
            except Exception as error:  # whatever keeps it from starting, the next try may do better
                known = words(error)
                problem = first_line(known[0]) if known else repr(error)

    async def status(self) -> Status | None:
        """How it is; None when it does not say."""
        if self._child is None or self._gone is None or self.state != "up":
            return None
        asked = self._asked
        if asked is None:
            asked = self._asked = asyncio.get_running_loop().create_future()
            self._child.send(AskStatus())
        await asyncio.wait((asked, self._gone), return_when=asyncio.FIRST_COMPLETED, timeout=ANSWER)
        return asked.result() if asked.done() else None

    def drop(self) -> None:
        """From now on, its end is not to wait for what is under way."""
        self._dropped.set()

    async def end(self, *, grace: float) -> None:
        """Tell it to finish, and wait until it is gone. What takes longer than `grace` seconds is dropped, then killed.

        One that is still starting has nothing to finish.
        """
        child, gone = self._child, self._gone
        if child is None or gone is None:
            return
        if self.state != "starting":
            child.send(Stop())
            await self._gone_or_dropped(gone, grace)
            if not gone.done():
                child.send(Stop())
                await asyncio.wait((gone,), timeout=FAREWELL)
        if not gone.done():
            child.kill()
            await asyncio.wait((gone,), timeout=FAREWELL)
        self.state = "ended"

    async def _gone_or_dropped(self, gone: asyncio.Task[int], grace: float) -> None:
        dropped = asyncio.create_task(self._dropped.wait())
        await asyncio.wait((gone, dropped), timeout=grace, return_when=asyncio.FIRST_COMPLETED)
        dropped.cancel()

    @property
    def name(self) -> str:
        """As messages name it: `command shop.bicycle.paint`."""
        return f"{self.ref.kind} {self.ref.address}"

    # ------------------------------------------------------------ one life

    async def _begin(self) -> Ready | Failed | None:
        """Start it; answers its first word, None when it ended without one."""
        self.state, self._up_since = "starting", None
        word: asyncio.Future[Ready | Failed] = asyncio.get_running_loop().create_future()
        self._word = word
        child, gone = await self._born()
        await asyncio.wait((word, gone), return_when=asyncio.FIRST_COMPLETED, timeout=START)
        if not word.done():
            if not gone.done():
                log.warning("a process does not come up, and is killed", procedure=self.name, after=f"{START:g} s")
                child.kill()
            return None
        if isinstance(said := word.result(), Ready):
            self.state, self._up_since = "up", self._clock.monotonic()
        return said

    async def _born(self) -> tuple[Child, asyncio.Task[int]]:
        """The next process, and what waits for its end. Once asked for, it comes: who is cancelled meanwhile has one to end."""
        asked = asyncio.ensure_future(self._start())
        try:
            await asyncio.wait((asked,))
        finally:
            child = self._child = await asked
            gone = self._gone = asyncio.create_task(self._live(child), name=self.name)
        return child, gone

    async def _again(self) -> str:
        """Start it once more; answers why it can't be served, empty when it can or has ended without a word."""
        match await self._begin():
            case Ready():
                log.info("a process is up again", procedure=self.name, pid=self.pid)
            case Failed(text=text):
                await self._ended()
                return first_line(text) or "it can't be served"
        return ""

    async def _live(self, child: Child) -> int:
        """Listen to what it says until it is gone; answers its exit code."""
        async for message in child.messages():
            match message:
                case Ready() | Failed() if self._word and not self._word.done():
                    self._word.set_result(message)
                case Status():
                    self.last = message
                    if self._asked and not self._asked.done():
                        self._asked.set_result(message)
                    self._asked = None
        return await child.ended()

    async def _ended(self) -> int:
        assert self._gone
        code = await asyncio.shield(self._gone)
        self._child, self._asked = None, None
        return code


def told(code: int) -> str:
    """How a process ended, for people."""
    if code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"


def first_line(text: str) -> str:
    """An error as one line of the log."""
    return text.partition("\n")[0].removeprefix("error: ").strip()
