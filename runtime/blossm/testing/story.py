"""`given(events).when(command).then(events)`: one call, on what happened before it.

Each story is told to a network of its own, in memory, with the real procedures; it may be told in a plain `def` test.
"""

from __future__ import annotations

import asyncio
import inspect
import uuid
from collections.abc import AsyncIterator, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from blossm.core.commit import Commit, NewEvent
from blossm.core.errors import BlossmError, NotFound
from blossm.core.event import Event, LoggedEvent, Tx
from blossm.core.request import Answer
from blossm.core.time import rfc3339
from blossm.model.diagnostics import did_you_mean
from blossm.model.network import CommandSpec, EventStoreSpec, FactSpec
from blossm.testing.expectation import Told, difference, event_of, response_difference
from blossm.testing.found import caller_of, network_of
from blossm.testing.under_test import NetworkUnderTest, network

T = TypeVar("T")
E = TypeVar("E", bound=BlossmError)

# The root that a story is about where it names none.
ROOT = "00000000-0000-4000-8000-000000000001"


def given(*events: Told) -> Story:
    """What happened before: `("painted", {"frame_color": "red"})`, or `Event(…)` where root or domain are others.

    A domain is the one of what is called, unless an event says another: `wheel`, or `staff.mechanic`.
    """
    return Story(caller_of(inspect.currentframe()), tuple(map(event_of, events)))


@dataclass(frozen=True, slots=True)
class _Call:
    address: str
    payload: dict[str, Any]
    root: str | None
    context: dict[str, str]
    claims: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Outcome:
    response: Any = None
    events: tuple[LoggedEvent, ...] = ()
    error: BlossmError | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """What happened, what is called, and what is expected of it."""

    file: Path
    before: tuple[Event, ...]
    call: _Call | None = field(default=None)

    def when(
        self,
        address: str,
        payload: Mapping[str, Any] | None = None,
        *,
        root: str | None = None,
        context: Mapping[str, str] | None = None,
        claims: Mapping[str, Any] | None = None,
    ) -> Story:
        """This command is issued, or this fact is read; without `root`, about the root of the events before."""
        call = _Call(address, dict(payload or {}), root, dict(context or {}), dict(claims or {}))
        return replace(self, call=call)

    def then(self, *events: Told, response: Any = None) -> None:
        """It logs these events and no others, and responds so. What is not named is not compared."""
        __tracebackhide__ = True
        outcome = _run(self._outcome())
        if outcome.error:
            raise AssertionError(f"it was refused: {_words(outcome.error)}") from outcome.error
        off = difference([event_of(event) for event in events], outcome.events)
        off = off or (response_difference(response, outcome.response) if response is not None else "")
        if off:
            raise AssertionError(off)

    def refused(self, error: type[E]) -> E:
        """It is refused with this error, which is answered, and logs nothing."""
        __tracebackhide__ = True
        outcome = _run(self._outcome())
        if isinstance(outcome.error, error):
            return outcome.error
        if outcome.error:
            raise AssertionError(f"it was refused otherwise: {_words(outcome.error)}") from outcome.error
        raise AssertionError(f"it was not refused; it logged {[event.action for event in outcome.events]}")

    async def _outcome(self) -> _Outcome:
        if self.call is None:
            raise TypeError("a story needs a call: given(…).when(address, payload).then(…)")
        spec = self._called(self.call.address)
        root = self.call.root or _root_of(spec, self.before)
        given_root = root or ROOT
        async with network(self.file) as city:
            await _log(city, spec, self.before, given_root)
            try:
                return await self._told(city, spec, self.call, root)
            except BlossmError as error:
                return _Outcome(error=error)

    async def _told(self, city: NetworkUnderTest, spec: CommandSpec | FactSpec, call: _Call, root: str | None) -> _Outcome:
        if isinstance(spec, FactSpec):
            ask = city.stream if spec.stream else city.fact
            asked = ask(spec.address, call.payload, root=root, context=call.context, claims=call.claims)
            return _Outcome([item async for item in asked] if isinstance(asked, AsyncIterator) else await asked)
        answer = await city.call(spec.address, call.payload, root=root, context=call.context, claims=call.claims)
        return _Outcome(answer.response, await _logged(city, answer))

    def _called(self, address: str) -> CommandSpec | FactSpec:
        found = network_of(self.file)
        spec = found.commands.get(address) or found.facts.get(address)
        if spec is None:
            known = did_you_mean(address, [*found.commands, *found.facts])
            raise NotFound(f"there is no command or fact {address}", help=known)
        return spec


def _root_of(spec: CommandSpec | FactSpec, before: tuple[Event, ...]) -> str | None:
    """The root that a call is about where the test names none; None where it can't be given."""
    match spec.root:
        case "required":
            return ROOT
        case "optional":
            return ROOT if before else None
        case _:
            return None


async def _log(city: NetworkUnderTest, spec: CommandSpec | FactSpec, before: tuple[Event, ...], root: str) -> None:
    """Log what happened before, as one commit for each event, so that several services may be among them."""
    for event in before:
        store = _store(city, spec, event)
        action = store.actions.get(event.action)
        if action is None:
            known = did_you_mean(event.action, store.actions)
            raise NotFound(f"{store.address} has no action {event.action}", help=known)
        new = NewEvent(store.domain, event.root or root, action.name, action.version, dict(event.payload))
        id = uuid.uuid4().hex
        commit = Commit(id=id, key=id, events=(new,), tx=Tx(id=id), created=rfc3339(city.local.clock.now()))
        await city.local.operator.event_stores(store.service).append(commit)


def _store(city: NetworkUnderTest, spec: CommandSpec | FactSpec, event: Event) -> EventStoreSpec:
    stores = city.local.network.event_stores
    domain = event.domain or spec.domain
    address = domain if "." in domain else f"{spec.service}.{domain}"
    if address not in stores:
        raise NotFound(f"there is no event store {address}", help=did_you_mean(address, stores))
    return stores[address]


async def _logged(city: NetworkUnderTest, answer: Answer) -> tuple[LoggedEvent, ...]:
    """The events that the command itself logged; those of commands that it called are theirs."""
    if not answer.events:
        return ()
    positions = {event.position for event in answer.events}
    return tuple(
        event for event in await city.events() if event.service == answer.service and event.position in positions
    )


def _words(error: BlossmError) -> str:
    fields = "".join(f"\n  {field.path}: {field.problem}" for field in error.fields)
    return f"{error.code()}: {error.message}{fields}"


def _run(outcome: Coroutine[Any, Any, T]) -> T:
    """Run it to its end, also where a loop is running: then in a thread with a loop of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(outcome)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, outcome).result()
