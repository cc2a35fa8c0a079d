"""Finds documents of a log, and says what is in them.

Up to 16 MiB come at once. They are decoded one by one, when it is their turn: as objects they would be several times that.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal

import bson
from bson.raw_bson import RawBSONDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.cursor import AsyncCursor

from blossm.adapters.mongodb import log_documents
from blossm.adapters.mongodb.client import Database, Document
from blossm.adapters.mongodb.plain import PLAIN
from blossm.core.commit import LoggedCommit
from blossm.core.errors import Unavailable
from blossm.core.event import LoggedEvent

Filter = Mapping[str, Any]
Order = Literal[1, -1]

_RAW = PLAIN.with_options(document_class=RawBSONDocument)
BY_ROOT = [("events.r", 1), ("_id", 1)]
BY_DOMAIN = [("events.d", 1), ("_id", 1)]

# Parts of a commit; each of them says whose it is.
SIZE = {"service": 1, "events.n": 1}
PLACES = {"service": 1, "events.d": 1, "events.r": 1}
NUMBERS = {**PLACES, "events.n": 1}


class Finds:
    """The documents of one service's log."""

    def __init__(self, database: Database, *, service: str, network: str) -> None:
        self._database = database
        self._service = service
        self._network = network
        self._log: AsyncCollection[Any] = database.collection("log").with_options(codec_options=_RAW)

    @asynccontextmanager
    async def found(
        self,
        where: Filter,
        *,
        order: Order | None = None,
        limit: int = 0,
        fields: Filter | None = None,
        hint: list[tuple[str, int]] | None = None,
    ) -> AsyncIterator[AsyncCursor[RawBSONDocument]]:
        """Documents by `_id`, not decoded yet. All of a turn's are read, or let go of, in the turn."""
        async with self._database.turn() as session:
            cursor = self._log.find(where, fields, session=session, limit=limit, batch_size=limit)
            if order is not None:
                cursor = cursor.sort("_id", order)
            async with cursor if hint is None else cursor.hint(hint):
                yield cursor

    async def one(
        self, where: Filter, *, order: Order, fields: Filter, hint: list[tuple[str, int]] | None = None
    ) -> Document | None:
        async with self.found(where, order=order, limit=1, fields=fields, hint=hint) as found:
            async for raw in found:
                return self.document(raw)
        return None

    def commit(self, raw: RawBSONDocument) -> LoggedCommit:
        return log_documents.logged_commit(self.document(raw))

    def events(self, raw: RawBSONDocument, domain: str, root: str) -> list[LoggedEvent]:
        document = self.document(raw)
        return log_documents.events_of_root(document, domain, root, service=self._service, network=self._network)

    def document(self, raw: RawBSONDocument) -> Document:
        """What is in it. Raises Unavailable when this is another service's log."""
        document = bson.decode(raw.raw, PLAIN)
        owner = document.get("service", self._service)
        if owner != self._service:
            raise Unavailable(
                f"{self._database.where} has the log of {owner}, not of {self._service}",
                facts={"database": self._database.name, "service": owner},
                help="nothing was changed: a log belongs to one service",
            )
        return document
