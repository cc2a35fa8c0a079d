"""Documents whose ids begin alike (`7:…`), and how all of them go: a few at a time, so that others can write in between."""

from __future__ import annotations

from blossm.adapters.mongodb.client import Database

AT_ONCE = 1_000


def beginning(prefix: str) -> dict[str, str]:
    """The condition on `_id` for ids that begin with this."""
    return {"$gte": prefix, "$lt": prefix[:-1] + chr(ord(prefix[-1]) + 1)}


async def swept(database: Database, collection: str, ids: dict[str, str]) -> bool:
    """Remove some documents with these ids; False when none is left."""
    documents = database.collection(collection)
    async with database.turn() as session:
        found = await documents.find({"_id": ids}, {"_id": 1}, session=session).sort("_id", 1).limit(AT_ONCE).to_list()
    if found:
        async with database.turn() as session:
            await documents.delete_many({"_id": {**ids, "$lte": found[-1]["_id"]}}, session=session)
    return len(found) == AT_ONCE
