"""A view store for a test."""

from __future__ import annotations

from blossm.adapters.mongodb.client import Database
from blossm.adapters.mongodb.views import MongoViewStore
from blossm.adapters.mongodb.views_generations import MongoGenerations
from blossm.adapters.mongodb.views_rows import MongoRows
from blossm.model.network import ViewStoreSpec


def view_store(database: Database, spec: ViewStoreSpec) -> MongoViewStore:
    """As `MongoViewStore.open` makes it, where nobody can wait for it."""
    return MongoViewStore(spec, rows=MongoRows(database, spec), generations=MongoGenerations(database))
