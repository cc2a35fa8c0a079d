"""Forgets a database with all that is in it. Nothing that serves ever does."""

from __future__ import annotations

from blossm.adapters.mongodb.client import Database


async def forget(database: Database) -> None:
    """Drop it, if it is there. Raises Unavailable."""
    async with database.turn():
        await database.collection("log").database.client.drop_database(database.name)
