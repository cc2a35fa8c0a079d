"""A log between an appender and a real one, whose inserts do as a test tells: wait, get lost, be overtaken."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Literal, TypeAlias

from blossm.core.commit import LoggedCommit, RootKey
from blossm.core.event import LoggedEvent
from blossm.ports import LogStore, ReadPage

Outcome: TypeAlias = Literal["inserted", "taken", "unknown"]
Step: TypeAlias = Callable[[int, Sequence[LoggedCommit]], Awaitable[Outcome]]


class ToldLog:
    """Implements `ports.LogStore` by another one. The next inserts go by `next`; after that as they should.

    `slow`: an insert is made long after it was asked for, and acknowledged long after it was made.
    `blind`: no insert says any more what it did, and nothing can be read.
    """

    def __init__(self, log: LogStore) -> None:
        self._log = log
        self.next: deque[Step] = deque()
        self.inserts: list[int] = []  # how many commits each insert had
        self.slow = False
        self.blind = False
        self._begun = asyncio.Event()
        self._gate = asyncio.Event()
        self._gate.set()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Inserts wait until the block ends."""
        self._begun.clear()
        self._gate.clear()
        try:
            yield
        finally:
            self._gate.set()

    async def writing(self) -> None:
        """Wait until an insert is held."""
        async with asyncio.timeout(30):
            await self._begun.wait()

    async def insert_at(self, position: int, commits: Sequence[LoggedCommit]) -> Outcome:
        self.inserts.append(len(commits))
        self._begun.set()
        await self._gate.wait()
        if self.next:
            return await self.next.popleft()(position, commits)
        if self.blind:
            return "unknown"
        await self._slowly()
        outcome = await self._log.insert_at(position, commits)
        await self._slowly()
        return outcome

    async def _slowly(self) -> None:
        """Whoever can go on meanwhile does."""
        for _ in range(200 if self.slow else 0):
            await asyncio.sleep(0)

    # ------------------------------------------------------------ what an insert may be told

    async def unknown(self, position: int, commits: Sequence[LoggedCommit]) -> Outcome:
        """It gets lost on its way, and nobody says so."""
        return "unknown"

    async def written_but_unknown(self, position: int, commits: Sequence[LoggedCommit]) -> Outcome:
        """Its acknowledgement gets lost."""
        assert await self._log.insert_at(position, commits) == "inserted"
        return "unknown"

    async def only_the_first_written(self, position: int, commits: Sequence[LoggedCommit]) -> Outcome:
        assert await self._log.insert_at(position, commits[:1]) == "inserted"
        return "unknown"

    def overtaken_by(self, *others: LoggedCommit) -> Step:
        """Another appender was there first."""

        async def step(position: int, commits: Sequence[LoggedCommit]) -> Outcome:
            assert await self._log.insert_at(position, others) == "inserted"
            return await self._log.insert_at(position, commits)

        return step

    # ------------------------------------------------------------ what is read

    async def head(self) -> int:
        return await self._log.head()

    async def latest(self, roots: Collection[RootKey]) -> dict[RootKey, int]:
        return await self._log.latest(roots)

    async def latest_in(self, domains: Collection[str]) -> dict[str, int]:
        return await self._log.latest_in(domains)

    async def by_key(self, keys: Collection[str]) -> dict[str, LoggedCommit]:
        return {} if self.blind else await self._log.by_key(keys)

    async def read(self, after: int, limit: int, *, domains: Collection[str] | None = None) -> ReadPage:
        return ReadPage((), after) if self.blind else await self._log.read(after, limit, domains=domains)

    async def root(
        self, domain: str, root: str, *, after: int = 0, until: int | None = None, until_time: str | None = None
    ) -> list[LoggedEvent]:
        return await self._log.root(domain, root, after=after, until=until, until_time=until_time)

    async def roots(self, domain: str, *, after: int = 0, limit: int = 1000) -> list[tuple[str, int]]:
        return await self._log.roots(domain, after=after, limit=limit)

    async def close(self) -> None:
        await self._log.close()
