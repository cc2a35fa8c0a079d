"""What a user may do in its own database, and so what it can't: the log is immutable because nobody may change it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pulumi_mongodbatlas as mongodbatlas

from blossm.model.indexes import IndexPlan

ALL = ""  # Atlas: every collection of the database

_READ_AND_LOG = ("FIND", "INSERT", "LIST_INDEXES")
_READ_AND_WRITE = ("FIND", "INSERT", "UPDATE", "REMOVE", "LIST_INDEXES")
_MAKE = ("CREATE_COLLECTION", "CREATE_INDEX", "LIST_INDEXES")


@dataclass(frozen=True, slots=True, order=True)
class Privilege:
    """An action of MongoDB, and the collections of one database where it is allowed."""

    action: str
    collections: tuple[str, ...]


def serving_a_log(plan: IndexPlan) -> tuple[Privilege, ...]:
    """Events are found and logged, never changed; states are worth nothing, and may be thrown away."""
    states = tuple(collection.name for collection in plan.collections if collection.name != "log")
    return tuple(Privilege(action, ("log", *states) if action in _READ_AND_LOG else states) for action in _READ_AND_WRITE)


def serving_a_view() -> tuple[Privilege, ...]:
    """Everything with rows, nothing with collections."""
    return tuple(Privilege(action, (ALL,)) for action in _READ_AND_WRITE)


def indexing() -> tuple[Privilege, ...]:
    """Collections and indexes are made and seen. Nothing is read, written or dropped."""
    return tuple(Privilege(action, (ALL,)) for action in _MAKE)


def actions(privileges: Iterable[Privilege], *, database: str) -> list[mongodbatlas.CustomDbRoleActionArgs]:
    """As Atlas wants them."""
    return [
        mongodbatlas.CustomDbRoleActionArgs(
            action=privilege.action,
            resources=[
                mongodbatlas.CustomDbRoleActionResourceArgs(database_name=database, collection_name=name)
                for name in privilege.collections
            ],
        )
        for privilege in privileges
    ]
