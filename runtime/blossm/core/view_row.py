"""What changes make of a row: pure, the same on every store.

A row is the parts that services wrote, laid side by side over the schema's defaults. A service sees and changes only its
own part, so the order in which two logs are read can't matter: fields of two services that meet are refused instead.
Bodies are never changed in place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

import msgspec
import orjson

from blossm.core.errors import BadRequest, FieldProblem
from blossm.core.view import Change, Row
from blossm.model.fields import Field, Fields
from blossm.model.network import ViewStoreSpec

_INTEGERS = range(-(2**63), 2**63)


class Part(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one service has of a row: the context that it made it in, and the fields it has ever written."""

    context: str
    fields: frozenset[str]

    def with_fields(self, names: Collection[str]) -> Part:
        """The part when its service has written these fields too."""
        return self if self.fields.issuperset(names) else Part(self.context, self.fields.union(names))


class StoredRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A row with the parts it is made of, by service."""

    id: str
    body: dict[str, Any]
    parts: dict[str, Part]

    @property
    def context(self) -> str:
        """The context of its parts: they agree, or have none."""
        return next((part.context for part in self.parts.values() if part.context), "")

    def row(self) -> Row:
        return Row(id=self.id, body=self.body, context=self.context)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a view store's spec says of its rows. `context` is the name of the context that owns them, or empty."""

    schema: Fields
    defaults: Mapping[str, Any]
    context: str
    one: bool

    @classmethod
    def of(cls, spec: ViewStoreSpec) -> Rules:
        defaults = {name: field.default for name, field in spec.schema.items() if field.default is not None}
        return cls(spec.schema, defaults, spec.context, spec.one)


def changed(row: StoredRow | None, id: str, change: Change, *, service: str, context: str, rules: Rules) -> StoredRow | None:
    """The row after one change by an event of `service`; None where there is none (any more).

    `context` is the event's own root of the store's context. Raises BadRequest where the change does not fit the schema,
    writes another service's field, or says another context than the other services do.
    """
    part = row.parts.get(service) if row else None
    if change.op == "remove":
        return _without(row, service, part, rules) if row and part else row
    if part is None and change.op in ("unset", "discard"):
        return row
    row = row or StoredRow(id=id, body=dict(rules.defaults), parts={})
    part = part or Part(_new_context(row, change, service, context, rules), frozenset())
    _refuse_foreign(row, change.fields, service)
    body = _written(_base(row, part, rules) if change.op == "put" else row.body, change, rules.schema)
    if body.keys() != row.body.keys():  # people read rows: fields come in the schema's order
        body = {name: body[name] for name in rules.schema if name in body}
    return StoredRow(id=row.id, body=body, parts={**row.parts, service: part.with_fields(change.fields)})


def _without(row: StoredRow, service: str, part: Part, rules: Rules) -> StoredRow | None:
    others = {name: other for name, other in row.parts.items() if name != service}
    return StoredRow(id=row.id, body=_base(row, part, rules), parts=others) if others else None


def _base(row: StoredRow, part: Part, rules: Rules) -> dict[str, Any]:
    """The row as it would be had the service of this part written nothing."""
    others = {name: value for name, value in row.body.items() if name not in part.fields}
    return others | {name: default for name, default in rules.defaults.items() if name in part.fields}


def _new_context(row: StoredRow, change: Change, service: str, context: str, rules: Rules) -> str:
    if not rules.context:
        if change.context:
            raise _unfit("context", "this view has no context", row.id)
        return ""
    new = row.id if rules.one else change.context or context
    if rules.one and change.context not in ("", row.id):
        raise _unfit("context", f"must be the row's id: the view has one row per {rules.context}", row.id)
    if new and row.context and new != row.context:
        raise _unfit("context", f"{service} says {rules.context} {new}, but the row is of {row.context}", row.id)
    return new


def _refuse_foreign(row: StoredRow, names: Iterable[str], service: str) -> None:
    if len(row.parts) == 1 and service in row.parts:
        return
    for other, part in row.parts.items():
        if other != service and (met := sorted(part.fields.intersection(names))):
            problems = [FieldProblem(name, f"belongs to {other}, which wrote it first") for name in met]
            raise BadRequest(
                f"{service} may not write what {other} has written: two services have no common order",
                fields=problems,
                facts={"id": row.id},
                help="give each service fields of its own",
            )


def refuse_foreign_where(row: StoredRow, where: Iterable[str], service: str) -> bool:
    """Whether `where` may find this row for `service`: only by fields that are its own, or nobody's in a row of its.

    Raises BadRequest when a field of another service found it: which rows it finds would depend on who was read first.
    """
    _refuse_foreign(row, [path.partition(".")[0] for path in where], service)
    return service in row.parts


def _written(body: dict[str, Any], change: Change, schema: Fields) -> dict[str, Any]:
    match change.op:
        case "put" | "set":
            return {**body, **change.fields}
        case "unset":
            return {name: value for name, value in body.items() if name not in change.fields}
        case "add":
            return _each(body, change, schema, _added)
        case "discard":
            return _each(body, change, schema, _discarded)
        case "increment":
            return _each(body, change, schema, _incremented)
        case "remove":
            raise AssertionError(change.op)
        case _:
            assert_never(change.op)


def _each(
    body: dict[str, Any], change: Change, schema: Fields, write: Callable[[Any, Any, Field], Any]
) -> dict[str, Any]:
    written = dict(body)
    for name, given in change.fields.items():
        try:
            written[name] = write(body.get(name), given, schema[name])
        except ValueError as problem:
            raise _unfit(name, str(problem), change.id) from None
    return written


def _added(current: Any, values: Any, field: Field) -> list[Any]:
    found = list(_list(current, field))
    known = {_canonical(value) for value in found}
    for value in values:
        if (canonical := _canonical(value)) not in known:
            known.add(canonical)
            found.append(value)
    if field.max_length is not None and len(found) > field.max_length:
        raise ValueError(f"would have {len(found)} values, more than {field.max_length}")
    return found


def _discarded(current: Any, values: Any, field: Field) -> list[Any]:
    gone = {_canonical(value) for value in values}
    return [value for value in _list(current, field) if _canonical(value) not in gone]


def _list(current: Any, field: Field) -> list[Any]:
    if field.type != "list":
        raise ValueError(f"is a {field.type}, not a list")
    return current if isinstance(current, list) else []


def _canonical(value: Any) -> bytes:
    """JSON equality: to Python `True` is `1`, to JSON it is not."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _incremented(current: Any, by: Any, field: Field) -> int | float:
    if field.type not in ("integer", "number"):
        raise ValueError(f"is a {field.type}, not a number")
    new: int | float = (0 if current is None else current) + by
    if field.type == "number":
        new = float(new)
        if not math.isfinite(new):
            raise ValueError("would no longer be finite")
    elif new not in _INTEGERS:
        raise ValueError("would need more than 64 bits")
    if field.min is not None and new < field.min:
        raise ValueError(f"would be {new}, less than {field.min}")
    if field.max is not None and new > field.max:
        raise ValueError(f"would be {new}, more than {field.max}")
    return new


def _unfit(path: str, problem: str, id: str) -> BadRequest:
    return BadRequest(f"a change does not fit the view: {path} {problem}", fields=[FieldProblem(path, problem)], facts={"id": id})
