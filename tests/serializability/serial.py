"""The very same commands, one by one: each runs while nobody else does, on a log that is a plain list of events.

A command that logs more than once stands in the log several times. All that it has read must still be true wherever it
logs, but for what it has done itself since.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blossm.core.commit import LoggedCommit
from blossm.core.event import LoggedEvent
from blossm.core.idempotency import derived_key, derived_root

Main = Callable[[Any], Awaitable[Any]]
Events = Sequence[LoggedEvent]


class NotSerial(AssertionError):
    """One by one, it would have gone otherwise."""


@dataclass(frozen=True, slots=True)
class Found:
    root: str
    number: int
    state: dict[str, Any]


def state(events: Events, domain: str, root: str) -> Found:
    """What a root's events add up to."""
    found: dict[str, Any] = {}
    mine = [event for event in events if (event.domain, event.root) == (domain, root)]
    for event in mine:
        found |= event.payload
        if domain == "bicycle":
            found["coats"] = found.get("coats", 0) + 1
    return Found(root, len(mine), found)


def ask(events: Events, field: str, value: Any) -> list[list[Any]]:
    """The bicycles that have a value."""
    roots = sorted({event.root for event in events if event.domain == "bicycle"})
    found = (state(events, "bicycle", root) for root in roots)
    return [[each.root, each.number] for each in found if each.state.get(field) == value]


def answer(events: Events, step: list[Any]) -> Any:
    """What a step that reads sees."""
    kind, first, second = step
    if kind.startswith("ask"):
        return ask(events, first, second)
    found = state(events, first, second)
    return found.number if kind == "count" else [found.number, found.state]


class Unfinished(Exception):
    """It has logged all that it has logged, and would log more."""


@dataclass(frozen=True, slots=True)
class Log:
    """A log in which a request has left its commits. `head` is where it reads what no commit of its own has to prove."""

    events: Events
    mine: Mapping[str, LoggedCommit]  # by key
    head: int

    def at(self, head: int, *, done: Collection[int]) -> list[LoggedEvent]:
        """The log before `head`; of the request itself only what it has done so far."""
        own = {at for logged in self.mine.values() for at in range(logged.position, logged.end)} - set(done)
        return [event for event in self.events[: head - 1] if event.position not in own]


@dataclass(frozen=True, slots=True)
class _Tx:
    id: str = ""


@dataclass(frozen=True, slots=True)
class _Answered:
    response: Any


class SerialCommand:
    """What a handler gets: it reads where its next commit stands in the log, while nobody else is there."""

    tx = _Tx()
    id = ""

    def __init__(self, main: Main, steps: list[Any], key: str, log: Log, done: set[int]) -> None:
        self.payload = {"steps": steps}
        self._main = main
        self._key = key
        self._log = log
        self._done = done  # positions of what the request has logged, shared with the commands it calls
        self._ordinals = {"root": 0, "call": 0, "log": 0}
        self._read: list[tuple[list[Any], Any, frozenset[int]]] = []  # the step, its answer, what was done before it

    async def run(self) -> Any:
        """Its response."""
        reply = await self._main(self)
        if reply.events:
            self._commit(self._key, reply.events)
        elif self._key in self._log.mine:
            raise NotSerial(f"it would not have logged what stands at {self._log.mine[self._key].position}")
        return reply.response

    async def aggregate(self, root: str, *, domain: str) -> Found:
        number, found = self._see(["state", domain, root])
        return Found(root, number, found)

    async def count(self, root: str, *, domain: str) -> Any:
        return self._see(["count", domain, root])

    async def query_aggregates(self, where: dict[str, Any]) -> list[Found]:
        ((field, value),) = where.items()
        return [Found(root, number, {}) for root, number in self._see(["ask", field, value])]

    async def fact(self, name: str, query: dict[str, Any], *, root: str = "") -> Any:
        return self._see(["state", query["domain"], root] if name == "state" else ["ask", query["field"], query["value"]])

    async def log(self, events: Sequence[Any]) -> None:
        if events:
            self._commit(derived_key(self._key, "log", self._next("log")), events)

    async def call(self, address: str, payload: dict[str, Any]) -> _Answered:
        key = derived_key(self._key, "call", self._next("call"))
        return _Answered(await SerialCommand(self._main, payload["steps"], key, self._log, self._done).run())

    def new_root(self) -> str:
        return derived_root(self._key, self._next("root") + 1)

    def _see(self, step: list[Any]) -> Any:
        seen = answer(self._log.at(self._head(), done=self._done), step)
        self._read.append((step, seen, frozenset(self._done)))
        return seen

    def _head(self) -> int:
        """Where its next commit stands; without one, where it began to read, or after what it has logged since."""
        for key in (derived_key(self._key, "log", self._ordinals["log"]), self._key):
            if logged := self._log.mine.get(key):
                return logged.position
        return max([self._log.head, *(at + 1 for at in self._done)])

    def _commit(self, key: str, events: Sequence[Any]) -> None:
        """It logs what stands there, and what it has read is still true, but for what it has done itself since."""
        if (logged := self._log.mine.get(key)) is None:
            raise Unfinished
        would = [[event.domain or "bicycle", event.root, event.action, event.payload] for event in events]
        did = [[event.domain, event.root, event.action, event.payload] for event in logged.commit.events]
        if would != did:
            raise NotSerial(f"it logged {did} at {logged.position}, and would have logged {would}")
        for step, seen, done in self._read:
            if (now := answer(self._log.at(logged.position, done=done), step)) != seen:
                raise NotSerial(f"{told(step)} was {seen}, and where it logs, at {logged.position}, it is {now}")
        self._done |= set(range(logged.position, logged.end))

    def _next(self, use: str) -> int:
        self._ordinals[use] += 1
        return self._ordinals[use] - 1


def rerun(main: Main, steps: list[Any], key: str, log: Log) -> Any:
    """The response of a command that left these commits in the log.

    Raises NotSerial where it would have logged something else or read something else, Unfinished where it would log more.
    """
    going: Coroutine[Any, Any, Any] = SerialCommand(main, steps, key, log, set()).run()
    try:
        going.send(None)
    except StopIteration as ended:
        return ended.value
    raise AssertionError("nothing waits here")


def told(step: list[Any]) -> str:
    return " ".join(str(part) for part in step)
