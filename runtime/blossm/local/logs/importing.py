"""A log made of the lines of an export: into an empty one, or on from where a true beginning of it ends."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from blossm.core.commit import LoggedCommit
from blossm.core.errors import BadRequest, Conflict, Unavailable
from blossm.local.logs.checks import Checks, Problem, Step
from blossm.local.logs.lines import MAX_LINE, commit_of, header_of
from blossm.local.logs.network import Logs
from blossm.ports import LogStore

COMMITS = 500  # of one write
BYTES = 2 * 1024 * 1024
TRIES = 5  # of a write whose outcome is unknown


@dataclass(frozen=True, slots=True)
class Imported:
    """How it ended: up to which position the log was there already, and up to which it is now."""

    before: int
    after: int


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    logged: LoggedCommit
    size: int


Importing = AsyncGenerator[Step | Problem | Imported, None]


async def import_file(logs: Logs, file: BinaryIO, *, named: str, size: int = 0) -> tuple[str, Importing]:
    """The service whose log the file holds, and its import, which begins when it is asked for.

    Raises FileRefused where it is no export, and BadRequest where it is one of another network or service.
    """
    found = header_of(file.readline(MAX_LINE), file=named)
    if found.service not in logs.services or found != logs.header(found.service):
        raise BadRequest(
            f"{named} is the export of {found.service} in {found.network}, and there is no such log here",
            facts={"service": found.service, "network": found.network, "services": list(logs.services)},
            help="nothing was changed: a log is imported into the network and service that it is of",
        )
    store = await logs.open_again(found.service)
    return found.service, import_lines(store, file, size=size)


async def import_lines(
    store: LogStore, file: BinaryIO, *, size: int = 0
) -> Importing:
    """Log what the lines behind the header say, in their order.

    Stops before the first line that has a problem, and looks at the rest only to name what else is wrong. What the log
    holds already must be what the file says: raises Conflict, and logs nothing, when it is not. `size`: of the file, for
    the steps.
    """
    importing = _Importing(store, await store.head())
    read, told = file.tell() if size else 0, 0
    for number, line in enumerate(_lines(file), start=2):
        read += len(line)
        for problem in await importing.take(number, line):
            yield problem
        if read - told > BYTES:
            told = read
            yield Step("importing", read, size, "bytes")
    for problem in await importing.finish():
        yield problem
    yield Imported(importing.head - 1, importing.end - 1)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines; of one that is too long its beginning."""
    while line := file.readline(MAX_LINE):
        yield line
        while len(line) == MAX_LINE and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE)


class _Importing:
    def __init__(self, store: LogStore, head: int) -> None:
        self.head = head  # before
        self.end = head
        self._store = store
        self._checks = Checks()
        self._there: deque[LoggedCommit] = deque()  # of the log, to be compared next
        self._waiting: list[_Line] = []
        self._size = 0
        self._stopped = False

    async def take(self, number: int, line: bytes) -> list[Problem]:
        """Look at a line, and log it sooner or later. Answers what is wrong."""
        problems: list[Problem] = []
        try:
            if not line.endswith(b"\n"):
                raise ValueError("it is cut off: the file ends within it" if len(line) < MAX_LINE else "it is too long")
            logged = commit_of(line)
            problems += [Problem(logged.position, problem, number) for problem in self._checks.problems(logged)]
        except ValueError as error:
            problems.append(Problem(0, str(error), number))
            self._checks.skip()
        else:
            if not problems and not self._stopped:
                return await self._log(_Line(number, logged, len(line)))
        return [*await self._stop(), *problems]

    async def finish(self) -> list[Problem]:
        """Log what still waits."""
        return await self._flush()

    async def _stop(self) -> list[Problem]:
        found = await self._flush()
        self._stopped = True
        return found

    async def _log(self, line: _Line) -> list[Problem]:
        if line.logged.position < self.head:
            await self._compare(line)
            return []
        self._waiting.append(line)
        self._size += line.size
        if len(self._waiting) >= COMMITS or self._size >= BYTES:
            return await self._flush()
        return []

    async def _compare(self, line: _Line) -> None:
        if not self._there:
            self._there.extend((await self._store.read(line.logged.position - 1, COMMITS)).commits)
        there = self._there.popleft()
        if there != line.logged:
            position = line.logged.position
            raise Conflict(
                f"the log has another commit at position {position} than line {line.number} of the file",
                facts={"position": position, "log": there.commit.id, "file": line.logged.commit.id},
                help="nothing was logged: a log is imported into an empty one, or into the beginning of itself",
            )

    async def _flush(self) -> list[Problem]:
        """Log what waits; of commits with keys that the log knows, or has met, only those before the first."""
        waiting, self._waiting, self._size = self._waiting, [], 0
        if not waiting or self._stopped:
            return []
        if await self._insert([line.logged for line in waiting]):
            self.end = waiting[-1].logged.end
            return []
        known = await self._store.by_key([line.logged.commit.key for line in waiting])
        met = {key: logged.position for key, logged in known.items()}
        for index, line in enumerate(waiting):
            key, position = line.logged.commit.key, line.logged.position
            if key in met:
                if index and await self._insert([before.logged for before in waiting[:index]]):
                    self.end = position
                self._stopped = True
                return [Problem(position, f"its key is that of the commit at {met[key]}", line.number)]
            met[key] = position
        raise _somebody_else(waiting[0].logged.position)

    async def _insert(self, commits: Sequence[LoggedCommit]) -> bool:
        """Whether all of them are in the log now; False when a key is known."""
        for _ in range(TRIES):
            answer = await self._store.insert_at(commits[0].position, commits)
            if answer == "inserted":
                return True
            there = (await self._store.read(commits[0].position - 1, len(commits))).commits
            if there != tuple(commits[: len(there)]):
                raise _somebody_else(commits[0].position)
            if len(there) == len(commits):
                return True
            if answer == "taken" and not there:
                return False
            commits = commits[len(there) :]
        raise Unavailable(
            f"whether the commits from position {commits[0].position} on are logged is unknown",
            facts={"position": commits[0].position},
            help="import the file again: it goes on where the log ends",
        )


def _somebody_else(position: int) -> Conflict:
    return Conflict(
        f"somebody else logs to it: there is another commit at position {position}",
        facts={"position": position},
        help="stop the network before you import",
    )
