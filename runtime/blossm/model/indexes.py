"""Which collections and indexes a log or a view store has on MongoDB: the plan that is applied before anybody serves.

    log          one document per commit, `_id` its position: `key`, and `events` with `r` (root) and `d` (domain)
    states.…     one collection per event store: its own record, which names today's making of the states, and a document
                 per root: `_id` is `<making>:<root>`, `keys` the indexed values as text
    rows         a view's rows: `_id` is `<generation>:<id>`, then `generation`, `context`, `body` and `words`; what was
                 removed leaves its `_id` and which events it has seen, and so is in no other index
    checkpoints, generations      how far a view is, and which generation of it is served

A generation is the first field of every index of rows, and the beginning of their `_id`, so a replay makes no index.
Rows with equal values come by `_id`, which within a generation is their order by id. Nothing here knows a driver.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Literal

import msgspec

from blossm.model.network import EventStoreSpec, Network, Ref, ViewStoreSpec

Direction = Literal[1, -1]
Key = tuple[str, Direction]

INDEXES = 64  # MongoDB: indexes of one collection, with the one on `_id`

_COLLECTION = 56  # bytes; Atlas allows 95 for database and collection below M10, and names of databases have up to 38
_DIRECTIONS: dict[Literal["asc", "desc"], Direction] = {"asc": 1, "desc": -1}


@dataclass(frozen=True, slots=True)
class Index:
    """Fields in order, as MongoDB wants them: a dotted path, and 1 or -1."""

    keys: tuple[Key, ...]
    unique: bool = False

    @property
    def words(self) -> str:
        """As people read it: `events.r, _id`, `key (unique)`, `-body.painted, -_id`."""
        fields = ", ".join(name if direction == 1 else f"-{name}" for name, direction in self.keys)
        return f"{fields} (unique)" if self.unique else fields


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection and its indexes but the one on `_id`, which is always there."""

    name: str
    indexes: tuple[Index, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexPlan:
    """All that one database needs. Applying it twice changes nothing."""

    collections: tuple[Collection, ...]

    @property
    def fingerprint(self) -> str:
        """64 hex digits, the same for equal plans, in every process and release of Python."""
        return hashlib.sha256(msgspec.json.encode(asdict(self))).hexdigest()


def index_plan(network: Network, ref: Ref) -> IndexPlan:
    """The plan of a view store, or of a log: that of the event store `ref` and of all others of its service."""
    if ref.kind == "view-store":
        return view_plan(network.view_stores[ref.address])
    return log_plan(network.stores_of(ref.address.partition(".")[0]).values())


def log_plan(stores: Iterable[EventStoreSpec]) -> IndexPlan:
    """`stores` are the event stores of one service."""
    log = Collection(
        "log",
        (
            Index((("events.r", 1), ("_id", 1))),
            Index((("events.d", 1), ("_id", 1))),
            Index((("key", 1),), unique=True),
        ),
    )
    return IndexPlan((log, *(_states(store) for store in sorted(stores, key=lambda store: store.domain))))


def states_of(domain: str) -> str:
    """The collection with the states of a domain's roots."""
    name = f"states.{domain}"
    if len(name) <= _COLLECTION:
        return name
    digest = hashlib.sha256(domain.encode()).hexdigest()[:6]
    return f"{name[: _COLLECTION - 7]}-{digest}"


def state_key(path: str) -> str:
    """Where the text of an indexed value stands in a state's document: MongoDB reads a dot as a way down."""
    return "keys." + path.replace(".", "/")


def view_plan(store: ViewStoreSpec) -> IndexPlan:
    return IndexPlan(
        (Collection("rows", tuple(dict.fromkeys(_rows(store)))), Collection("checkpoints"), Collection("generations"))
    )


def _states(store: EventStoreSpec) -> Collection:
    """An index per declared field; what has one value comes by root."""
    return Collection(states_of(store.domain), tuple(Index(((state_key(path), 1), ("_id", 1))) for path in store.indexes))


def _rows(store: ViewStoreSpec) -> Iterator[Index]:
    """Doors ask within a context; a projection's `where` asks over all of them.

    A `where` for the first of several fields has an index without the others, which other services may write meanwhile.
    """
    prefix: tuple[Key, ...] = (("generation", 1), ("context", 1)) if store.context else (("generation", 1),)
    if store.context:
        yield Index((*prefix, ("_id", 1)))
    for order in _orders(store):
        by_id = order[-1][1]
        yield Index((*prefix, *order, ("_id", by_id)))
        if store.context or len(order) > 1:
            yield Index((("generation", 1), (order[0][0], 1)))
    if store.text:
        yield Index((*prefix, ("words", 1), ("_id", 1)))


def _orders(store: ViewStoreSpec) -> Iterator[tuple[Key, ...]]:
    """The declared indexes, then the declared sorts."""
    for names in store.indexes:
        yield tuple((f"body.{name}", 1) for name in names)
    for sort in store.sorts:
        yield tuple((f"body.{name}", _DIRECTIONS[direction]) for name, direction in sort)
