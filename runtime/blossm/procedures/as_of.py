"""States of roots as of the events that a projection reads, folded along while the events pass by."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec
import orjson

from blossm.core.errors import Internal, Unavailable
from blossm.core.event import LoggedEvent
from blossm.core.fold import Fold
from blossm.ports import EventStoreClient

KEPT = 10_000  # roots


class NoState(Exception):
    """The state that `event` needs can't be folded."""

    def __init__(self, event: LoggedEvent, error: Internal) -> None:
        super().__init__(error.message)
        self.event = event
        self.error = error


class StatesAsOf:
    """The states of one event store's roots, each as of the last event that passed by.

    A root that was not seen from its first event on, or was forgotten, is asked for once, as of the number before.
    """

    def __init__(self, domain: str, fold: Fold, store: EventStoreClient, *, actions: Collection[str]) -> None:
        self._domain = domain
        self._fold = fold
        self._store = store
        self._actions = actions  # those whose functions want the state
        self._states: dict[str, tuple[int, dict[str, Any]]] = {}

    async def ready(self, events: Iterable[LoggedEvent]) -> None:
        """Ask for what can't be folded from here on. `events` are the next of the log, in order. Raises NoState."""
        while len(self._states) > KEPT:
            del self._states[next(iter(self._states))]
        mine = [event for event in events if event.domain == self._domain]
        wanted = {event.root for event in mine if event.action in self._actions}
        reached: dict[str, int] = {}
        for event in mine:
            known = reached.get(event.root, self._states.get(event.root, (0, None))[0])
            if event.number != known + 1 and event.number != 1:
                if event.root not in wanted:
                    continue
                self._states[event.root] = (event.number - 1, await self._before(event))
            reached[event.root] = event.number

    async def _before(self, event: LoggedEvent) -> dict[str, Any]:
        try:
            return (await self._store.aggregate(self._domain, event.root, number=event.number - 1)).value.state
        except Internal as error:
            raise NoState(event, error) from error

    def after(self, event: LoggedEvent) -> dict[str, Any] | None:
        """The state with this event in it; None where nobody wants it."""
        number, state = (0, {}) if event.number == 1 else self._states.pop(event.root, (0, {}))
        if number != event.number - 1:
            if event.action in self._actions:
                raise Unavailable(f"the state of {event.root} before number {event.number} is not at hand")
            return None
        # A function may do what it likes with the event and the state that it is given: both are copies of what is kept.
        state = self._fold.state([msgspec.structs.replace(event, payload=_copy(event.payload))], start=state)
        self._states[event.root] = (event.number, state)
        return _copy(state) if event.action in self._actions else None


def _copy(value: dict[str, Any]) -> dict[str, Any]:
    copy: dict[str, Any] = orjson.loads(orjson.dumps(value))
    return copy
