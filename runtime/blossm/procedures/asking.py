"""What a projection's functions make of events: each given the event, and the state and facts that it names."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from blossm.core.errors import DeadlineExceeded, Internal, ResourceExhausted, Unavailable
from blossm.core.event import LoggedEvent, Step, Tx
from blossm.core.request import Request
from blossm.core.view import EventChanges
from blossm.handlers import run
from blossm.handlers.folds import fold_of
from blossm.handlers.modules import Modules
from blossm.handlers.projection import Failure, Listener, changes_of, definition_of, failure, listeners
from blossm.model.network import Network, ProjectionSpec
from blossm.ports import Clients, Clock, EventStoreClient
from blossm.procedures.as_of import NoState, StatesAsOf

States = Mapping[str, StatesAsOf]  # by event store

TRANSIENT = (Unavailable, DeadlineExceeded, ResourceExhausted)  # nothing is wrong with the event: try again


@dataclass(slots=True)
class Made:
    """The changes of events in order, up to one that failed."""

    at: LoggedEvent = field(init=False)  # the last that was begun with
    changes: list[EventChanges] = field(default_factory=list)
    asked: int = 0  # the events that a function was asked about
    failure: Failure | None = None


class Asking:
    """The functions of one projection. Raises HandlerError when one is missing."""

    def __init__(
        self,
        *,
        spec: ProjectionSpec,
        network: Network,
        modules: Modules,
        clients: Clients,
        logs: Mapping[str, EventStoreClient],
        clock: Clock,
    ) -> None:
        stores = {address: network.event_stores[address] for address in spec.events}
        self._spec = spec
        self._clients = clients
        self._clock = clock
        self._root = modules.root
        self._context = network.view_stores[spec.address].context
        self._listeners = listeners(spec, network, modules)
        self._folds = {address: fold_of(store, modules) for address, store in stores.items()}
        self._stores = stores
        self._logs = logs
        self._states = self._no_states()
        self.definition = definition_of(spec, network, modules, self._listeners, self._folds)

    def _no_states(self) -> States:
        """Nothing folded yet, for the event stores whose state a function wants."""
        wanted: dict[str, set[str]] = {}
        for (address, action), listener in self._listeners.items():
            if "state" in listener.wants:
                wanted.setdefault(address, set()).add(action)
        return {
            address: StatesAsOf(
                self._stores[address].domain, self._folds[address], self._logs[self._stores[address].service], actions=actions
            )
            for address, actions in wanted.items()
        }

    async def made(self, events: Sequence[LoggedEvent]) -> Made:
        """Ask about events of one service, the next of its log. What is transient is raised."""
        try:
            return await self._made(events)
        except asyncio.CancelledError:
            self._states = self._no_states()  # a thread may still be folding with the old ones
            raise

    async def _made(self, events: Sequence[LoggedEvent]) -> Made:
        try:
            for address, states in self._states.items():
                await states.ready([event for event in events if _store(event) == address])
        except NoState as lacking:
            made = await self._made([event for event in events if event.position < lacking.event.position])
            made.failure = made.failure or self.failure(lacking.event, lacking.error)
            return made
        if any(listener.is_async for event in events if (listener := self.listener(event))):
            return await self._asked(events)
        return cast(Made, await run.invoke(self._asked_here, events, self._states))

    def listener(self, event: LoggedEvent) -> Listener | None:
        """The function that is asked about an event."""
        return self._listeners.get((_store(event), event.action))

    def _asked_here(self, events: Sequence[LoggedEvent], states: States) -> Made:
        """Ask functions that do not wait, on this thread."""
        made = Made()
        with self._failing(made):
            for call in self._calls(made, events, states):
                self._take(made, call())
        return made

    async def _asked(self, events: Sequence[LoggedEvent]) -> Made:
        """Ask functions that may wait, each at most as long as the projection's timeout."""
        made = Made()
        with self._failing(made):
            for call in self._calls(made, events, self._states):
                answer = call()
                if inspect.iscoroutine(answer):
                    answer = await run.within(_staying(answer), clock=self._clock, deadline=self._deadline())
                self._take(made, answer)
        return made

    def _calls(self, made: Made, events: Sequence[LoggedEvent], states: States) -> Iterator[Callable[[], Any]]:
        """Lift and fold one event after the other, and say how its function is to be called, where one listens."""
        for event in events:
            made.at = event
            store = _store(event)
            if store not in self._folds:
                continue
            lifted = self._folds[store].lift(event)
            state = states[store].after(lifted) if store in states else None
            if listener := self._listeners.get((store, event.action)):
                yield partial(listener.call, lifted, state, partial(self._fact, event))

    def _take(self, made: Made, answer: Any) -> None:
        made.asked += 1
        changes = changes_of(made.at, answer, context=self._context)
        if changes.changes:
            made.changes.append(changes)

    @contextmanager
    def _failing(self, made: Made) -> Iterator[None]:
        """What is raised meanwhile is the failure of the event that it is at, but for what is transient."""
        try:
            yield
        except TRANSIENT:
            raise
        except (Exception, SystemExit) as error:  # user code may raise anything
            made.failure = self.failure(made.at, error)

    def failure(self, event: LoggedEvent, error: BaseException) -> Failure:
        """Why an event can't be handled, for people."""
        return failure(event, self.listener(event), error, root=self._root)

    async def _fact(
        self, event: LoggedEvent, address: str, query: dict[str, Any] | None = None, *, root: str | None = None
    ) -> Any:
        """What a function is given as `fact`: `await fact("shop.bicycle.price", {"currency": "EUR"}, root=event.root)`."""
        step = Step(f"projection:{self._spec.address}", event.id, event.committed)
        request = Request(
            address=address,
            payload=query or {},
            root=root or "",
            context=event.context,
            claims=event.tx.claims,
            tx=Tx(event.tx.id, (*event.tx.path, step), event.tx.claims),
            deadline=self._deadline(),
        )
        return (await self._clients.fact(address).read(request)).response

    def _deadline(self) -> float:
        return self._clock.monotonic() + self._spec.shape.timeout


async def _staying(answer: Coroutine[Any, Any, Any]) -> Any:
    """What a function answers. One that leaves the process fails instead: asyncio would take the whole loop along."""
    try:
        return await answer
    except SystemExit as error:
        raise Internal(f"SystemExit: {error}") from error


def _store(event: LoggedEvent) -> str:
    return f"{event.service}.{event.domain}"
