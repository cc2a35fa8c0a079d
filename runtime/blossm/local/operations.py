"""What the operator's tools do with a network: call, look, replay.

Every operation takes a few arguments and gives JSON documents, one or many, so that it is the same in this process and
over HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any, Protocol

import msgspec

from blossm.core.errors import BadRequest, BlossmError, FieldProblem, NotFound
from blossm.core.time import parse_rfc3339, rfc3339
from blossm.local.calls import Call, Calls
from blossm.local.operated import Operated, logs_of
from blossm.local.replays import Abort, Replay, Replays, Rollback
from blossm.local.timeline import Timeline
from blossm.model.diagnostics import did_you_mean
from blossm.model.network import EventStoreSpec
from blossm.ports import EventStoreClient

Document = dict[str, Any]
SOON = 2.0  # seconds


class Operations(Protocol):
    """The operations, wherever the network is."""

    def run(self, operation: str, arguments: Mapping[str, Any]) -> AsyncGenerator[Document, None]:
        """The documents that an operation gives. Raises what it raises, BadRequest when there is no such operation."""


class Events(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The events of a service, or of all by time; the last ones only, where `last` says how many."""

    service: str = ""
    last: int | None = None
    follow: bool = False


class State(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a root's events add up to; `at`: a number or a time."""

    root: str
    domain: str = ""
    at: str = ""


class Status(msgspec.Struct, forbid_unknown_fields=True):
    """Every procedure, how long the logs are, how far the projections are."""


ARGUMENTS: dict[str, type[msgspec.Struct]] = {
    "call": Call,
    "events": Events,
    "state": State,
    "status": Status,
    "replay": Replay,
    "abort": Abort,
    "rollback": Rollback,
}


class LocalOperations:
    """The operations on a network that this process runs. `key`: the development key's file."""

    def __init__(self, operated: Operated, *, key: Path) -> None:
        self._operated = operated
        self._network = operated.network
        self._logs = logs_of(operated)
        self._calls = Calls(operated, key=key)
        self._replays = Replays(operated)

    async def run(self, operation: str, arguments: Mapping[str, Any]) -> AsyncGenerator[Document, None]:
        match understood(operation, arguments):
            case Call() as call:
                documents = self._calls.run(call)
            case Events() as events:
                documents = self._events(events)
            case State() as state:
                documents = self._states(state)
            case Status():
                documents = self._status()
            case Replay() | Abort() | Rollback() as wanted:
                documents = self._replays.run(wanted)
            case other:
                raise AssertionError(other)
        async with aclosing(documents):
            async for document in documents:
                yield document

    async def _events(self, events: Events) -> AsyncGenerator[Document, None]:
        if events.service and events.service not in self._logs:
            raise NotFound(f"there is no service {events.service}", help=did_you_mean(events.service, self._logs))
        logs = {events.service: self._logs[events.service]} if events.service else self._logs
        timeline = Timeline(logs, network=self._network.name, bus=self._operated.bus)
        seen: dict[str, int] = {}
        if events.last is not None:
            seen = {service: await log.head() - 1 for service, log in logs.items()}
            for event in await timeline.last(events.last):
                seen[event.service] = max(event.position, seen[event.service])
                yield msgspec.to_builtins(event)
            if not events.follow:
                return
        async for event in timeline.follow(seen) if events.follow else timeline.after(seen):
            yield msgspec.to_builtins(event)

    async def _states(self, state: State) -> AsyncGenerator[Document, None]:
        number, time = moment(state.at)
        found = False
        for store in self._stores(state.domain):
            log = self._logs[store.service]
            aggregate = (await log.aggregate(store.domain, state.root, number=number, time=time)).value
            if aggregate.number or (state.domain and (await log.count(store.domain, state.root)).value):
                found = True
                yield {
                    "domain": store.address,
                    "root": state.root,
                    "number": aggregate.number,
                    "position": aggregate.position,
                    "state": aggregate.state,
                }
        if not found:
            when = f" at {state.at}" if state.at else ""
            raise NotFound(f"no event of {state.root} is logged{when}", help="`blossm events` shows roots")

    def _stores(self, domain: str) -> list[EventStoreSpec]:
        stores = list(self._network.event_stores.values())
        found = [store for store in stores if domain in ("", store.domain, store.address)]
        if not found:
            addresses = [store.address for store in stores]
            raise NotFound(f"there is no domain {domain} with an event store", help=did_you_mean(domain, addresses))
        return found

    async def _status(self) -> AsyncGenerator[Document, None]:
        for projection in self._network.projections:
            with suppress(BlossmError):  # the status says why it stands still
                await self._operated.caught_up(projection)
        procedures, projections, lengths = await asyncio.gather(
            self._operated.procedures(),
            self._operated.projections(),
            asyncio.gather(*map(_length, self._logs.values())),
        )
        yield {
            "network": self._network.name,
            "environment": self._network.environment,
            "procedures": procedures,
            "logs": [{"service": service, "events": events} for service, events in zip(self._logs, lengths, strict=True)],
            "projections": [{"projection": address, **status} for address, status in projections.items()],
            "timers": self._operated.waiting(),
            "kept": self._operated.kept,
        }


async def _length(log: EventStoreClient) -> int | None:
    """How many events there are; None when that is not told soon: a status is asked for when something is down."""
    try:
        async with asyncio.timeout(SOON):
            return await log.head() - 1
    except (BlossmError, TimeoutError):
        return None


def understood(operation: str, arguments: Mapping[str, Any]) -> msgspec.Struct:
    """The arguments of an operation. Raises BadRequest."""
    if operation not in ARGUMENTS:
        raise BadRequest(f"there is no operation {operation}", help=did_you_mean(operation, ARGUMENTS))
    try:
        return msgspec.convert(arguments, ARGUMENTS[operation])
    except msgspec.ValidationError as error:
        raise BadRequest(f"{operation}: {error}") from error


def moment(at: str) -> tuple[int | None, str | None]:
    """A number, or a time: `12`, `2026-01-31T12:00:00Z`. Raises BadRequest."""
    if not at:
        return None, None
    if at.isdecimal():
        return int(at), None
    try:
        return None, rfc3339(parse_rfc3339(at))
    except ValueError as error:
        problem = "must be a number, or a time like 2026-01-31T12:00:00Z"
        raise BadRequest(f"{at} is no moment", fields=[FieldProblem("at", problem)]) from error
