"""Makes the collections and indexes of a plan, and says what of it is not there.

Who asks what is missing lists indexes, who makes them also creates: nobody here reads documents or drops anything. Two
who apply a plan at once do no harm.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

import pymongo
from pymongo import IndexModel
from pymongo.errors import OperationFailure

from blossm.adapters.mongodb.client import Database
from blossm.core.errors import BlossmError, Unavailable
from blossm.model.indexes import Collection, Index, IndexPlan

LONGEST = 3_500.0  # seconds for the indexes of one collection; a job in the cloud has an hour

There = Mapping[str, Any]  # an index, as the server describes it

# Options by which an index answers fewer questions than its fields promise, or removes documents.
_PARTIAL = ("sparse", "partialFilterExpression", "collation", "hidden", "expireAfterSeconds")

_IS_THERE, _SAME_FIELDS, _SAME_NAME, _DUPLICATE, _REFUSED = 48, 85, 86, 11000, 13  # codes of the server


class IndexesDiffer(BlossmError):
    """What is in the database is in the way of the plan, and a person has to decide."""


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of indexes of a collection: they are `there` already, are being made, or are `made` now.

    `new`: so is the collection.
    """

    phase: Literal["there", "making", "made"]
    collection: str
    indexes: tuple[str, ...] = ()
    new: bool = False


async def missing(database: Database, plan: IndexPlan) -> list[str]:
    """What of the plan is not there, in words; empty when all of it is. Needs LIST_INDEXES only. Raises Unavailable."""
    found = []
    for collection in plan.collections:
        there = await _there(database, collection)
        if there is None:
            found.append(f"the collection {collection.name}")
        else:
            found += [f"the index {index.words} of {collection.name}" for index in _lacking(collection, there)]
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


async def beyond(database: Database, plan: IndexPlan) -> list[str]:
    """The indexes that are there and not in the plan, in words: they cost writes, and break nothing."""
    return [
        f"{there['name']} of {collection.name}"
        for collection in plan.collections
        for there in await _there(database, collection) or ()
        if there["name"] != "_id_" and not any(_is(index, there) for index in collection.indexes)
    ]


async def apply(database: Database, plan: IndexPlan) -> AsyncIterator[Step]:
    """Make what is missing, collection by collection. Applying it twice changes nothing.

    Needs CREATE_COLLECTION, CREATE_INDEX and LIST_INDEXES. Raises Unavailable, and IndexesDiffer where something is in the way:
    as far as it is seen before, nothing is made then.
    """
    with _permitted(database):
        found = [(collection, await _there(database, collection)) for collection in plan.collections]
        for collection, there in found:
            _refuse_what_differs(database, collection, there or ())
        for collection, there in found:
            lacking = _lacking(collection, there or ())
            if there is not None:
                yield Step("there", collection.name, tuple(one.words for one in collection.indexes if one not in lacking))
            if there is None or lacking:
                making = Step("making", collection.name, tuple(one.words for one in lacking), new=there is None)
                yield making
                await _make(database, collection, lacking)
                yield replace(making, phase="made")


async def _there(database: Database, collection: Collection) -> list[There] | None:
    """The indexes of a collection; None where there is no such collection."""
    async with database.turn():
        return [index async for index in await database.collection(collection.name).list_indexes()] or None


def _lacking(collection: Collection, there: Sequence[There]) -> list[Index]:
    return [index for index in collection.indexes if not any(_is(index, one) for one in there)]


def _is(index: Index, there: There) -> bool:
    """Whether what is there does what the plan wants, under whatever name."""
    return (
        _keys(there) == index.keys
        and bool(there.get("unique")) == index.unique
        and all(there.get(option) is None or there[option] is False for option in _PARTIAL)
    )


def _keys(there: There) -> tuple[tuple[str, Any], ...]:
    return tuple(there["key"].items())


async def _make(database: Database, collection: Collection, lacking: Sequence[Index]) -> None:
    """All indexes at once: the server reads a collection that is large only once for them."""
    made = database.collection(collection.name)
    async with database.turn():
        try:
            await made.database.create_collection(collection.name, check_exists=False)
        except OperationFailure as error:
            if error.code != _IS_THERE:
                raise
    if lacking:
        models = [IndexModel(list(index.keys), **({"unique": True} if index.unique else {})) for index in lacking]
        async with database.turn():
            with _in_the_way(database, collection), pymongo.timeout(LONGEST):
                await made.create_indexes(models)


def _refuse_what_differs(database: Database, collection: Collection, there: Sequence[There]) -> None:
    """MongoDB has one index of a name, and one of the same fields."""
    for index in _lacking(collection, there):
        name = "_".join(f"{field}_{direction}" for field, direction in index.keys)
        for other in there:
            if other["name"] == name or _keys(other) == index.keys:
                raise IndexesDiffer(
                    f"{database.where} can't have the index {index.words} of {collection.name}: "
                    f"{other['name']} is there, and is another one",
                    facts={"is": {key: value for key, value in other.items() if key != "v"}},
                    help=f"when nobody needs it, drop it (`db.getCollection({collection.name!r}).dropIndex({other['name']!r})`), "
                    "and apply again",
                )


@contextmanager
def _in_the_way(database: Database, collection: Collection) -> Iterator[None]:
    """What another one made just now, or what is in the documents."""
    try:
        yield
    except OperationFailure as error:
        if error.code in (_SAME_FIELDS, _SAME_NAME):
            raise IndexesDiffer(
                f"{database.where} has other indexes of {collection.name} since a moment ago", help="apply again"
            ) from error
        if error.code == _DUPLICATE:
            raise IndexesDiffer(
                f"{database.where} has two documents of {collection.name} with one value where an index is to be unique",
                help="they were written while the index was not there: find out by whom, and mend them before anybody serves",
            ) from error
        raise


@contextmanager
def _permitted(database: Database) -> Iterator[None]:
    """Who may not do it is told what it takes."""
    try:
        yield
    except Unavailable as error:
        if isinstance(cause := error.__cause__, OperationFailure) and cause.code == _REFUSED:
            what = "the user needs CREATE_COLLECTION, CREATE_INDEX and LIST_INDEXES on it, and no more"
            raise Unavailable(error.message, facts=error.facts, help=what) from cause
        raise
