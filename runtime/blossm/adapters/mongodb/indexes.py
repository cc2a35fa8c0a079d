"""Makes the collections and indexes of a plan, and says what of it is not there.

Who asks what is missing lists indexes, who makes them also creates; nobody reads or drops anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blossm.adapters.mongodb.client import Database
from blossm.core.errors import Unavailable
from blossm.model.indexes import Index, IndexPlan

# Options by which an index answers fewer questions than its fields promise, or removes documents.
_PARTIAL = ("sparse", "partialFilterExpression", "collation", "hidden", "expireAfterSeconds")


async def missing(database: Database, plan: IndexPlan) -> list[str]:
    """What of the plan is not there, in words; empty when all of it is. Needs LIST_INDEXES only. Raises Unavailable."""
    found = []
    for collection in plan.collections:
        there = await _there(database, collection.name)
        if there is None:
            found.append(f"the collection {collection.name}")
        else:
            found += [
                f"the index {described(index)} of {collection.name}"
                for index in collection.indexes
                if not any(_is(index, one) for one in there)
            ]
    return found


async def require(database: Database, plan: IndexPlan, *, of: str) -> None:
    """Raises Unavailable where something of the plan is missing: an insert would silently make a bare collection.

    `of`: whose plan it is, as `blossm indexes apply` takes it: `event-store/shop`, `view-store/garage.bicycles`.
    """
    if lacking := await missing(database, plan):
        raise Unavailable(
            f"{database.where} is not ready: it lacks {', '.join(lacking)}",
            help=f"`blossm indexes apply {of}` makes what is missing",
        )


def described(index: Index) -> str:
    """An index as people read it: `events.r, _id`, `key (unique)`, `-body.painted, -_id`."""
    fields = ", ".join(name if direction == 1 else f"-{name}" for name, direction in index.keys)
    return f"{fields} (unique)" if index.unique else fields


async def _there(database: Database, name: str) -> list[Mapping[str, Any]] | None:
    """The indexes of a collection, as the server describes them; None where there is no such collection."""
    async with database.turn():
        return [index async for index in await database.collection(name).list_indexes()] or None


def _is(index: Index, there: Mapping[str, Any]) -> bool:
    """Whether what is there does what the plan wants, under whatever name."""
    return (
        tuple(there["key"].items()) == index.keys
        and bool(there.get("unique")) == index.unique
        and all(there.get(option) is None or there[option] is False for option in _PARTIAL)
    )
