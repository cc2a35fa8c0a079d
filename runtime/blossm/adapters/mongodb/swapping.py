"""Compare and swap: one document, which nobody else has written since it was read."""

from __future__ import annotations

from pymongo.errors import DuplicateKeyError

from blossm.adapters.mongodb.client import Collection, Database, Document


async def swapped(database: Database, collection: Collection, document: Document, *, instead_of: Document | None) -> bool:
    """Whether the document is there now; not when somebody else was first.

    `instead_of`: what the one to be replaced has, its `_id` too; None where there is to be none.
    """
    async with database.turn() as session:
        try:
            if instead_of is None:
                await collection.insert_one(document, session=session)
                return True
            return (await collection.replace_one(instead_of, document, session=session)).matched_count == 1
        except DuplicateKeyError:
            return False
