"""The log as one process reaches it: a driver that finds a primary, messages that get lost or come late, and retries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from tests.failover.replica_set import Entry, Node, Optime, ReplicaSet, fulfil, in_time

from blossm.core.commit import LoggedCommit, RootKey
from blossm.core.errors import Unavailable
from blossm.ports import ReadPage

T = TypeVar("T")
Answer = Literal["inserted", "taken", "broken off", "not primary"]

SELECTION = 5.0  # seconds a driver looks for a primary
ANSWER = 8.0  # seconds it waits for an answer
MAJORITY = 4.0  # seconds the server waits for the majority (wtimeout)


@dataclass(frozen=True, slots=True)
class Rules:
    """How the store reads and writes. Each of them is there for a reason: see test_mutations."""

    reads: Literal["majority", "local"] = "majority"
    writes: Literal["majority", "one"] = "majority"
    never_back: bool = True  # a read shows what this process has seen before


class ReplicaLog:
    """Implements the part of `ports.LogStore` that appending takes, for one process."""

    def __init__(self, servers: ReplicaSet, process: str, rules: Rules) -> None:
        self._servers = servers
        self._process = process
        self._rules = rules
        self._loop = asyncio.get_running_loop()
        self._term = 0  # of the newest primary that the driver has met
        self._last: Node | None = None  # the last one that it has chosen
        self.seen: Optime = (0, 0)  # the newest that any answer showed

    # ------------------------------------------------------------ writing

    async def insert_at(self, position: int, commits: Sequence[LoggedCommit]) -> Literal["inserted", "taken", "unknown"]:
        """One ordered insert, which the driver sends a second time under the same name when it was broken off."""
        message = self._servers.message()
        tell, ids = self._servers.history.tell, [logged.commit.id for logged in commits]
        unsure = False
        for _ in range(2):
            try:
                node = await self._primary()
            except Unavailable:
                if unsure:
                    break
                raise
            tell("{} inserts {} at {}, by {}", self._process, ids, position, node.name)
            answer, optime = await self._ask(node, self._insert, message, commits) or ("broken off", (0, 0))
            tell("{} hears of {} at {}: {}", self._process, ids, position, answer)
            if answer == "inserted" or answer == "taken":
                self.seen = max(self.seen, optime)
                return answer
            unsure = unsure or answer == "broken off"
        if unsure:
            return "unknown"
        raise Unavailable("no primary took the insert")

    async def _insert(self, node: Node, message: int, commits: Sequence[LoggedCommit]) -> tuple[Answer, Optime]:
        """What the server does when the message arrives."""
        if not node.primary:
            return "not primary", (0, 0)
        chance = self._servers.chance
        written = self._write(node, message, commits)
        if written == "broken off":
            return written, (0, 0)
        self._servers.wake_followers()
        optime = node.last()
        if written == "taken":  # it may be told of before it is on a majority
            if chance.random() < 0.5:
                await self._servers.wait(node, optime, MAJORITY)
            return written, (0, 0)
        if self._rules.writes == "one":
            return written, (0, 0)
        told = await self._servers.wait(node, optime, MAJORITY)
        return ("inserted", optime) if told else ("broken off", (0, 0))

    def _write(self, node: Node, message: int, commits: Sequence[LoggedCommit]) -> Answer:
        """Write one after the other, up to the first that is there; not again what this very message has written."""
        chance, tell = self._servers.chance, self._servers.history.tell
        stops_at = chance.randrange(len(commits) + 1) if chance.random() < 0.03 else -1
        for ordinal, logged in enumerate(commits):
            if ordinal == stops_at:
                self._servers.step_down(node)
                return "broken off"
            if (message, ordinal) in node.statements:
                continue
            if logged.position in node.positions or logged.commit.key in node.keys:
                tell("{} refuses {} at {}", node.name, logged.commit.id, logged.position)
                return "taken"
            node.write(Entry(node.term, logged, (message, ordinal)))
            tell("{} writes {} at {}", node.name, logged.commit.id, logged.position)
        return "inserted"

    # ------------------------------------------------------------ reading

    async def head(self) -> int:
        return await self._read(lambda documents: max((logged.end for logged in documents), default=1), self._rules.reads)

    async def read(self, after: int, limit: int) -> ReadPage:
        def page(documents: list[LoggedCommit]) -> ReadPage:
            found = sorted((logged for logged in documents if logged.end > after + 1), key=lambda logged: logged.position)
            return ReadPage(tuple(found[:limit]), found[-1].end - 1 if found else after)

        return await self._read(page, self._rules.reads)

    async def latest(self, roots: Collection[RootKey]) -> dict[RootKey, int]:
        def numbers(documents: list[LoggedCommit]) -> dict[RootKey, int]:
            found: dict[RootKey, int] = {}
            for logged in sorted(documents, key=lambda logged: logged.position):
                for event, number in zip(logged.commit.events, logged.numbers, strict=True):
                    if (key := (event.domain, event.root)) in roots:
                        found[key] = number
            return found

        return await self._read(numbers)

    async def latest_in(self, domains: Collection[str]) -> dict[str, int]:
        def positions(documents: list[LoggedCommit]) -> dict[str, int]:
            found: dict[str, int] = {}
            for logged in sorted(documents, key=lambda logged: logged.position):
                for position, event in enumerate(logged.commit.events, start=logged.position):
                    if event.domain in domains:
                        found[event.domain] = position
            return found

        return await self._read(positions)

    async def by_key(self, keys: Collection[str]) -> dict[str, LoggedCommit]:
        return await self._read(
            lambda documents: {logged.commit.key: logged for logged in documents if logged.commit.key in keys}
        )

    async def _read(self, look: Callable[[list[LoggedCommit]], T], concern: str = "majority") -> T:
        """Read at a primary, or at what is one for all that it knows; a second time when the first was broken off."""
        for _ in range(2):
            found = await self._ask(await self._primary(), self._documents, concern)
            if found is not None:
                documents, shown = found
                self.seen = max(self.seen, shown)
                return look(documents)
        self._servers.history.tell("{} can't read", self._process)
        raise Unavailable("no primary answers")

    async def _documents(self, node: Node, concern: str) -> tuple[list[LoggedCommit], Optime] | None:
        """What the server answers: all that it knows to be on a majority, or (`local`) all that it has."""
        if not node.primary:
            return None
        if self._rules.never_back and not await self._servers.wait(node, self.seen, MAJORITY):
            return None
        entries = node.oplog if concern == "local" else node.oplog[: node.durable]
        return [entry.document for entry in entries if entry.document is not None], node.shown()

    # ------------------------------------------------------------ the driver and the network

    async def _primary(self) -> Node:
        """A reachable node that says it is the primary, in no older term than the last one; or the last one, unasked."""
        last, self._last = self._last, None
        if last is not None and self._servers.chance.random() < 0.3:
            return last
        for _ in range(10):
            found = [
                node
                for node in self._servers.nodes.values()
                if node.primary and node.term >= self._term and self._servers.reaches(self._process, node.name)
            ]
            if found:
                node = found[0] if len(found) == 1 else self._servers.chance.choice(found)
                self._term, self._last = node.term, node
                return node
            await asyncio.sleep(SELECTION / 10)
        raise Unavailable("no primary can be found")

    async def _ask(self, node: Node, do: Callable[..., Coroutine[Any, Any, T]], *parts: object) -> T | None:
        """Send a message, and wait for the answer for a while. The message may be lost, or arrive after that."""
        servers, process = self._servers, self._process
        told: asyncio.Future[T | None] = self._loop.create_future()

        async def serve() -> None:
            answer = await do(node, *parts)
            if servers.reaches(process, node.name):
                servers.later(servers.delay(), fulfil, told, answer)

        def arrive() -> None:
            if servers.reaches(process, node.name):
                servers.serve(serve())
            elif servers.chance.random() < 0.5:
                servers.later(servers.chance.random() * 2 * ANSWER, arrive)

        servers.later(servers.delay(), arrive)
        answered: T | None = await in_time(told, ANSWER)
        return answered
