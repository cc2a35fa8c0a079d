"""A view store in MongoDB, which needs no transaction: rows are written one by one, and the checkpoint moves last.

Whoever crashes in the middle leaves rows that are further than the checkpoint. They know how far (see
`core.view_guarded`), so the same events, in the same batches or in others, make of them what they are already.
"""

from __future__ import annotations

import msgspec

from blossm.adapters.mongodb.client import Database
from blossm.adapters.mongodb.views_generations import Kept, MongoGenerations
from blossm.adapters.mongodb.views_query import finding, page
from blossm.adapters.mongodb.views_rows import MongoRows, Writes
from blossm.core.errors import BadRequest, FieldProblem, Unavailable
from blossm.core.view import Batch, Checkpoint, Page, Query, Row
from blossm.core.view_cursor import decode_cursor, page_of
from blossm.core.view_guarded import GuardedBatch
from blossm.core.view_query import Plan, plan
from blossm.core.view_row import Rules
from blossm.core.view_text import asked
from blossm.model.network import ViewStoreSpec
from blossm.ports import Generations

TRIES = 50  # to write a batch while others write to its rows


class MongoViewStore:
    """Implements `ports.ViewStore`.

    A batch is seen row by row, and is whole when its checkpoint has moved. One that ends early, or that two apply at once,
    is applied again: nothing is lost, and nothing counts twice.
    """

    def __init__(self, spec: ViewStoreSpec, *, rows: MongoRows, generations: MongoGenerations) -> None:
        self._spec = spec
        self._rules = Rules.of(spec)
        self._rows = rows
        self._generations = generations

    @classmethod
    async def open(cls, database: Database, spec: ViewStoreSpec) -> MongoViewStore:
        """The rows in this database, whose collections and indexes are there."""
        return cls(spec, rows=MongoRows(database, spec), generations=MongoGenerations(database))

    async def generations(self) -> Generations:
        return (await self._generations.kept()).generations

    async def begin(self) -> int:
        await self._generations.sweep(last=True)  # what a crash left, and who came late
        begun = await self._generations.move(lambda now: now.begun())
        return begun.building or begun.current

    async def switch(self, *, current: int, to: int) -> bool:
        moved = False

        def switch(now: Kept) -> Kept:
            nonlocal moved
            after = now.switched(current, to)
            moved = after is not now
            return after

        await self._generations.move(switch)
        if moved:
            await self._generations.sweep(last=False)
        return moved

    async def abandon(self, generation: int) -> None:
        await self._generations.move(lambda now: now.abandoned(generation))
        await self._generations.sweep(last=False)

    async def checkpoints(self, generation: int) -> dict[str, Checkpoint]:
        return await self._generations.checkpoints(generation)

    async def definition(self, generation: int) -> str:
        return (await self._generations.kept()).definition(generation)

    async def apply(self, generation: int, batch: Batch) -> bool:
        for _ in range(TRIES):
            kept = await self._next(generation, batch)
            if kept is None:
                return False
            writes = await self._changes(generation, batch)
            if batch.definition and not kept.definition(generation):  # before the first row: none is made by another
                await self._generations.move(lambda now: now.defined(generation, batch.definition))
            try:
                saved = await self._rows.save(generation, writes)
            except Unavailable as error:
                if not self._rows.too_large(generation, writes):
                    raise
                raise await self._outgrown(generation, batch) from error
            if saved:
                return await self._generations.move_checkpoint(generation, batch)
        raise Unavailable(f"the rows of {self._spec.address} are written by others all the time")

    async def get(self, generation: int, id: str, *, context: str | None = None) -> Row | None:
        row = await self._rows.get(generation, id)
        if row is None or (self._spec.context and context is not None and row.context != (context or None)):
            return None
        return row

    async def query(self, generation: int, query: Query) -> Page:
        answer = plan(self._spec, query)
        after = decode_cursor(self._spec, query, answer.order)
        if (self._spec.context and query.context == "") or (query.text and not asked(query.text)[1]):
            return Page(content=(), count=0 if query.count else None)
        rows = await self._page(generation, query, answer, after)
        count = await self._rows.count(finding(self._spec, query, answer, generation)) if query.count else None
        return page_of(self._spec, query, answer.order, rows, count=count)

    async def close(self) -> None:
        """Nothing to let go of: the client is the process's own."""

    async def _next(self, generation: int, batch: Batch) -> Kept | None:
        """The generations, if the batch is what comes next in one of them."""
        kept = await self._generations.kept()
        next = kept.has(generation) and await self._generations.checkpoint(generation, batch.service) == batch.before
        return kept if next else None

    async def _changes(self, generation: int, batch: Batch) -> Writes:
        """What the batch makes of rows as they are now. Nothing is written."""
        working = GuardedBatch(batch.service, self._rules)
        ids = {change.id: None for event in batch.events for change in event.changes if change.id}
        working.take(await self._rows.load(generation, ids))
        for event in batch.events:
            for change in event.changes:
                found = {} if change.id else await self._rows.having(generation, change.where)
                working.take(found)
                working.change(event, change, found=found)
        return working.writes()

    async def _outgrown(self, generation: int, batch: Batch) -> BadRequest:
        """Which event makes a row larger than a document may be: the first that does."""
        fit, over = 0, len(batch.events)
        while over - fit > 1:
            some = (fit + over) // 2
            fit, over = (fit, some) if await self._too_large(generation, batch, some) else (some, over)
        id = await self._too_large(generation, batch, over)
        problem = FieldProblem("body", "would be larger than the 16 MiB of a document")
        facts = {"service": batch.service, "position": batch.events[over - 1].position, "id": id}
        return BadRequest(f"the row {id} outgrows its store", fields=[problem], facts=facts)

    async def _too_large(self, generation: int, batch: Batch, events: int) -> str:
        """The row that the first so many events make too large."""
        some = msgspec.structs.replace(batch, events=batch.events[:events])
        return self._rows.too_large(generation, await self._changes(generation, some))

    async def _page(self, generation: int, query: Query, answer: Plan, after: tuple[object, ...] | None) -> list[Row]:
        """The rows of a page and one more. One that moves while they are read is shown once."""
        rows: dict[str, Row] = {}
        for find in page(self._spec, query, answer, generation, after):
            for row in await self._rows.page(find, query.limit + 1 - len(rows)):
                rows.setdefault(row.id, row)
            if len(rows) > query.limit:
                break
        return list(rows.values())
