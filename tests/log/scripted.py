"""A log in memory whose writes do as a test says: wait, get lost, be overtaken."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, TypeAlias

from blossm.adapters.memory.log import MemoryLogStore
from blossm.core.commit import LoggedCommit
from blossm.core.errors import Unavailable

Outcome: TypeAlias = Literal["inserted", "taken", "unknown"]
Step: TypeAlias = Callable[[int, Sequence[LoggedCommit]], Awaitable[Outcome]]


class ScriptedLog(MemoryLogStore):
    """The next inserts go by the script; after it, as they should."""

    def __init__(self) -> None:
        super().__init__(service="shop", network="city.example")
        self.script: deque[Step] = deque()
        self.inserts: list[tuple[int, list[str]]] = []  # the position and commit ids of every insert
        self.gate = asyncio.Event()
        self.gate.set()

    async def insert_at(self, position: int, commits: Sequence[LoggedCommit]) -> Outcome:
        self.inserts.append((position, [logged.commit.id for logged in commits]))
        await self.gate.wait()
        if self.script:
            return await self.script.popleft()(position, commits)
        return await super().insert_at(position, commits)

    async def write(self, position: int, commits: Sequence[LoggedCommit]) -> Outcome:
        return await super().insert_at(position, commits)

    # ------------------------------------------------------------ steps

    async def written_but_unknown(self, position: int, commits: Sequence[LoggedCommit]) -> Outcome:
        await self.write(position, commits)
        return "unknown"

    async def unknown(self, position: int, commits: Sequence[LoggedCommit]) -> Outcome:
        return "unknown"

    async def unavailable(self, position: int, commits: Sequence[LoggedCommit]) -> Outcome:
        raise Unavailable("the disk is full")

    async def broken(self, position: int, commits: Sequence[LoggedCommit]) -> Outcome:
        raise ZeroDivisionError("a bug")

    async def lying(self, position: int, commits: Sequence[LoggedCommit]) -> Outcome:
        return "taken"

    def overtaken_by(self, *others: LoggedCommit) -> Step:
        """Somebody else was there first."""

        async def step(position: int, commits: Sequence[LoggedCommit]) -> Outcome:
            assert await self.write(position, others) == "inserted"
            return "taken"

        return step

    def only_first(self, *others: LoggedCommit) -> Step:
        """Only the first commit goes in, then somebody else's, and the outcome is not known."""

        async def step(position: int, commits: Sequence[LoggedCommit]) -> Outcome:
            assert await self.write(position, commits[:1]) == "inserted"
            if others:
                assert await self.write(commits[0].end, others) == "inserted"
            return "unknown"

        return step
