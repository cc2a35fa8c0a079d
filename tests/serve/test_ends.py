"""How processes end: told to, killed, left alone by their parent, or never having served at all."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

import pytest
from tests.serve.tower import BELL, LOG, PROJECTION, RING, RINGS, SOON, TOLL, VIEW, Tower, built, held, request

from blossm.core.errors import BlossmError, DeadlineExceeded, Unavailable
from blossm.core.request import Answer
from blossm.model.load import load
from blossm.model.network import Ref
from blossm.serve.control import Stop
from blossm.serve.nursery import Nursery

pytestmark = pytest.mark.asyncio(loop_scope="module")


@asynccontextmanager
async def tolling(tower: Tower, folder: Path, *, seconds: float = SOON) -> AsyncIterator[tuple[asyncio.Task[Answer], TextIO]]:
    """A command that is under way, and goes on when what is given is closed; its caller waits for so many seconds."""
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    async with tower.clients() as clients:
        call = asyncio.create_task(clients.command(TOLL.address).call(request(TOLL, {"pipe": str(pipe)}, seconds=seconds)))
        async with asyncio.timeout(SOON):
            opened = await asyncio.to_thread(pipe.open, "w")  # waits for the handler to read
        try:
            yield call, opened
        finally:
            opened.close()
            await asyncio.gather(call, return_exceptions=True)


@pytest.mark.parametrize("how", ["told", "by signal"])
async def test_a_command_under_way_finishes_before_its_process_ends(tower: Tower, tmp_path: Path, how: str) -> None:
    _, toll = await tower.ready(LOG, TOLL)
    async with tolling(tower, tmp_path) as (call, opened):
        if how == "told":
            toll.child.send(Stop())
        else:
            os.kill(toll.child.pid, signal.SIGTERM)
        await refuses(tower)
        assert not call.done()
        opened.close()
        assert len((await call).events) == 1
    assert await toll.code() == 0


async def refuses(tower: Tower) -> None:
    """Wait until a command's process takes no more calls."""
    async with tower.clients() as clients:
        for _ in range(200):
            short = request(TOLL, {"pipe": "/dev/null"}, seconds=1)
            try:
                await clients.command(TOLL.address).call(short)
            except (Unavailable, DeadlineExceeded):
                return
    raise AssertionError("it still takes calls")


async def test_a_second_stop_drops_what_is_under_way(tower: Tower, tmp_path: Path) -> None:
    _, toll = await tower.ready(LOG, TOLL)
    async with tolling(tower, tmp_path, seconds=3) as (call, _):
        toll.child.send(Stop())
        toll.child.send(Stop())
        assert await toll.code() == 0
        with pytest.raises(BlossmError):
            await call


async def test_what_was_acknowledged_is_there_after_a_crash_and_the_address_stays(tower: Tower) -> None:
    holder, port = held()
    with holder:
        log = await tower.start(LOG, port=port, shared=True)
        await tower.ready(RING, RINGS)
        async with tower.clients() as clients:
            await clients.command(RING.address).call(request(RING, {"times": 5}))
            log.child.kill()
            assert await log.code() == -signal.SIGKILL
            again = await tower.start(LOG, port=port, shared=True)
            assert (again.address, again.child.pid != log.child.pid) == (log.address, True)
            await clients.command(RING.address).call(request(RING, {"times": 2}))
            assert (await clients.fact(RINGS.address).read(request(RINGS))).response == {"rings": 7}


async def test_a_projection_goes_on_after_its_process_and_its_logs_were_killed(tower: Tower) -> None:
    holder, port = held()
    with holder:
        log = await tower.start(LOG, port=port, shared=True)
        _, _, projection = await tower.ready(VIEW, RING, PROJECTION)
        async with tower.clients() as clients:
            await clients.command(RING.address).call(request(RING))
            for process in (log, projection):
                process.child.kill()
                await process.code()
            await tower.start(LOG, port=port, shared=True)
            await tower.ready(PROJECTION)
            answer = await clients.command(RING.address).call(request(RING))
            row = await clients.view_store(VIEW.address).get(BELL, min_position={"tower": answer.position})
            assert row.body == {"rings": 2}


async def test_a_terminals_interrupt_ends_no_process(tower: Tower) -> None:
    processes = await tower.ready(LOG, RING, RINGS)
    for process in processes:
        os.kill(process.child.pid, signal.SIGINT)
    async with tower.clients() as clients:
        await clients.command(RING.address).call(request(RING))
    assert [(await process.status()).errors for process in processes] == [0, 0, 0]


async def test_a_file_that_is_kept_open_is_locked_for_as_long_as_the_process_lives(tower: Tower, tmp_path: Path) -> None:
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    process = await tower.start(LOG, keep_open=(lock,))
    os.close(lock)
    with (tmp_path / "lock").open() as another:
        with pytest.raises(BlockingIOError):
            fcntl.flock(another, fcntl.LOCK_EX | fcntl.LOCK_NB)
        process.child.kill()
        await process.code()
        fcntl.flock(another, fcntl.LOCK_EX | fcntl.LOCK_NB)


# ---------------------------------------------------------------- the parent


