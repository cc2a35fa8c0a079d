"""Three servers that keep one log: a primary, two that follow it, elections, and what was not on a majority is lost.

As MongoDB does it, without its storage: an oplog on each node, a commit point that moves when a majority has an entry of
the primary's own term, votes only for who has as much, and a primary that was cut off and does not know yet that there
is another one: it takes writes still, which will be rolled back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from blossm.core.commit import LoggedCommit

T = TypeVar("T")

MAJORITY = 2
NODES = ("one", "two", "three")

Optime = tuple[int, int]  # term and length of an oplog


class Broken(Exception):
    """The model itself, or a promise of the log, does not hold."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a primary wrote: a document, by a statement of a message; or, when it was elected, nothing."""

    term: int
    document: LoggedCommit | None = None
    statement: tuple[int, int] = (0, 0)


@dataclass(slots=True, eq=False)
class Waiter:
    """Somebody who waits until so much of a node's oplog is on a majority."""

    optime: Optime
    told: asyncio.Future[bool | None]


@dataclass(slots=True, eq=False)
class Node:
    name: str
    term: int = 0
    primary: bool = False
    oplog: list[Entry] = field(default_factory=list)
    durable: int = 0  # so many entries it knows to be on a majority
    followers: dict[str, int] = field(default_factory=dict)  # how many entries they have, as this primary knows
    positions: dict[int, LoggedCommit] = field(default_factory=dict)
    keys: dict[str, LoggedCommit] = field(default_factory=dict)
    statements: set[tuple[int, int]] = field(default_factory=set)
    waiters: list[Waiter] = field(default_factory=list)
    lags: float = 0.0  # until when it does not replicate

    def last(self) -> Optime:
        return (self.oplog[-1].term if self.oplog else 0, len(self.oplog))

    def shown(self) -> Optime:
        """What a majority read shows."""
        return (self.oplog[self.durable - 1].term if self.durable else 0, self.durable)

    def write(self, entry: Entry) -> None:
        self.oplog.append(entry)
        if (document := entry.document) is not None:
            self.positions[document.position] = document
            self.keys[document.commit.key] = document
            self.statements.add(entry.statement)

    def roll_back(self, length: int) -> int:
        """Forget all entries after the first so many; answers how many."""
        gone = self.oplog[length:]
        for entry in gone:
            if (document := entry.document) is not None:
                del self.positions[document.position], self.keys[document.commit.key]
                self.statements.discard(entry.statement)
        del self.oplog[length:]
        return len(gone)


class History:
    """What happened, told when somebody asks."""

    def __init__(self) -> None:
        self._told: list[tuple[float, str, tuple[object, ...]]] = []

    def tell(self, text: str, *parts: object) -> None:
        self._told.append((asyncio.get_running_loop().time(), text, parts))

    def lines(self) -> list[str]:
        return [f"{at:9.3f}  {text.format(*parts)}" for at, text, parts in self._told]


