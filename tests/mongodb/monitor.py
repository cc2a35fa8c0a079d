"""Listens to what is sent to MongoDB, and knows what a serving user may send."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from blossm.model.indexes import IndexPlan

READ_AND_LOG = frozenset({"FIND", "INSERT", "LIST_INDEXES"})
READ_AND_WRITE = READ_AND_LOG | {"UPDATE", "REMOVE"}

_TAKES = {  # a command, and the privileges that it takes
    "find": {"FIND"},
    "aggregate": {"FIND"},
    "getMore": {"FIND"},
    "killCursors": {"FIND"},
    "listIndexes": {"LIST_INDEXES"},
    "insert": {"INSERT"},
    "update": {"UPDATE"},
    "delete": {"REMOVE"},
    "findAndModify": {"FIND", "UPDATE"},
}
_ANYBODY = {"hello", "endSessions"}
_WRITING_STAGES = {"$out", "$merge"}
_NOT_EVERYWHERE = {"$lookup", "$graphLookup", "$unionWith", "$facet"}  # stages that not every server has


def may(plan: IndexPlan) -> dict[str, frozenset[str]]:
    """What a serving user may do with the collections of a plan. It is what blossm_infra gives it: a test says so."""
    names = [collection.name for collection in plan.collections]
    return {name: READ_AND_LOG if name == "log" else READ_AND_WRITE for name in names}


@dataclass(frozen=True, slots=True)
class Sent:
    """A command as it went over the wire."""

    name: str
    database: str
    collection: str
    command: Mapping[str, Any]


class Monitor(CommandListener):
    """Every command of the clients that it listens to. `forbidden`: what no serving user may send, in words."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.forbidden: list[str] = []
        self._may: dict[str, dict[str, frozenset[str]]] = {}
        self._heard = asyncio.Event()

    def expect(self, database: str, plan: IndexPlan) -> None:
        """From now on this database is served by its plan."""
        self._may[database] = may(plan)

    def named(self, *names: str) -> list[Sent]:
        return [sent for sent in self.sent if sent.name in names]

    async def heard(self, name: str) -> None:
        """Return when such a command was sent."""
        while not self.named(name):
            self._heard.clear()
            await self._heard.wait()

    def started(self, event: CommandStartedEvent) -> None:
        self._heard.set()
        target = event.command.get("collection" if event.command_name == "getMore" else event.command_name)
        sent = Sent(event.command_name, event.database_name, target if isinstance(target, str) else "", event.command)
        self.sent.append(sent)
        self.forbidden += [f"{sent.name} on {sent.database}.{sent.collection}: {what}" for what in self._problems(sent)]

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...

    def _problems(self, sent: Sent) -> Iterator[str]:
        if sent.name in _ANYBODY:
            return
        if sent.name not in _TAKES:
            yield "no serving user sends this"
            return
        granted = self._may.get(sent.database, {}).get(sent.collection)
        if granted is None:
            yield "the plan has no such collection"
        else:
            yield from (f"the user lacks {what}" for what in sorted(_taken(sent) - granted))
        yield from _not_everywhere(sent)


def _taken(sent: Sent) -> set[str]:
    """The privileges that a command takes."""
    taken = set(_TAKES[sent.name])
    if any(update.get("upsert") for update in (*sent.command.get("updates", ()), sent.command)):
        taken.add("INSERT")
    if sent.name == "findAndModify" and sent.command.get("remove"):
        taken.add("REMOVE")
    if _WRITING_STAGES & set(_stages(sent)):
        taken |= {"INSERT", "REMOVE", "into another collection"}
    return taken


def _not_everywhere(sent: Sent) -> Iterator[str]:
    """What some server that speaks the protocol does not know."""
    yield from (f"not every server has {stage}" for stage in _stages(sent) if stage in _NOT_EVERYWHERE)
    if any(isinstance(update.get("u"), list) for update in sent.command.get("updates", ())):
        yield "not every server has updates by a pipeline"
    if "startTransaction" in sent.command or "autocommit" in sent.command:
        yield "a transaction of several documents"


def _stages(sent: Sent) -> Iterable[str]:
    return [name for stage in sent.command.get("pipeline", ()) for name in stage]
