"""What a projection's functions return: `from blossm import view`.

    view.put(id, body)                    the row is this
    view.set(id, fields)                  these fields are this, the others stay
    view.unset(id, *names)                these fields are absent
    view.add(id, name, *values)           the list has these values, each once
    view.discard(id, name, *values)       the list has none of these values
    view.increment(id, name, by=1)        the number is this much more
    view.remove(id)                       the row is gone
    view.where({"owner": x}).set(fields)  the same for all rows with these values in indexed fields

A `put`, `set`, `add` or `increment` of a row that is not there makes it, with the schema's defaults; the others leave it be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blossm.core.view import Change

__all__ = ["Change", "Where", "add", "discard", "increment", "put", "remove", "set", "unset", "where"]


def put(id: str, body: Mapping[str, Any], *, context: str = "") -> Change:
    """The row is this. Of a row of several services, only the fields of the event's own are replaced."""
    return Change(op="put", id=id, fields=dict(body), context=context)


def set(id: str, fields: Mapping[str, Any], *, context: str = "") -> Change:
    """These fields are this; the others stay."""
    return Change(op="set", id=id, fields=dict(fields), context=context)


def unset(id: str, *names: str) -> Change:
    """These fields are absent."""
    return Change(op="unset", id=id, fields=dict.fromkeys(names))


def add(id: str, name: str, *values: Any, context: str = "") -> Change:
    """The list has these values, each once."""
    return Change(op="add", id=id, fields={name: list(values)}, context=context)


def discard(id: str, name: str, *values: Any) -> Change:
    """The list has none of these values."""
    return Change(op="discard", id=id, fields={name: list(values)})


def increment(id: str, name: str, by: float = 1, *, context: str = "") -> Change:
    """The number is this much more, or less."""
    return Change(op="increment", id=id, fields={name: by}, context=context)


def remove(id: str) -> Change:
    """The row is gone. Of a row of several services, only what the event's own has written goes."""
    return Change(op="remove", id=id)


@dataclass(frozen=True, slots=True)
class Where:
    """All rows that have these values in indexed fields. Where there are none, nothing happens."""

    values: Mapping[str, Any]

    def set(self, fields: Mapping[str, Any]) -> Change:
        return Change(op="set", where=dict(self.values), fields=dict(fields))

    def unset(self, *names: str) -> Change:
        return Change(op="unset", where=dict(self.values), fields=dict.fromkeys(names))

    def add(self, name: str, *values: Any) -> Change:
        return Change(op="add", where=dict(self.values), fields={name: list(values)})

    def discard(self, name: str, *values: Any) -> Change:
        return Change(op="discard", where=dict(self.values), fields={name: list(values)})

    def increment(self, name: str, by: float = 1) -> Change:
        return Change(op="increment", where=dict(self.values), fields={name: by})

    def remove(self) -> Change:
        return Change(op="remove", where=dict(self.values))


def where(values: Mapping[str, Any]) -> Where:
    """All rows that have these values, in fields that an index of the view store begins with."""
    return Where(values)
