"""Index plans as a database has them when somebody serves: made by another user than the one who serves."""

from __future__ import annotations

import pymongo
import pymongo.collection

from blossm.adapters.mongodb.client import Database, Document
from blossm.model.indexes import IndexPlan


def applied(uri: str, database: Database, plan: IndexPlan) -> Database:
    """The database, with all that its plan says."""
    owner: pymongo.MongoClient[Document]
    with pymongo.MongoClient(uri) as owner:
        for collection in plan.collections:
            made: pymongo.collection.Collection[Document] = owner[database.name].create_collection(collection.name)
            for index in collection.indexes:
                made.create_index(list(index.keys), unique=index.unique)
    return database
