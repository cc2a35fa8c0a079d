"""What an event store lets in: events that fit their domain and action, complete and in one spelling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from blossm.core.commit import NewEvent
from blossm.core.errors import BadRequest, FieldProblem
from blossm.core.payload import Contract
from blossm.core.root import is_root
from blossm.model.network import EventStoreSpec


class Intake:
    """Checks the events of a commit against the event stores of one service."""

    def __init__(self, *, service: str, stores: Mapping[str, EventStoreSpec]) -> None:
        self._service = service
        self._stores = dict(stores)
        self._contracts = {
            (domain, name): Contract.of(action.payload, at="payload")
            for domain, store in stores.items()
            for name, action in store.actions.items()
        }

    def taken(self, events: Sequence[NewEvent]) -> tuple[NewEvent, ...]:
        """The events as they are logged. Raises BadRequest, which names every field that is off."""
        taken: list[NewEvent] = []
        problems: list[FieldProblem] = []
        for index, event in enumerate(events):
            at = f"events[{index}]"
            if off := list(self._problems(event)):
                problems += [FieldProblem(f"{at}.{path}", problem) for path, problem in off]
                continue
            try:
                payload = self._contracts[event.domain, event.action].take(event.payload)
            except BadRequest as error:
                problems += [FieldProblem(f"{at}.{field.path}", field.problem) for field in error.fields]
                continue
            taken.append(msgspec.structs.replace(event, payload=payload))
        if problems:
            raise BadRequest("the events do not fit their event stores", fields=problems)
        return tuple(taken)

    def _problems(self, event: NewEvent) -> Iterator[tuple[str, str]]:
        """What is off about an event but its payload."""
        if not is_root(event.root):
            yield "root", "must be a UUID in lower case"
        store = self._stores.get(event.domain)
        if store is None:
            yield "domain", f"the service {self._service} has no domain {event.domain}"
            return
        if store.retired:
            yield "domain", f"the event store of {event.domain} is retired and takes no events"
        action = store.actions.get(event.action)
        if action is None:
            yield "action", f"{event.domain} has no action {event.action}; it has {', '.join(store.actions) or 'none'}"
        elif event.version != action.version:
            yield "version", f"must be {action.version}, the version of {event.action}"
