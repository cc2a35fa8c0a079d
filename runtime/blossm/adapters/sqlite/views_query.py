"""Queries as SQL. Values are bound, names come from the schema, and each statement says which index it reads.

A page behind a cursor is read in segments, each of them one range of the index: first what ties with the cursor in all
fields but the id, then in all but the last field, and so on. So a page costs what it holds, wherever it begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import orjson

from blossm.adapters.sqlite.views_schema import BY_ID, column, index_name, leading_name
from blossm.core.view import Comparison, Query
from blossm.core.view_query import Order, Plan
from blossm.core.view_text import after_prefix, asked
from blossm.model.network import ViewStoreSpec

_OPERATORS = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


class Statement(NamedTuple):
    sql: str
    values: tuple[Any, ...]


class _Condition(NamedTuple):
    sql: str
    values: tuple[Any, ...] = ()


def finding(spec: ViewStoreSpec, query: Query, plan: Plan, generation: int) -> Statement:
    """All rows that answer, with their parts, in no order."""
    return _select("rows.id, body, parts", spec, query, plan, generation)


def counting(spec: ViewStoreSpec, query: Query, plan: Plan, generation: int) -> Statement:
    return _select("count(*)", spec, query, plan, generation)


def page(spec: ViewStoreSpec, query: Query, plan: Plan, generation: int, after: tuple[Any, ...] | None) -> Iterator[Statement]:
    """The statements whose rows, one after the other, are the page; the last bound value is the limit."""
    for behind, order in _segments(plan.order, after):
        sql, values = _select("rows.id, context, body", spec, query, plan, generation, behind)
        # The last of the order is the row's id, whatever a field is called.
        fields = [f"{column(name)} {direction}" for name, direction in order[:-1]]
        ordered = ", ".join([*fields, f"rows.id {order[-1][1]}"])
        yield Statement(f"{sql} ORDER BY {ordered} LIMIT ?", values)


def _select(
    what: str, spec: ViewStoreSpec, query: Query, plan: Plan, generation: int, behind: Iterable[_Condition] = ()
) -> Statement:
    context = query.context if spec.context else None
    source = _Condition("rows" + _by(spec, plan, query, context)) if plan.index else _words(spec, query, generation, context)
    conditions = [_Condition("rows.generation = ?", (generation,))]
    if context is not None:
        conditions.append(_Condition("context = ?", (context,)))
    conditions += [_compared(comparison) for comparison in query.where]
    conditions += behind
    where = " AND ".join(condition.sql for condition in conditions)
    values = (*source.values, *(value for condition in conditions for value in condition.values))
    return Statement(f"SELECT {what} FROM {source.sql} WHERE {where}", values)


def _by(spec: ViewStoreSpec, plan: Plan, query: Query, context: str | None) -> str:
    """The index that the plan reads by. All rows by id, or of all contexts in an order, are left to SQLite."""
    if plan.index is None or (not plan.index.fields and not spec.context):
        return ""
    if spec.context and context is None:
        asked = {comparison.field for comparison in query.where}
        first = plan.index.names[:1]
        return f' INDEXED BY "{leading_name(first[0])}"' if first and first[0] in asked else ""
    return f' INDEXED BY "{index_name(plan.index, context=bool(spec.context))}"'


def _words(spec: ViewStoreSpec, query: Query, generation: int, context: str | None) -> _Condition:
    """The ids that have all words, as the table that the rows are joined to."""
    whole, beginning = asked(query.text)
    owner = context if spec.context else ""
    scope = "generation = ?" if owner is None else "generation = ? AND context = ?"
    scoped = (generation,) if owner is None else (generation, owner)
    end = after_prefix(beginning)
    bounds = "word >= ?" if end is None else "word >= ? AND word < ?"
    last = (beginning,) if end is None else (beginning, end)
    parts = [_Condition(f"SELECT id FROM words WHERE {scope} AND word = ?", (*scoped, word)) for word in whole]
    parts.append(_Condition(f"SELECT DISTINCT id FROM words WHERE {scope} AND {bounds}", (*scoped, *last)))
    if not beginning:
        parts = [_Condition("SELECT id FROM words WHERE false")]
    found = " INTERSECT ".join(part.sql for part in parts)
    # CROSS JOIN: the words are read first, and then only their rows.
    values = tuple(value for part in parts for value in part.values)
    return _Condition(f"({found}) AS found CROSS JOIN rows INDEXED BY {BY_ID} ON rows.id = found.id", values)


def _compared(comparison: Comparison) -> _Condition:
    field, value = column(comparison.field), comparison.value
    match comparison.op:
        case "in":
            return _Condition(f"{field} IN (SELECT value FROM json_each(?))", (orjson.dumps(list(value)).decode(),))
        case "prefix":
            end = after_prefix(value)
            if end is None:
                return _Condition(f"{field} >= ?", (value,))
            return _Condition(f"{field} >= ? AND {field} < ?", (value, end))
        case operator:
            return _Condition(f"{field} {_OPERATORS[operator]} ?", (value,))


def _segments(order: Order, after: tuple[Any, ...] | None) -> Iterator[tuple[list[_Condition], Order]]:
    """The ranges behind `after`, in order: conditions, and what is left to order by. An absent value is the least."""
    if after is None:
        yield [], order
        return
    for depth in range(len(order) - 1, -1, -1):
        ties = [_tie(column(name), value) for (name, _), value in zip(order[:depth], after[:depth], strict=True)]
        (name, direction), value = order[depth], after[depth]
        field = column(name) if depth < len(order) - 1 else "rows.id"
        if direction == "asc":
            more = _Condition(f"{field} IS NOT NULL") if value is None else _Condition(f"{field} > ?", (value,))
            yield [*ties, more], order[depth:]
        elif value is not None:
            yield [*ties, _Condition(f"{field} < ?", (value,))], order[depth:]
            if depth < len(order) - 1:
                yield [*ties, _Condition(f"{field} IS NULL")], order[depth + 1 :]


def _tie(field: str, value: Any) -> _Condition:
    return _Condition(f"{field} IS NULL") if value is None else _Condition(f"{field} = ?", (value,))
