"""Where the processes of a network are born: forked from one that has imported already what they all need.

    async with Nursery() as nursery:
        child = await nursery.start(config, keep_open=(lock,))
        async for message in child.messages(): ...
"""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from blossm.serve.config import ProcessConfig
from blossm.serve.control import Control, FromParent, FromProcess


class Child:
    """A process of the network, as its parent sees it."""

    pid: int
    _control: Control[FromProcess]

    def send(self, message: FromParent) -> None:
        """Tell the process something; nothing happens when it is gone."""
        self._control.send(message)

    def messages(self) -> AsyncIterator[FromProcess]:
        """What the process tells, until it is gone. For one reader."""
        return self._control.messages()

    async def ended(self) -> int:
        """Wait until the process is gone; answers its exit code, negative for a signal, as `subprocess` does."""
        raise NotImplementedError

    def kill(self) -> None:
        """End it at once, as a crash would."""
        os.kill(self.pid, signal.SIGKILL)


class Nursery:
    """Starts processes. When it is closed, or this process is gone, those that still run drain and end."""

    async def start(self, config: ProcessConfig, *, keep_open: tuple[int, ...] = ()) -> Child:
        """A new process for this procedure; `ready` or `failed` is its first message.

        `keep_open`: files that it holds open for as long as it lives, such as the lock of the state folder.
        """
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        raise NotImplementedError

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        raise NotImplementedError
