"""Queries as MongoDB's. Conditions are built here, and a value is only ever what a field is compared with.

Each find names the index that it reads. A page behind a cursor is read in segments, each of them one range of the index:
first what ties with the cursor in all fields but the id, then in all but the last field, and so on. So a page costs what
it holds, wherever it begins.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from blossm.adapters.mongodb.sweeping import beginning
from blossm.core.view import Comparison, Query
from blossm.core.view_query import Index, Order, Plan, field_at, plan
from blossm.core.view_text import after_prefix, asked
from blossm.model.network import ViewStoreSpec

Condition = dict[str, Any]
Keys = list[tuple[str, int]]

_DIRECTIONS = {"asc": 1, "desc": -1}
_LOWEST: dict[str, Any] = {"boolean": False, "integer": -math.inf, "number": -math.inf}  # else a text


class Find(NamedTuple):
    """What to find, by which index, in which order (none: in any)."""

    filter: Condition
    by: Keys
    sort: Keys


def row_id(generation: int, id: str) -> str:
    return f"{generation}:{id}"


def finding(spec: ViewStoreSpec, query: Query, plan: Plan, generation: int) -> Find:
    """All rows that answer, in no order."""
    return Find({"$and": list(_conditions(spec, query, plan, generation))}, _index(spec, query, plan), [])


def having(spec: ViewStoreSpec, where: Mapping[str, Any], generation: int) -> Find:
    """The rows that have these values, in no order.

    A find that goes on while others write would pass over a row that they move from before it to behind it. So the index
    that is read has no field but those of `where`: only who projects the same events could move a row in it.
    """
    query = Query(where=tuple(Comparison(name, "eq", value) for name, value in where.items()))
    answer = plan(spec, query)
    found = finding(spec, query, answer, generation)
    if answer.index and len(answer.index.fields) > len(where):
        return found._replace(by=_leading(query, answer.index))
    return found


def page(spec: ViewStoreSpec, query: Query, plan: Plan, generation: int, after: tuple[Any, ...] | None) -> Iterator[Find]:
    """The finds whose rows, one after the other, are the page."""
    conditions = list(_conditions(spec, query, plan, generation))
    index = _index(spec, query, plan)
    for behind, order in _segments(spec, plan.order, after, generation):
        # The last of the order is the row's id, whatever a field is called.
        sort = [*((f"body.{name}", _DIRECTIONS[direction]) for name, direction in order[:-1]), ("_id", _DIRECTIONS[order[-1][1]])]
        yield Find({"$and": [*conditions, *behind]}, index, sort)


def _conditions(spec: ViewStoreSpec, query: Query, plan: Plan, generation: int) -> Iterator[Condition]:
    yield {"generation": {"$eq": generation}}
    if spec.context and query.context is not None:
        yield {"context": {"$eq": query.context}}
    if _index(spec, query, plan) == _BY_ID:
        yield {"_id": beginning(row_id(generation, ""))}
    for comparison in query.where:
        yield {f"body.{comparison.field}": _compared(comparison)}
    if query.text:
        whole, beginning_of_last = asked(query.text)
        for word in whole:
            yield {"words": {"$eq": word}}
        yield {"words": {"$elemMatch": _begun(beginning_of_last)}}


_BY_ID: Keys = [("_id", 1)]


def _index(spec: ViewStoreSpec, query: Query, plan: Plan) -> Keys:
    """The index that is read. All rows in an order, of all contexts, come by id, and are sorted."""
    within = bool(spec.context) and query.context is not None
    prefix: Keys = [("generation", 1), ("context", 1)] if spec.context else [("generation", 1)]
    if plan.index is None:
        return [*prefix, ("words", 1), ("_id", 1)]
    if spec.context and not within:
        return _leading(query, plan.index)
    if not plan.index.fields and not spec.context:
        return _BY_ID
    fields = [(f"body.{name}", _DIRECTIONS[direction]) for name, direction in plan.index.fields]
    return [*prefix, *fields, ("_id", _DIRECTIONS[plan.index.by_id])]


def _leading(query: Query, index: Index) -> Keys:
    """What a question over all contexts reads."""
    if {comparison.field for comparison in query.where}.isdisjoint(index.names[:1]):
        return _BY_ID
    return [("generation", 1), (f"body.{index.names[0]}", 1)]


def _compared(comparison: Comparison) -> Condition:
    match comparison.op:
        case "in":
            return {"$in": list(comparison.value)}
        case "prefix":
            return _begun(comparison.value)
        case operator:
            return {f"${operator}": comparison.value}


def _begun(beginning: str) -> Condition:
    end = after_prefix(beginning)
    return {"$gte": beginning} if end is None else {"$gte": beginning, "$lt": end}


def _segments(
    spec: ViewStoreSpec, order: Order, after: tuple[Any, ...] | None, generation: int
) -> Iterator[tuple[list[Condition], Order]]:
    """The ranges behind `after`, in order: conditions, and what is left to order by. An absent value is the least."""
    if after is None:
        yield [], order
        return
    more = "$gt", "$lt"
    for depth in range(len(order) - 1, -1, -1):
        ties = [{f"body.{name}": {"$eq": value}} for (name, _), value in zip(order[:depth], after[:depth], strict=True)]
        (name, direction), value = order[depth], after[depth]
        operator = more[direction == "desc"]
        if depth == len(order) - 1:
            yield [*ties, {"_id": {operator: row_id(generation, value)}}], order[depth:]
        elif value is not None:
            yield [*ties, {f"body.{name}": {operator: value}}], order[depth:]
            if direction == "desc":
                yield [*ties, {f"body.{name}": {"$eq": None}}], order[depth + 1 :]
        elif direction == "asc":
            yield [*ties, {f"body.{name}": {"$gte": _lowest(spec, name)}}], order[depth:]


def _lowest(spec: ViewStoreSpec, name: str) -> Any:
    field = field_at(spec.schema, name)
    return _LOWEST.get(field.type, "") if field else ""
