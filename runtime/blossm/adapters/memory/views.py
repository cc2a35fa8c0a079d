"""A view store in memory: for tests, and the plainest telling of what the port promises."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from blossm.core.view import Batch, Checkpoint, Comparison, Page, Query, Row
from blossm.core.view_batch import Write, apply_changes
from blossm.core.view_cursor import decode_cursor, page_of
from blossm.core.view_query import Order, plan, value_at, values_of
from blossm.core.view_row import Rules, StoredRow
from blossm.core.view_text import asked, has, words_of
from blossm.model.network import ViewStoreSpec
from blossm.ports import Generations


@dataclass(slots=True)
class _Generation:
    rows: dict[str, StoredRow] = field(default_factory=dict)
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)
    definition: str = ""

    def load(self, ids: Collection[str]) -> dict[str, StoredRow]:
        return {id: self.rows[id] for id in ids if id in self.rows}

    def find(self, where: Mapping[str, Any]) -> list[StoredRow]:
        conditions = [Comparison(name, "eq", value) for name, value in where.items()]
        found = (row for row in self.rows.values() if _meets(row.body, conditions))
        return sorted(found, key=lambda row: row.id)

    def save(self, writes: Sequence[Write]) -> None:
        for write in writes:
            if write.after is None:
                self.rows.pop(write.id, None)
            else:
                self.rows[write.id] = write.after


class MemoryViewStore:
    """Implements `ports.ViewStore`."""

    def __init__(self, spec: ViewStoreSpec) -> None:
        self._spec = spec
        self._rules = Rules.of(spec)
        self._kept = {1: _Generation()}
        self._generations = Generations(current=1)
        self._last = 1

    async def generations(self) -> Generations:
        return self._generations

    async def begin(self) -> int:
        if self._generations.building is None:
            self._last += 1
            self._kept[self._last] = _Generation()
            self._generations = replace(self._generations, building=self._last)
        return self._last

    async def switch(self, *, current: int, to: int) -> bool:
        now = self._generations
        if now.current != current or to not in (now.building, now.previous):
            return False
        building = None if to == now.building else now.building
        if now.previous not in (None, to):
            del self._kept[now.previous]
        self._generations = Generations(current=to, building=building, previous=current)
        return True

    async def abandon(self, generation: int) -> None:
        now = self._generations
        if generation == now.building:
            self._generations = replace(now, building=None)
        elif generation == now.previous:
            self._generations = replace(now, previous=None)
        else:
            return
        del self._kept[generation]

    async def checkpoints(self, generation: int) -> dict[str, Checkpoint]:
        kept = self._kept.get(generation)
        return dict(kept.checkpoints) if kept else {}

    async def definition(self, generation: int) -> str:
        kept = self._kept.get(generation)
        return kept.definition if kept else ""

    async def apply(self, generation: int, batch: Batch) -> bool:
        kept = self._kept.get(generation)
        if kept is None or kept.checkpoints.get(batch.service, Checkpoint()) != batch.before:
            return False
        after = _Generation(dict(kept.rows), kept.checkpoints | {batch.service: batch.after}, kept.definition or batch.definition)
        apply_changes(batch, after, self._rules)
        self._kept[generation] = after
        return True

    async def get(self, generation: int, id: str, *, context: str | None = None) -> Row | None:
        kept = self._kept.get(generation)
        row = kept.rows.get(id) if kept else None
        return row.row() if row and self._visible(row, context) else None

    async def query(self, generation: int, query: Query) -> Page:
        order = plan(self._spec, query).order
        after = decode_cursor(self._spec, query, order)
        kept = self._kept.get(generation)
        answering = [stored.row() for stored in kept.rows.values() if self._answers(stored, query)] if kept else []
        found = [(values_of(row, order), row) for row in answering]
        for at, (_, direction) in reversed(list(enumerate(order))):
            found.sort(key=lambda each: _rank(each[0][at]), reverse=direction == "desc")
        rest = [row for values, row in found if after is None or _behind(values, after, order)]
        return page_of(self._spec, query, order, rest, count=len(found) if query.count else None)

    async def close(self) -> None:
        """Nothing to let go of."""

    def _visible(self, row: StoredRow, context: str | None) -> bool:
        return context is None or not self._spec.context or (context != "" and row.context == context)

    def _answers(self, row: StoredRow, query: Query) -> bool:
        if not self._visible(row, query.context) or not _meets(row.body, query.where):
            return False
        whole, beginning = asked(query.text)
        return not query.text or (beginning != "" and has(words_of(row.body, self._spec.text), whole, beginning))


_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, asked: value == asked,
    "gt": lambda value, asked: value > asked,
    "gte": lambda value, asked: value >= asked,
    "lt": lambda value, asked: value < asked,
    "lte": lambda value, asked: value <= asked,
    "in": lambda value, asked: value in asked,
    "prefix": lambda value, asked: value.startswith(asked),
}


def _meets(body: Mapping[str, Any], where: Collection[Comparison]) -> bool:
    """An absent value meets no condition."""
    values = ((value_at(body, comparison.field), comparison) for comparison in where)
    return all(value is not None and _TESTS[comparison.op](value, comparison.value) for value, comparison in values)


def _rank(value: Any) -> tuple[Any, ...]:
    """Sorts absent values before all others."""
    return (False,) if value is None else (True, value)


def _behind(values: Sequence[Any], after: Sequence[Any], order: Order) -> bool:
    """Whether a row with these values comes after those that the last page ended at."""
    for value, ended, (_, direction) in zip(values, after, order, strict=True):
        if value != ended:
            return (_rank(value) > _rank(ended)) == (direction == "asc")
    return False