class ReplicaSet:
    """The nodes, who reaches whom, and what is on a majority once and for all (`committed`)."""

    def __init__(self, chance: Random, history: History) -> None:
        self.nodes = {name: Node(name) for name in NODES}
        self.chance = chance
        self.history = history
        self.committed: list[Entry] = []
        self.cut: set[tuple[str, str]] = set()
        self.slow_until = 0.0  # messages take long until then
        self._loop = asyncio.get_running_loop()
        self._pulling: set[str] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._messages = 0

    def reaches(self, one: str, other: str) -> bool:
        return not self.cut or ((one, other) not in self.cut and (other, one) not in self.cut)

    def later(self, seconds: float, callback: Callable[..., None], *parts: Any) -> None:
        self._loop.call_later(seconds, callback, *parts)

    def serve(self, doing: Coroutine[Any, Any, None]) -> None:
        """Let a server do something: whoever asked may be gone meanwhile."""
        task = self._loop.create_task(doing)
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    def delay(self) -> float:
        """How long a message is on its way."""
        if self._loop.time() < self.slow_until and self.chance.random() < 0.3:
            return self.chance.random() * 15
        return 0.0005 + self.chance.random() * 0.004

    def message(self) -> int:
        """The name of a new message."""
        self._messages += 1
        return self._messages

    # ------------------------------------------------------------ elections

    def elect(self, name: str) -> bool:
        """Let a node try to be primary."""
        candidate = self.nodes[name]
        reached = [node for node in self.nodes.values() if node is candidate or self.reaches(name, node.name)]
        votes = [node for node in reached if node.last() <= candidate.last()]
        if candidate.primary or len(votes) < MAJORITY:
            return False
        term = max(node.term for node in reached) + 1
        for node in reached:
            node.term = term
            if node.primary:
                self.step_down(node)
        candidate.primary = True
        candidate.followers = {}
        candidate.write(Entry(term))
        self.history.tell("{} is elected in term {} with {} entries", name, term, len(candidate.oplog))
        self.wake_followers()
        return True

    def step_down(self, node: Node) -> None:
        node.primary = False
        self.history.tell("{} steps down", node.name)
        waiters, node.waiters = node.waiters, []
        for waiter in waiters:
            fulfil(waiter.told, False)
        self.wake_followers()

    def watch(self) -> None:
        """What heartbeats do: an old primary hears of a newer term, and who misses a primary tries to be one."""
        if self._is_calm():
            return
        for node in self.nodes.values():
            reached = [other for other in self.nodes.values() if other is not node and self.reaches(node.name, other.name)]
            newest = max((other.term for other in reached), default=0)
            if node.primary and newest > node.term and self.chance.random() < 0.5:
                node.term = newest
                self.step_down(node)
            if not node.primary and not any(other.primary for other in reached) and self.chance.random() < 0.3:
                self.elect(node.name)

    def _is_calm(self) -> bool:
        """Whether everybody reaches everybody, and nobody knows of a newer term than the one primary's."""
        terms = [node.term for node in self.nodes.values() if node.primary]
        return not self.cut and len(terms) == 1 and all(node.term <= terms[0] for node in self.nodes.values())

    # ------------------------------------------------------------ replication

    def wake_followers(self) -> None:
        for name in self.nodes:
            if name not in self._pulling and not self.nodes[name].primary:
                self._pulling.add(name)
                self.later(self.chance.random() * 0.02, self._pull, name)

    def _pull(self, name: str) -> None:
        """Take what the primary has and this node has not: all or some, now or when it no longer lags."""
        self._pulling.discard(name)
        node = self.nodes[name]
        sources = [other for other in self.nodes.values() if other.primary and self.reaches(name, other.name)]
        source = max(sources, key=lambda other: other.term, default=None)
        if node.primary or source is None or source.term < node.term:
            return
        if node.lags > self._loop.time():
            self._pulling.add(name)
            self.later(node.lags - self._loop.time(), self._pull, name)
            return
        node.term = source.term
        self._go_back_to(node, source)
        have = len(node.oplog)
        for entry in source.oplog[have : have + self.chance.choice((1, 2, 100))]:
            node.write(entry)
        if self.chance.random() < 0.3:  # it has an entry before it knows that a majority has it
            node.durable = max(node.durable, min(len(node.oplog), source.durable))
        source.followers[name] = len(node.oplog)
        self._commit(source)
        self._serve(node)
        if len(node.oplog) < len(source.oplog):
            self._pulling.add(name)
            self.later(self.chance.random() * 0.02, self._pull, name)
        elif node.durable < source.durable:
            self.later(self.chance.random() * 0.5, self._pull, name)

    def _go_back_to(self, node: Node, source: Node) -> None:
        """Roll back what the source has not."""
        common = min(len(node.oplog), len(source.oplog))
        while common and node.oplog[common - 1] is not source.oplog[common - 1]:
            common -= 1
        if common < node.durable:
            raise Broken(f"the model rolls back what {node.name} knows to be on a majority")
        if common < len(node.oplog):
            gone = node.roll_back(common)
            self.history.tell("{} rolls {} entries back", node.name, gone)

    def _commit(self, primary: Node) -> None:
        """Move the commit point to what a majority has, if it is of the primary's own term."""
        if primary.durable == len(primary.oplog):
            return
        have = sorted([len(primary.oplog), *primary.followers.values(), *[0] * 2][: len(self.nodes)], reverse=True)
        length = have[MAJORITY - 1]
        if length <= primary.durable or primary.oplog[length - 1].term != primary.term:
            return
        primary.durable = length
        known = self.committed
        if len(known) < length:
            if known and known[-1] is not primary.oplog[len(known) - 1]:
                raise Broken("the model loses what was on a majority")
            known.extend(primary.oplog[len(known) : length])
        self._serve(primary)

    async def wait(self, node: Node, optime: Optime, seconds: float) -> bool:
        """Whether the node shows that much in time, and has not stepped down before."""
        if node.shown() >= optime:
            return True
        told: asyncio.Future[bool | None] = self._loop.create_future()
        node.waiters.append(Waiter(optime, told))
        return bool(await in_time(told, seconds))

    def _serve(self, node: Node) -> None:
        if node.waiters:
            shown = node.shown()
            done = [waiter for waiter in node.waiters if waiter.optime <= shown]
            node.waiters = [waiter for waiter in node.waiters if waiter.optime > shown]
            for waiter in done:
                fulfil(waiter.told, True)


def fulfil(told: asyncio.Future[T], what: T) -> None:
    """Answer, unless nobody waits any more."""
    if not told.done():
        told.set_result(what)


async def in_time(told: asyncio.Future[Any], seconds: float) -> Any:
    """What is told within so many seconds; None after them."""
    timer = asyncio.get_running_loop().call_later(seconds, fulfil, told, None)
    try:
        return await told
    finally:
        timer.cancel()