PARENT = """
import asyncio, sys
from pathlib import Path
from tests.serve.tower import LOG, TOLL, Tower
from blossm.model.load import load
from blossm.serve.nursery import Nursery

async def main():
    async with Nursery() as nursery:
        tower = Tower(load(Path(sys.argv[1])), nursery)
        processes = await tower.ready(LOG, TOLL)
        print(*(process.child.pid for process in processes), tower.addresses[TOLL], flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only there a process can be waited for that is not ours")
async def test_when_the_parent_is_gone_the_processes_end(tmp_path: Path, tower: Tower) -> None:
    root = Path(__file__).parent.parent.parent
    built(tmp_path / "orphans")
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(tmp_path / "orphans"), stdout=asyncio.subprocess.PIPE, cwd=root
    )
    assert parent.stdout
    log, toll, address = (await parent.stdout.readline()).split()
    ends = [os.pidfd_open(int(pid)) for pid in (log, toll)]
    tower.addresses[TOLL] = address.decode()
    async with tolling(tower, tmp_path, seconds=3):
        parent.kill()
        await parent.wait()
        await refuses(tower)  # though it is not told to stop, and has something to finish
    loop = asyncio.get_running_loop()
    for end in ends:
        gone = asyncio.Event()
        loop.add_reader(end, gone.set)
        async with asyncio.timeout(SOON):
            await gone.wait()
        loop.remove_reader(end)
        os.close(end)


@pytest.fixture
def hanging(tmp_path: Path) -> Path:
    """A pipe for whose other end a command waits for ever, as soon as its module is imported."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    built(tmp_path / "network")
    commands = tmp_path / "network/tower/bell/commands.py"
    commands.write_text(f"open({str(pipe)!r}).read()\n{commands.read_text()}")
    return pipe


async def test_a_process_that_hangs_is_killed_when_its_parent_closes(tmp_path: Path, hanging: Path) -> None:
    async with Nursery(farewell=0.1) as nursery:
        starting = asyncio.create_task(Tower(load(tmp_path / "network"), nursery).start(RING))
        async with asyncio.timeout(SOON):
            unwritten = await asyncio.to_thread(hanging.open, "w")  # the process has opened the other end, and waits for a word
    unwritten.close()
    with pytest.raises(StopAsyncIteration):  # it had none itself
        await starting


async def test_a_process_is_gone_also_when_one_that_it_forked_lives_on(tower: Tower, tmp_path: Path) -> None:
    pipe, commands = tmp_path / "pipe", Path(tower.network.directory) / "tower/bell/commands.py"
    os.mkfifo(pipe)
    lives_on = f"import os\nif os.fork() == 0:\n    open({str(pipe)!r}).read()\n    os._exit(0)\n"
    commands.write_text(lives_on + commands.read_text())
    _, ring = await tower.ready(LOG, RING)
    ring.child.kill()
    async with asyncio.timeout(SOON):
        await ring.child.gone
        (await asyncio.to_thread(pipe.open, "w")).close()


HANGING = """
import asyncio, sys
from pathlib import Path
from tests.serve.tower import RING, Tower
from blossm.model.load import load
from blossm.serve.nursery import Nursery

async def main():
    async with Nursery(farewell=0.1) as nursery:
        await Tower(load(Path(sys.argv[1])), nursery).start(RING)

asyncio.run(main())
"""


async def test_a_process_that_hangs_is_killed_when_its_parent_is_gone(tmp_path: Path, hanging: Path) -> None:
    root = Path(__file__).parent.parent.parent
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HANGING, str(tmp_path / "network"), stderr=asyncio.subprocess.PIPE, cwd=root
    )
    assert parent.stderr
    async with asyncio.timeout(SOON):
        unwritten = await asyncio.to_thread(hanging.open, "w")
        parent.kill()
        said = await parent.stderr.read()  # until the last process is gone that could say something
    assert said == b""
    unwritten.close()


# ---------------------------------------------------------------- what can't be served


async def test_a_module_that_does_not_import_is_told_as_dev_tells_it(tower: Tower) -> None:
    (Path(tower.network.directory) / "tower/bell/commands.py").write_text("from nowhere import nothing\n")
    process = await tower.start(RING)
    assert process.failed
    assert process.failed.text.startswith("error: tower/bell/commands.py:1: ModuleNotFoundError: No module named 'nowhere'")
    assert (process.failed.code, await process.code()) == (1, 1)


async def test_a_procedure_that_is_not_there_is_told(tower: Tower) -> None:
    process = await tower.start(Ref("command", "tower.bell.crack"))
    assert process.failed
    assert process.failed.text.startswith("error: NOT_FOUND: there is no command tower.bell.crack")
    assert (process.failed.code, await process.code()) == (1, 1)


async def test_a_damaged_file_is_told(tower: Tower) -> None:
    (Path(tower.network.directory) / "files" / "log.db").write_text("no database" * 100)
    process = await tower.start(LOG)
    assert process.failed
    assert "log.db" in process.failed.text
    assert (process.failed.text.startswith("error: UNAVAILABLE: "), await process.code()) == (True, 2)


@pytest.mark.parametrize("ref", [LOG, PROJECTION])
async def test_a_port_that_is_taken_is_told(tower: Tower, ref: Ref) -> None:
    if ref == PROJECTION:
        await tower.ready(LOG, VIEW)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        process = await tower.start(ref, port=port)
    assert process.failed
    assert (str(port) in process.failed.text, await process.code()) == (True, 2)
