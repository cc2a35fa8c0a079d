"""Where the processes of a network are born: forked from one that has imported already what they all need.

    async with Nursery() as nursery:
        child = await nursery.start(config, keep_open=(lock,))
        async for message in child.messages(): ...

Not `multiprocessing`: its fork server has every child import the program that started it, here the command line, and there
is one of it for all of a program, for ever. This one is a socket, a fork, and the end of each.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from types import TracebackType
from typing import Self

import structlog

from blossm.core.errors import Unavailable
from blossm.serve.config import ProcessConfig, to_json
from blossm.serve.control import Control, FromParent, FromProcess

BORN = 60.0  # seconds within which a process is there: the first one waits for all imports
FAREWELL = 10.0  # seconds within which a process ends whose parent is gone; then it is killed
LAST_WORDS = 0.2  # seconds in which what it said is read, after its end
LAST = 5.0  # seconds in which who kills it has done so

Born = tuple[int, asyncio.Future[int]]  # a process and, one day, its exit code

log = structlog.get_logger(__name__)


class Child:
    """A process of the network, as its parent sees it."""

    def __init__(self, pid: int, control: Control[FromProcess], code: asyncio.Future[int]) -> None:
        self.pid = pid
        self._control = control
        self._code = code
        self._said: asyncio.Queue[FromProcess | None] = asyncio.Queue()
        self.gone = asyncio.create_task(self._hear(), name=f"process {pid}")

    def send(self, message: FromParent) -> None:
        """Tell the process something; nothing happens when it is gone."""
        self._control.send(message)

    async def messages(self) -> AsyncIterator[FromProcess]:
        """What the process tells, until it is gone. For one reader."""
        while message := await self._said.get():
            yield message

    async def ended(self) -> int:
        """Wait until the process is gone; answers its exit code, negative for a signal, as `subprocess` does."""
        return await asyncio.shield(self._code)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if not self._code.done():
            _kill(self.pid)

    def hang_up(self) -> None:
        """Let it see that its parent is gone."""
        self._control.hang_up()

    async def _hear(self) -> None:
        """Listen until it is gone. What it forked itself may live on, with its end of the control socket."""
        hearing = asyncio.create_task(self._listen())
        await self.ended()
        await asyncio.wait((hearing,), timeout=LAST_WORDS)
        hearing.cancel()
        self._said.put_nowait(None)
        await self._control.close()

    async def _listen(self) -> None:
        async for message in self._control.messages():
            self._said.put_nowait(message)


class Nursery:
    """Starts processes. When it is closed, or this process is gone, those that still run drain and end, or are killed."""

    def __init__(self, *, farewell: float = FAREWELL) -> None:
        """`farewell`: seconds after which they are killed."""
        self._farewell = farewell
        self._beginning = asyncio.Lock()
        self._forking: _Forking | None = None

    async def start(self, config: ProcessConfig, *, keep_open: tuple[int, ...] = ()) -> Child:
        """A new process for this procedure; `ready` or `failed` is its first message. Raises Unavailable.

        `keep_open`: files that it holds open for as long as it lives, such as the lock of the state folder.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            control: Control[FromProcess] = await Control.over(ours, type=FromProcess)
            control.send_line(to_json(config))
            try:
                forking = await self._begun()
                return await forking.fork(control, (theirs.fileno(), *keep_open))
            except BaseException:
                await control.close()
                raise

    async def __aenter__(self) -> Self:
        await self._begun()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._forking is not None:
            await self._forking.close()

    async def _begun(self) -> _Forking:
        """The process that forks; another one, where it is gone."""
        async with self._beginning:
            if self._forking is None or self._forking.gone:
                self._forking = await _Forking.begin(farewell=self._farewell)
            return self._forking


class _Forking:
    """The process that forks, and what became of those that it has forked."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        sock: socket.socket,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        farewell: float,
    ) -> None:
        self._process = process
        self._sock = sock
        self._reader = reader
        self._writer = writer
        self._farewell = farewell
        self._asked: deque[asyncio.Future[Born]] = deque()  # in the order of the answers; one that is done is not waited for
        self._codes: dict[int, asyncio.Future[int]] = {}
        self._children: set[Child] = set()
        self._listening = asyncio.create_task(self._listen())
        self.gone = False

    @classmethod
    async def begin(cls, *, farewell: float) -> _Forking:
        ours, theirs = socket.socketpair()
        with theirs:
            process = _started(theirs, farewell)
        sending = ours.dup()  # asyncio does not send file descriptors, and keeps the socket that it reads to itself
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        return cls(process, sending, reader, writer, farewell=farewell)

    async def fork(self, control: Control[FromProcess], files: tuple[int, ...]) -> Child:
        asked: asyncio.Future[Born] = asyncio.get_running_loop().create_future()
        try:
            socket.send_fds(self._sock, [b"+"], list(files))
            self._asked.append(asked)
            async with asyncio.timeout(BORN):
                pid, code = await asked
        except (OSError, TimeoutError) as error:
            raise Unavailable("a process could not be started") from error
        child = Child(pid, control, code)
        self._children.add(child)
        child.gone.add_done_callback(lambda _: self._children.discard(child))
        return child

    async def _listen(self) -> None:
        while line := await self._line():
            match line.decode().split(maxsplit=2):
                case ["born", pid]:
                    self._codes[int(pid)] = asyncio.get_running_loop().create_future()
                    self._answer((int(pid), self._codes[int(pid)]))
                case ["unborn", *why]:
                    self._answer(Unavailable(f"a process could not be started: {' '.join(why)}"))
                case ["ended", pid, how]:
                    self._codes.pop(int(pid)).set_result(int(how))
        self._lost()
        self._sock.close()
        self._writer.close()
        await asyncio.to_thread(self._process.wait)

    async def _line(self) -> bytes:
        try:
            return await self._reader.readline()
        except ConnectionError:
            return b""

    def _answer(self, answer: Born | Unavailable) -> None:
        asked = self._asked.popleft()
        if asked.done():
            return
        if isinstance(answer, Unavailable):
            asked.set_exception(answer)
        else:
            asked.set_result(answer)

    def _lost(self) -> None:
        """Nobody says any more what becomes of the processes: those that are left are ended with it."""
        self.gone = True
        if self._codes:
            log.error("the process that starts the others is gone, and they with it", processes=len(self._codes))
        for pid, code in self._codes.items():
            _kill(pid)
            code.set_result(-signal.SIGKILL)
        self._codes.clear()
        while self._asked:
            self._answer(Unavailable("the process that starts the others is gone"))

    async def close(self) -> None:
        """Hang up. Return when all are gone; what hangs is killed, if need be by us."""
        children = list(self._children)
        for child in children:
            child.hang_up()
        if not self.gone:
            self._sock.shutdown(socket.SHUT_WR)
        if not (await asyncio.wait((self._listening,), timeout=self._farewell + LAST))[0]:
            self._process.kill()
        await self._listening
        await asyncio.gather(*(child.gone for child in children))


def _started(stdin: socket.socket, farewell: float) -> subprocess.Popen[bytes]:
    """Not started by the event loop: uvloop leaves copies of stdin in what it starts, which would hide that its end is closed.

    A process group of its own: a terminal's interrupt is for us, who know in which order processes end. -P: this folder's
    files are no modules. Its stdout is our stderr: what handlers print is talk.
    """
    command = [sys.executable, "-P", "-m", "blossm.serve.forking", str(farewell)]
    return subprocess.Popen(command, stdin=stdin.fileno(), stdout=2, process_group=0)


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):  # with the one that forked it, nobody is left to keep its name
        os.kill(pid, signal.SIGKILL)
