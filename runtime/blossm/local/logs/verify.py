"""A log read from the first commit to the last, to see whether it is what it promises to be."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator
from pathlib import Path

from blossm.core.errors import Internal, Unavailable
from blossm.local.logs.checks import Checks, Keys, Problem, Step
from blossm.local.logs.network import Logs
from blossm.local.logs.threads import threaded
from blossm.ports import LogStore, ReadPage

PAGE = 500  # commits

Verified = Step | Problem


async def verify_log(logs: Logs, service: str) -> AsyncGenerator[Verified, None]:
    """Everything that is wrong with a service's log. Where it is a file, SQLite looks at that first."""
    file, damaged = logs.file(service), False
    if file is not None:
        if not file.exists():
            return
        async for found in verify_file(file):
            damaged = damaged or isinstance(found, Problem)
            yield found
    try:
        async for found in verify(await logs.open(service)):
            yield found
    except Unavailable as error:
        if not damaged:
            raise
        yield Problem(0, f"not all of it can be read: {error.message}")


async def verify_file(file: Path) -> AsyncGenerator[Verified, None]:
    """What SQLite itself finds wrong with the file of a log."""
    from blossm.adapters.sqlite.inspection import problems

    yield Step("checking the file", 0, 0)
    stopped = threading.Event()
    try:
        async for position, problem in threaded(problems(file, stopped=stopped.is_set)):
            yield Problem(position, problem)
    finally:
        stopped.set()


async def verify(store: LogStore) -> AsyncGenerator[Verified, None]:
    """Every problem of the log up to the head of now, by position, and how far it is. The log may be in use.

    Goes on after a hole, at the next commit that can be read. Raises Unavailable where the store does.
    """
    head = await store.head()
    checks, keys = Checks(), Keys()
    reading = _Reading(store)
    yield Step("reading", 0, head - 1)
    async for page in reading.pages(head):
        if isinstance(page, Problem):
            checks.skip()
            yield page
            continue
        for logged in page.commits:
            keys.add(logged.commit.key, logged.position)
            for problem in checks.problems(logged):
                yield Problem(logged.position, problem)
        yield Step("reading", min(reading.after, head - 1), head - 1)
    for one, other in keys.suspects():
        if await _key(store, one) == await _key(store, other):
            yield Problem(other, f"its key is that of the commit at {one}")


class _Reading:
    """Page after page. Where one can't be read it goes commit by commit, and over each hole, to the next that can."""

    def __init__(self, store: LogStore) -> None:
        self.after = 0
        self._store = store
        self._singly = 0  # for how many commits
        self._page: Problem | None = None  # of the page that is read singly now, until something in it is told
        self._told = 0

    async def pages(self, head: int) -> AsyncGenerator[ReadPage | Problem, None]:
        while self.after < head - 1:
            try:
                page = await self._store.read(self.after, 1 if self._singly else PAGE)
            except Internal as error:
                if problem := self._hole(error):
                    yield problem
                continue
            if page.scanned <= self.after:
                self.after += 1
                yield Problem(self.after, "there is nothing to be read")
                continue
            self._singly = max(0, self._singly - 1)
            self.after = page.scanned
            yield page
            if self._page and (not self._singly or self.after >= head - 1):
                yield self._page  # each commit can be read, and together they can't
                self._page = None

    def _hole(self, error: Internal) -> Problem | None:
        """The problem, unless it was told, or it is somewhere in a page that is now read singly."""
        position = int(error.facts.get("position", self.after + 1))
        problem = Problem(position, error.message)
        singly, self._singly = self._singly, PAGE
        if not singly:
            self._page = problem
            return None
        self._page = None
        self.after = max(self.after + 1, int(error.facts.get("next", 0)) - 1)
        told, self._told = self._told, position
        return problem if position != told else None


async def _key(store: LogStore, position: int) -> str:
    return (await store.read(position - 1, 1)).commits[0].commit.key
