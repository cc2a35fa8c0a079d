"""A process is kept running: when it ends unasked the next one comes, later each time; when it is told to end, none does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from blossm.adapters.memory.clock import FakeClock
from blossm.core.errors import Unavailable
from blossm.local.processes import supervised
from blossm.local.processes.supervised import Supervised
from blossm.model.network import Ref
from blossm.serve.control import AskStatus, Failed, FromParent, FromProcess, Ready, Status, Stop
from blossm.serve.nursery import Child
from blossm.serve.told import DidNotStart


class FakeChild(Child):
    """A process that says what a test wants it to say."""

    def __init__(self, pid: int, *words: FromProcess) -> None:
        self.pid = pid
        self.told: list[FromParent] = []
        self.obeys = True
        self.killed = False
        self._said: asyncio.Queue[FromProcess | None] = asyncio.Queue()
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        for word in words:
            self._said.put_nowait(word)

    def send(self, message: FromParent) -> None:
        self.told.append(message)
        match message:
            case AskStatus():
                self._said.put_nowait(Status("2026-01-31T12:00:00Z", 7, 1))
            case Stop() if self.obeys:
                self.end(0)

    async def messages(self) -> AsyncIterator[FromProcess]:
        while (word := await self._said.get()) is not None:
            yield word

    async def ended(self) -> int:
        return await asyncio.shield(self._ended)

    def kill(self) -> None:
        self.killed = True
        self.end(-9)

    def end(self, code: int) -> None:
        self._said.put_nowait(None)
        if not self._ended.done():
            self._ended.set_result(code)


READY = Ready("127.0.0.1:1")


class Births:
    """Gives the processes that a test has in mind, one after the other."""

    def __init__(self, *children: FakeChild | Exception) -> None:
        self.left = list(children)

    async def __call__(self) -> Child:
        child = self.left.pop(0)
        if isinstance(child, Exception):
            raise child
        return child


def looked_after(clock: FakeClock, *children: FakeChild | Exception) -> Supervised:
    return Supervised(Ref("command", "port.ring"), address="127.0.0.1:1", start=Births(*children), clock=clock)


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def test_it_is_up_when_it_says_so_and_tells_how_it_is(clock: FakeClock) -> None:
    process = looked_after(clock, FakeChild(11, READY))
    assert (process.state, process.pid, await process.status()) == ("starting", None, None)
    await process.first()
    assert (process.state, process.pid, process.restarts) == ("up", 11, 0)
    one, other = await asyncio.gather(process.status(), process.status())  # asked once
    assert one == other == process.last == Status("2026-01-31T12:00:00Z", 7, 1)
    await process.end(grace=1)


async def test_one_that_cannot_be_served_says_why(clock: FakeClock) -> None:
    failing = FakeChild(11, Failed("error: no such name\nhelp: name it", 1))
    failing.end(1)
    with pytest.raises(DidNotStart) as raised:
        await looked_after(clock, failing).first()
    assert raised.value.exit_code == 1


async def test_one_that_ends_before_it_says_anything_did_not_start(clock: FakeClock) -> None:
    dying = FakeChild(11)
    dying.end(-11)
    with pytest.raises(Unavailable, match=r"command port\.ring did not start: SIGSEGV"):
        await looked_after(clock, dying).first()


async def test_one_that_hangs_is_killed(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervised, "START", 0.01)
    hanging = FakeChild(11)
    with capture_logs() as lines, pytest.raises(Unavailable, match="did not start"):
        await looked_after(clock, hanging).first()
    assert hanging.killed
    assert [line["event"] for line in lines] == ["a process does not come up, and is killed"]


async def test_the_next_one_comes_later_each_time_and_each_end_is_one_line(clock: FakeClock) -> None:
    first, second, third = FakeChild(1, READY), FakeChild(2, Failed("error: off\nmore", 1)), FakeChild(3, READY)
    process = looked_after(clock, first, second, OSError("no more processes"), third)
    await process.first()
    with capture_logs() as lines:
        keeping = asyncio.create_task(process.keep())
        first.end(-9)
        await settled()
        assert (process.state, process.pid) == ("waiting", None)
        second.end(1)
        for pause in (0.1, 0.2, 0.4):
            clock.advance(pause)
            await settled()
    assert (process.state, process.pid, process.restarts) == ("up", 3, 3)
    assert [(line["event"], line.get("how"), line.get("again_in")) for line in lines] == [
        ("a process ended", "SIGKILL", "0.1 s"),
        ("a process ended", "off", "0.2 s"),
        ("a process ended", "no more processes", "0.4 s"),
        ("a process is up again", None, None),
    ]
    keeping.cancel()
    await process.end(grace=1)


async def test_the_time_that_starting_takes_does_not_count_as_up(clock: FakeClock) -> None:
    first, slow = FakeChild(1, READY), FakeChild(2)
    process = looked_after(clock, first, *[OSError("no more processes")] * 8, slow)
    await process.first()
    with capture_logs() as lines:
        keeping = asyncio.create_task(process.keep())
        first.end(-9)
        await settled()
        for pause in (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0):
            clock.advance(pause)
            await settled()
        clock.advance(30)  # it needs its time, and breaks
        slow.end(-11)
        await settled()
    pauses = [line["again_in"] for line in lines]
    assert pauses == ["0.1 s", "0.2 s", "0.4 s", "0.8 s", "1.6 s", "3.2 s", "5 s", "5 s", "5 s", "5 s"]
    keeping.cancel()
    await process.end(grace=1)


async def test_told_to_end_it_ends_and_what_takes_too_long_is_dropped_and_then_killed(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervised, "FAREWELL", 0.01)
    obeying, deaf = FakeChild(1, READY), FakeChild(2, READY)
    deaf.obeys = False
    for child in (obeying, deaf):
        process = looked_after(clock, child)
        await process.first()
        await process.end(grace=0.01)
        assert process.state == "ended"
    assert (obeying.told, obeying.killed) == ([Stop()], False)
    assert (deaf.told, deaf.killed) == ([Stop(), Stop()], True)


async def test_what_is_dropped_is_not_waited_for(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervised, "FAREWELL", 0.01)
    deaf = FakeChild(1, READY)
    deaf.obeys = False
    process = looked_after(clock, deaf)
    await process.first()
    async with asyncio.timeout(5):
        ending = asyncio.create_task(process.end(grace=1000))
        await settled()
        process.drop()
        await ending
    assert (deaf.told, deaf.killed) == ([Stop(), Stop()], True)


async def test_a_start_that_is_given_up_leaves_a_process_that_can_be_ended(clock: FakeClock) -> None:
    late = FakeChild(1)
    born = asyncio.Event()

    async def start() -> Child:
        await born.wait()
        return late

    process = Supervised(Ref("command", "port.ring"), address="127.0.0.1:1", start=start, clock=clock)
    starting = asyncio.create_task(process.first())
    await settled()
    starting.cancel()
    born.set()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await process.end(grace=1)
    assert late.killed
