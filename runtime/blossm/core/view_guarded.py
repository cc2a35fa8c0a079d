"""A batch of changes for a store without transactions: each row is one guarded write, and remembers what it has seen.

A row keeps, for each service, the position of the last event that was applied to it. Whoever applies a batch again, whole,
cut differently, or at the same time as another, passes over the events that a row has seen. What is left to do for a row
depends on that row and on the events alone, but for `where`: which rows it finds. So `where` is asked of the store at its
turn, event after event, and what the batch has changed so far is laid over the answer. A row that is not found then, and
that the batch has not touched, is either not meant, or somebody else has carried it past the event already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from blossm.core.errors import BadRequest
from blossm.core.indexes import index_key
from blossm.core.view import Change, EventChanges
from blossm.core.view_query import value_at
from blossm.core.view_row import Rules, StoredRow, changed, refuse_foreign_where


class SeenRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a store keeps of an id: the row (None: it was removed), how far it has seen each service, a count of its writes."""

    row: StoredRow | None = None
    seen: dict[str, int] = {}
    revision: int = 0  # 0: nothing is kept


NOTHING = SeenRow()


class GuardedBatch:
    """The rows that a batch of one service touches: as they were loaded, and as they are now."""

    def __init__(self, service: str, rules: Rules) -> None:
        self._service = service
        self._rules = rules
        self._loaded: dict[str, SeenRow] = {}
        self._now: dict[str, StoredRow | None] = {}
        self._last: dict[str, int] = {}  # changed rows → the position of their last change
        self._values = _Values()

    def take(self, rows: Mapping[str, SeenRow]) -> None:
        """What is kept of these ids, `NOTHING` too. What was taken before stays; the write tells whether it is still so."""
        for id, row in rows.items():
            if id not in self._loaded:
                self._loaded[id] = row
                self._now[id] = row.row

    def change(self, event: EventChanges, change: Change, *, found: Iterable[str] = ()) -> None:
        """Make a change. `found`: which taken rows the store finds by its `where`. Raises BadRequest where it does not fit."""
        try:
            ids = [change.id] if change.id else self._selected(event, change, found)
            for id in ids:
                if event.position > self._loaded.get(id, NOTHING).seen.get(self._service, 0):
                    self._change(id, event, change)
        except BadRequest as error:
            error.facts |= {"service": event.service, "position": event.position}
            raise

    def writes(self) -> dict[str, tuple[SeenRow, SeenRow]]:
        """What becomes of the rows that were changed: as each was loaded, and as it is to be kept."""
        return {id: (self._loaded.get(id, NOTHING), self._written(id)) for id in self._last}

    def _selected(self, event: EventChanges, change: Change, found: Iterable[str]) -> list[str]:
        """The rows that have these values by now, and have not seen the event."""
        selected = []
        for id in sorted({*found, *self._values.having(change.where)}):
            row = self._now[id]
            unseen = event.position > self._loaded.get(id, NOTHING).seen.get(self._service, 0)
            if row and unseen and _has(row, change.where) and refuse_foreign_where(row, change.where, event.service):
                selected.append(id)
        return selected

    def _change(self, id: str, event: EventChanges, change: Change) -> None:
        before = self._now.get(id)
        after = changed(before, id, change, service=event.service, context=event.context, rules=self._rules)
        if after is not before:
            self._now[id] = after
            self._last[id] = event.position
            self._values.put(id, after)

    def _written(self, id: str) -> SeenRow:
        loaded = self._loaded.get(id, NOTHING)
        return SeenRow(
            row=self._now[id], seen={**loaded.seen, self._service: self._last[id]}, revision=loaded.revision + 1
        )


class _Values:
    """Which of the changed rows have which values, for every set of fields that a `where` has asked for."""

    def __init__(self) -> None:
        self._rows: dict[str, StoredRow | None] = {}
        self._kept: dict[tuple[str, ...], dict[tuple[str, ...], set[str]]] = {}
        self._of: dict[tuple[tuple[str, ...], str], tuple[str, ...]] = {}

    def put(self, id: str, row: StoredRow | None) -> None:
        self._rows[id] = row
        for names in self._kept:
            self._place(names, id, row)

    def having(self, where: Mapping[str, Any]) -> set[str]:
        names = tuple(where)
        if names not in self._kept:
            self._kept[names] = {}
            for id, row in self._rows.items():
                self._place(names, id, row)
        return self._kept[names].get(tuple(map(index_key, where.values())), set())

    def _place(self, names: tuple[str, ...], id: str, row: StoredRow | None) -> None:
        if (former := self._of.pop((names, id), None)) is not None:
            self._kept[names][former].discard(id)
        if row is not None:
            values = tuple(index_key(value_at(row.body, name)) for name in names)
            self._of[names, id] = values
            self._kept[names].setdefault(values, set()).add(id)


def _has(row: StoredRow, where: Mapping[str, Any]) -> bool:
    return all(
        (value := value_at(row.body, name)) is not None and index_key(value) == index_key(asked) for name, asked in where.items()
    )
