"""A batch of changes applied to rows: one write a row, however many events touched it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from blossm.core.errors import BadRequest
from blossm.core.view import Batch, Change, EventChanges
from blossm.core.view_row import Rules, StoredRow, changed, refuse_foreign_where


class Write(NamedTuple):
    """What becomes of one row; None: it is not there."""

    id: str
    before: StoredRow | None
    after: StoredRow | None


class Rows(Protocol):
    """The rows of one generation, inside the transaction that applies a batch."""

    def load(self, ids: Collection[str]) -> dict[str, StoredRow]:
        """The rows with these ids; one that is not there is left out."""

    def find(self, where: Mapping[str, Any]) -> list[StoredRow]:
        """The rows that have these values in indexed fields, by id, with all that was saved."""

    def save(self, writes: Sequence[Write]) -> None: ...


def apply_changes(batch: Batch, rows: Rows, rules: Rules) -> None:
    """Make all changes of the batch, in order.

    Raises BadRequest, with the service and the position of the event among its facts, for a change that does not fit.
    What was saved before that must not stay.
    """
    working = _Working(rows, {change.id for event in batch.events for change in event.changes if change.id})
    for event in batch.events:
        for change in event.changes:
            try:
                _apply(working, event, change, rules)
            except BadRequest as error:
                error.facts |= {"service": event.service, "position": event.position}
                raise
    working.flush()


def _apply(working: _Working, event: EventChanges, change: Change, rules: Rules) -> None:
    if change.id:
        ids = [change.id]
    else:
        found = working.find(change.where)
        ids = [row.id for row in found if refuse_foreign_where(row, change.where, event.service)]
    for id in ids:
        row = working.now.get(id)
        working.now[id] = changed(row, id, change, service=event.service, context=event.context, rules=rules)


class _Working:
    """The rows that the batch has touched so far: as they were saved, and as they are now."""

    def __init__(self, rows: Rows, ids: Collection[str]) -> None:
        self._rows = rows
        self._saved: dict[str, StoredRow | None] = dict.fromkeys(ids) | rows.load(ids) if ids else {}
        self.now = dict(self._saved)

    def find(self, where: Mapping[str, Any]) -> list[StoredRow]:
        self.flush()
        found = self._rows.find(where)
        for row in found:
            self._saved[row.id] = self.now[row.id] = row
        return found

    def flush(self) -> None:
        writes = [
            Write(id, self._saved[id], row) for id, row in self.now.items() if row is not self._saved[id]
        ]
        if writes:
            self._rows.save(writes)
            self._saved |= {write.id: write.after for write in writes}
