"""Changes of view rows, and the checkpoints that move with them.

What they hold is JSON, which has no cycles, so the garbage collector need not look at them (`gc=False`).
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import msgspec

Operation = Literal["put", "set", "unset", "add", "discard", "increment", "remove"]
OPERATIONS: frozenset[Operation] = frozenset(get_args(Operation))


class Change(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One change of one row (`id`), or of the rows that `where` finds over indexed fields.

    `fields`: what put and set write, what increment adds, the values of add and discard, the names of unset (as keys).
    `context`: the root of the context that a new row belongs to; empty: the event's own.
    """

    op: Operation
    id: str = ""
    where: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    context: str = ""


class Checkpoint(msgspec.Struct, frozen=True):
    """How far a reader is in one service's log: the last event of the last whole commit it handled (0, "": none)."""

    position: int = 0
    commit_id: str = ""


class EventChanges(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the projection makes of one event. `context` is the event's own root of the store's context, or empty."""

    service: str
    position: int
    context: str = ""
    changes: tuple[Change, ...]


class Batch(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Changes in the order of the log, and the checkpoint before and after them, of one service. All or nothing."""

    service: str
    before: Checkpoint
    after: Checkpoint
    events: tuple[EventChanges, ...] = ()
    definition: str = ""  # hash of what made the changes; empty where no handler was asked


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A row of a view. `context` is the root of the context it belongs to, empty where there is none."""

    id: str
    body: dict[str, Any]
    context: str = ""


class Comparison(msgspec.Struct, frozen=True):
    """One condition of a query; `value` is of the field's type (a tuple of them for `in`)."""

    field: str
    op: Literal["eq", "gt", "gte", "lt", "lte", "in", "prefix"]
    value: Any


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """A question that a declared index answers. `context` None: unfiltered (never for a door)."""

    where: tuple[Comparison, ...] = ()
    sort: tuple[tuple[str, Literal["asc", "desc"]], ...] = ()
    text: str = ""
    limit: int = 50
    cursor: str = ""
    count: bool = False
    context: str | None = None
    min_position: dict[str, int] = {}


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Rows in order, the cursor of the next page (empty: this was the last), and the count where it was asked for."""

    content: tuple[Row, ...]
    next: str = ""
    count: int | None = None
