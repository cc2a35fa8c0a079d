"""Which generations a view has, in one document that moves by compare-and-swap, and how far each of them is."""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec

from blossm.adapters.mongodb.client import Database, Document
from blossm.adapters.mongodb.plain import PLAIN
from blossm.adapters.mongodb.swapping import swapped
from blossm.adapters.mongodb.sweeping import beginning, swept
from blossm.adapters.mongodb.views_damage import understood
from blossm.core.errors import Unavailable
from blossm.core.view import Batch, Checkpoint
from blossm.ports import Generations

TRIES = 20  # to move the document while others do too

_ID = "generations"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The document. No document is the same as this one, untouched."""

    id: str = msgspec.field(name="_id", default=_ID)
    revision: int = 0
    last: int = 1  # no generation gets a number that another one has had
    current: int = 1
    building: int | None = None
    previous: int | None = None
    definitions: dict[str, str] = {}  # by generation
    dropped: tuple[int, ...] = ()  # whose rows are to be swept

    @property
    def generations(self) -> Generations:
        return Generations(current=self.current, building=self.building, previous=self.previous)

    def has(self, generation: int) -> bool:
        return generation in (self.current, self.building, self.previous)

    def definition(self, generation: int) -> str:
        return self.definitions.get(str(generation), "") if self.has(generation) else ""

    def begun(self) -> Kept:
        if self.building is not None:
            return self
        return msgspec.structs.replace(self, building=self.last + 1, last=self.last + 1)

    def switched(self, current: int, to: int) -> Kept:
        if self.current != current or to not in (self.building, self.previous):
            return self
        dropped = () if self.previous in (None, to) else (self.previous,)
        building = None if to == self.building else self.building
        moved = msgspec.structs.replace(self, current=to, building=building, previous=current)
        return moved._without(*dropped)

    def abandoned(self, generation: int) -> Kept:
        if generation == self.building:
            return msgspec.structs.replace(self, building=None)._without(generation)
        if generation == self.previous:
            return msgspec.structs.replace(self, previous=None)._without(generation)
        return self

    def defined(self, generation: int, definition: str) -> Kept:
        if self.definition(generation) or not self.has(generation):
            return self
        return msgspec.structs.replace(self, definitions={**self.definitions, str(generation): definition})

    def swept(self, generations: Collection[int]) -> Kept:
        left = tuple(generation for generation in self.dropped if generation not in generations)
        return msgspec.structs.replace(self, dropped=left)

    def _without(self, *generations: int) -> Kept:
        definitions = {name: hash for name, hash in self.definitions.items() if int(name) not in generations}
        return msgspec.structs.replace(self, definitions=definitions, dropped=(*self.dropped, *generations))


class MongoGenerations:
    """The generations of a view and their checkpoints."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept = database.collection("generations").with_options(PLAIN)
        self._checkpoints = database.collection("checkpoints").with_options(PLAIN)

    async def kept(self) -> Kept:
        async with self._database.turn() as session:
            document = await self._kept.find_one({"_id": _ID}, session=session)
        return understood(document, Kept, where=self._database.where) if document else Kept()

    async def move(self, change: Callable[[Kept], Kept]) -> Kept:
        """Change the document, whoever else does; answers what it is then."""
        for _ in range(TRIES):
            before = await self.kept()
            after = change(before)
            if after is before:
                return before
            after = msgspec.structs.replace(after, revision=before.revision + 1)
            asked = {"_id": _ID, "revision": before.revision} if before.revision else None
            if await swapped(self._database, self._kept, msgspec.to_builtins(after), instead_of=asked):
                return after
        raise Unavailable(f"the generations of {self._database.where} are moved by others all the time")

    async def checkpoint(self, generation: int, service: str) -> Checkpoint:
        async with self._database.turn() as session:
            document = await self._checkpoints.find_one({"_id": f"{generation}:{service}"}, session=session)
        return self._checkpoint(document) if document else Checkpoint()

    async def checkpoints(self, generation: int) -> dict[str, Checkpoint]:
        async with self._database.turn() as session:
            found = await self._checkpoints.find({"_id": beginning(f"{generation}:")}, session=session).to_list()
        return {document["_id"].partition(":")[2]: self._checkpoint(document) for document in found}

    async def move_checkpoint(self, generation: int, batch: Batch) -> bool:
        """Whether it was where the batch begins, and is where it ends now."""
        id, before = f"{generation}:{batch.service}", batch.before
        moved = {"_id": id, "position": batch.after.position, "commit_id": batch.after.commit_id}
        asked = {"_id": id, "position": before.position, "commit_id": {"$eq": before.commit_id}}
        return await swapped(self._database, self._checkpoints, moved, instead_of=None if before == Checkpoint() else asked)

    async def sweep(self, *, last: bool) -> None:
        """Remove what belongs to generations that were dropped.

        What is swept stays noted until the `last` time: whoever applied a batch to it then may still have written a row.
        """
        dropped = (await self.kept()).dropped
        for generation in dropped:
            for collection in ("rows", "checkpoints"):
                while await swept(self._database, collection, beginning(f"{generation}:")):
                    pass
        if last and dropped:
            await self.move(lambda now: now.swept(dropped))

    def _checkpoint(self, document: Document) -> Checkpoint:
        moved = understood(document, _Moved, where=self._database.where)
        return Checkpoint(moved.position, moved.commit_id)


class _Moved(msgspec.Struct):
    """A checkpoint's document: no part of it may be missing."""

    position: int
    commit_id: str
