"""View stores for tests, and a log that touches everything that a batch can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blossm.adapters.mongodb.client import Database
from blossm.adapters.mongodb.views import MongoViewStore
from blossm.adapters.mongodb.views_generations import MongoGenerations
from blossm.adapters.mongodb.views_rows import MongoRows
from blossm.core.view import Batch, Change, Checkpoint, EventChanges, Query, Row
from blossm.model.network import ViewStoreSpec
from blossm.ports import ViewStore

Log = Sequence[Sequence[Change]]  # the changes of each event


def view_store(database: Database, spec: ViewStoreSpec) -> MongoViewStore:
    """As `MongoViewStore.open` makes it, where nobody can wait for it."""
    return MongoViewStore(spec, rows=MongoRows(database, spec), generations=MongoGenerations(database))


def batch_of(service: str, log: Log, after: int, size: int) -> Batch:
    """The next few events, each of which is a commit."""
    events = [
        EventChanges(service=service, position=after + at, changes=tuple(changes))
        for at, changes in enumerate(log[after : after + size], 1)
    ]
    ends = [Checkpoint(at, f"commit {at}") if at else Checkpoint() for at in (after, after + len(events))]
    return Batch(service=service, before=ends[0], after=ends[1], events=tuple(events), definition="one")


async def apply_all(store: ViewStore, generation: int, logs: Mapping[str, Log], *, size: int) -> None:
    """Go on from the checkpoints, by so many events at a time."""
    for service, log in logs.items():
        while (at := (await store.checkpoints(generation)).get(service, Checkpoint()).position) < len(log):
            assert await store.apply(generation, batch_of(service, log, at, size))


async def shown(store: ViewStore, generation: int) -> dict[str, Row]:
    return {row.id: row for row in (await store.query(generation, Query(limit=500))).content}


def does(op: Any, id: str = "", where: dict[str, Any] | None = None, **fields: Any) -> Change:
    return Change(op=op, id=id, where=where or {}, fields=fields)


LOGS: Mapping[str, Log] = {
    "shop": [
        [does("put", "a", color="red"), does("increment", "a", painted=1)],
        [does("put", "b", color="red"), does("put", "c", color="blue")],
        [does("set", where={"color": "red"}, color="blue"), does("increment", where={"color": "blue"}, painted=1)],
        [does("remove", "a"), does("add", "b", tags=["new"])],
        [does("remove", where={"color": "blue"}), does("put", "c", color="red")],
        [does("increment", "a", painted=5), does("increment", "c", painted=1)],
    ],
    "staff": [
        [does("set", "a", weight=1.0)],
        [does("increment", "a", weight=0.5), does("set", "d", weight=2.0)],
        [does("remove", "d")],
    ],
}
