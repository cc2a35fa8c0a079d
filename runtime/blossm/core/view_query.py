"""Which declared index answers a query, and in which order its rows come. What no index answers is refused.

An index answers equalities (`eq`, `in`) on its first fields, all of them or some, and then one range (`gt gte lt lte`, or
`prefix`) on the next field. Declared sorts count as indexes too. Where the index gives the rows in the asked order they
are read in it; otherwise what the index finds is sorted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from blossm.core.errors import BadRequest, FieldProblem
from blossm.core.view import Comparison, Query, Row
from blossm.model.fields import Field, Fields
from blossm.model.network import ViewStoreSpec

Direction = Literal["asc", "desc"]
Order = tuple[tuple[str, Direction], ...]

COMPARABLE = frozenset({"string", "integer", "number", "boolean", "timestamp", "date", "uuid", "bytes"})
TEXTUAL = frozenset({"string", "timestamp", "date", "uuid"})


@dataclass(frozen=True, slots=True)
class Index:
    """Fields in order; rows with equal values come by id, in `by_id`'s direction. No fields: rows by id."""

    fields: Order = ()

    @property
    def by_id(self) -> Direction:
        return self.fields[-1][1] if self.fields else "asc"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.fields)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a query is answered: by `index` (None: by the words of its `text`), in `order`, whose last is the id.

    Fields that are the same in all rows that answer are not part of the order.
    `sorted`: the index gives the rows in this order.
    """

    index: Index | None
    order: Order
    sorted: bool


def indexes(spec: ViewStoreSpec) -> tuple[Index, ...]:
    """The indexes that a view store keeps: by id, the declared ones, and one for each declared sort."""
    declared = [Index(tuple((name, "asc") for name in names)) for names in spec.indexes]
    return tuple(dict.fromkeys([Index(), *declared, *(Index(sort) for sort in spec.sorts)]))


def field_at(schema: Fields, path: str) -> Field | None:
    """The field at a dotted path; None where the schema has none."""
    first, _, rest = path.partition(".")
    field = schema.get(first)
    return field_at(field.properties, rest) if field and rest else field


def value_at(body: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path; None where it is absent."""
    first, _, rest = path.partition(".")
    value = body.get(first)
    if not rest:
        return value
    return value_at(value, rest) if isinstance(value, dict) else None


def values_of(row: Row, order: Order) -> list[Any]:
    """The values by which a row has its place in the order; None for an absent one. The last is its id."""
    return [*(value_at(row.body, name) for name, _ in order[:-1]), row.id]


def plan(spec: ViewStoreSpec, query: Query) -> Plan:
    """How the declared indexes and sorts answer a query. Raises BadRequest where they don't, with the index to add."""
    equal, ranged = _parts(spec, query.where)
    if query.text and not spec.text:
        raise _refused("text", "this view has no text to search", help="declare `text: [field]` at the view store")
    constant = {comparison.field for comparison in query.where if comparison.op == "eq"}
    *fields, by_id = _order(spec, query, ranged)
    order = (*(field for field in fields if field[0] not in constant), by_id)
    answering = [index for index in indexes(spec) if _answers(index, equal, ranged)]
    if not answering:
        missing = [*equal, *([ranged] if ranged else [])]
        raise _refused(", ".join(missing), "no index answers this", help=f"add [{', '.join(missing)}] to `indexes`")
    if query.text:
        return Plan(None, order, sorted=False)
    sorting = any(comparison.op == "in" for comparison in query.where)
    best = min(answering, key=lambda index: (sorting or not _sorted(index, len(equal), order), len(index.fields)))
    return Plan(best, order, sorted=not sorting and _sorted(best, len(equal), order))


def _parts(spec: ViewStoreSpec, where: Iterable[Comparison]) -> tuple[tuple[str, ...], str]:
    """The fields of equalities, and the one field of ranges (empty: none)."""
    equal: list[str] = []
    ranged: list[str] = []
    for comparison in where:
        _refuse_incomparable(spec, comparison)
        fields = equal if comparison.op in ("eq", "in") else ranged
        if comparison.field in equal or (fields is equal and comparison.field in ranged):
            raise _refused(comparison.field, "is asked for twice")
        if comparison.field not in fields:
            fields.append(comparison.field)
    if len(ranged) > 1:
        raise _refused(", ".join(ranged), "only one field of a query may have a range or a prefix")
    return tuple(equal), ranged[0] if ranged else ""


def _refuse_incomparable(spec: ViewStoreSpec, comparison: Comparison) -> None:
    field = field_at(spec.schema, comparison.field)
    if field is None:
        raise _refused(comparison.field, "the view has no such field")
    if field.type not in COMPARABLE:
        raise _refused(comparison.field, f"is a {field.type}, which queries can't compare")
    if comparison.op == "prefix" and (field.type not in TEXTUAL or comparison.value == ""):
        raise _refused(comparison.field, "a prefix is a text that is not empty, of a field that holds text")


def _order(spec: ViewStoreSpec, query: Query, ranged: str) -> Order:
    """The asked order, else by the field of the range; ties by id in the direction of the last field."""
    if not query.sort:
        return ((ranged, "asc"), ("id", "asc")) if ranged else (("id", "asc"),)
    if query.sort not in spec.sorts and _reversed(query.sort) not in spec.sorts:
        declared = "; ".join(",".join(_signed(sort)) for sort in spec.sorts) or "none"
        asked = ", ".join(f"{{{name}: {direction}}}" for name, direction in query.sort)
        raise _refused("sort", f"is not declared; declared: {declared}", help=f"add [{asked}] to `sorts`")
    return (*query.sort, ("id", query.sort[-1][1]))


def _signed(sort: Order) -> Iterator[str]:
    return (f"-{name}" if direction == "desc" else name for name, direction in sort)


def _reversed(order: Order) -> Order:
    return tuple((name, "asc" if direction == "desc" else "desc") for name, direction in order)


def _answers(index: Index, equal: tuple[str, ...], ranged: str) -> bool:
    names = index.names
    return set(names[: len(equal)]) == set(equal) and (not ranged or names[len(equal) : len(equal) + 1] == (ranged,))


def _sorted(index: Index, equal: int, order: Order) -> bool:
    """Whether the index, behind its equalities, has just this order, or just the reverse."""
    rest: Order = (*index.fields[equal:], ("id", index.by_id))
    return order in (rest, _reversed(rest))


def _refused(field: str, problem: str, *, help: str = "") -> BadRequest:
    return BadRequest(f"the view can't answer this: {field}: {problem}", fields=[FieldProblem(field, problem)], help=help)
