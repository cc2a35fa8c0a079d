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
from blossm.core.view_query import Index, Order, Plan
from blossm.core.view_text import after_prefix, asked
from blossm.model.network import ViewStoreSpec

_OPERATORS = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


class Sql(NamedTuple):
    """A statement or a part of one, and the values that are bound in it."""

    text: str
    values: tuple[Any, ...] = ()


def finding(spec: ViewStoreSpec, query: Query, plan: Plan, generation: int) -> Sql:
    """All rows that answer, with their parts, in no order."""
    return _select("rows.id, body, parts", spec, query, plan, generation)


def counting(spec: ViewStoreSpec, query: Query, plan: Plan, generation: int) -> Sql:
    return _select("count(*)", spec, query, plan, generation)


def page(spec: ViewStoreSpec, query: Query, plan: Plan, generation: int, after: tuple[Any, ...] | None) -> Iterator[Sql]:
    """The statements whose rows, one after the other, are the page; the last bound value is the limit."""
    for behind, order in _segments(plan.order, after):
        sql, values = _select("rows.id, context, body", spec, query, plan, generation, behind)
        # The last of the order is the row's id, whatever a field is called.
        fields = [f"{column(name)} {direction}" for name, direction in order[:-1]]
        ordered = ", ".join([*fields, f"rows.id {order[-1][1]}"])
        yield Sql(f"{sql} ORDER BY {ordered} LIMIT ?", values)


def _select(
    what: str, spec: ViewStoreSpec, query: Query, plan: Plan, generation: int, behind: Iterable[Sql] = ()
) -> Sql:
    context = query.context if spec.context else None  # None: of all contexts
    if plan.index:
        rows = Sql("rows" + _by(spec, plan.index, query, context))
    else:
        rows = _found(query, _scope(generation, context if spec.context else ""))
    conditions = [_scope(generation, context), *map(_compared, query.where), *behind]
    where = " AND ".join(condition.text for condition in conditions)
    values = tuple(value for condition in (rows, *conditions) for value in condition.values)
    return Sql(f"SELECT {what} FROM {rows.text} WHERE {where}", values)


def _by(spec: ViewStoreSpec, index: Index, query: Query, context: str | None) -> str:
    """The index that is read. All rows by id, or of all contexts in an order, are left to SQLite."""
    if not spec.context:
        return f' INDEXED BY "{index_name(index, context=False)}"' if index.fields else ""
    if context is not None:
        return f' INDEXED BY "{index_name(index, context=True)}"'
    asked = {comparison.field for comparison in query.where}
    return f' INDEXED BY "{leading_name(index.names[0])}"' if asked.intersection(index.names[:1]) else ""


def _scope(generation: int, context: str | None) -> Sql:
    if context is None:
        return Sql("generation = ?", (generation,))
    return Sql("generation = ? AND context = ?", (generation, context))


def _found(query: Query, scope: Sql) -> Sql:
    """The rows that have all words. CROSS JOIN: the words are read first, and then only their rows."""
    whole, beginning = asked(query.text)
    words = [Sql("word = ?", (word,)) for word in whole]
    words.append(_begun("word", beginning) if beginning else Sql("false"))
    found = " INTERSECT ".join(f"SELECT DISTINCT id FROM words WHERE {scope.text} AND {word.text}" for word in words)
    values = tuple(value for word in words for value in (*scope.values, *word.values))
    return Sql(f"({found}) AS found CROSS JOIN rows INDEXED BY {BY_ID} ON rows.id = found.id", values)


def _begun(field: str, beginning: str) -> Sql:
    end = after_prefix(beginning)
    if end is None:
        return Sql(f"{field} >= ?", (beginning,))
    return Sql(f"{field} >= ? AND {field} < ?", (beginning, end))


def _compared(comparison: Comparison) -> Sql:
    field, value = column(comparison.field), comparison.value
    match comparison.op:
        case "in":
            return Sql(f"{field} IN (SELECT value FROM json_each(?))", (orjson.dumps(list(value)).decode(),))
        case "prefix":
            return _begun(field, value)
        case operator:
            return Sql(f"{field} {_OPERATORS[operator]} ?", (value,))


def _segments(order: Order, after: tuple[Any, ...] | None) -> Iterator[tuple[list[Sql], Order]]:
    """The ranges behind `after`, in order: conditions, and what is left to order by. An absent value is the least."""
    if after is None:
        yield [], order
        return
    for depth in range(len(order) - 1, -1, -1):
        ties = [_tie(column(name), value) for (name, _), value in zip(order[:depth], after[:depth], strict=True)]
        (name, direction), value = order[depth], after[depth]
        field = column(name) if depth < len(order) - 1 else "rows.id"
        if direction == "asc":
            more = Sql(f"{field} IS NOT NULL") if value is None else Sql(f"{field} > ?", (value,))
            yield [*ties, more], order[depth:]
        elif value is not None:
            yield [*ties, Sql(f"{field} < ?", (value,))], order[depth:]
            if depth < len(order) - 1:
                yield [*ties, Sql(f"{field} IS NULL")], order[depth + 1 :]


def _tie(field: str, value: Any) -> Sql:
    return Sql(f"{field} IS NULL") if value is None else Sql(f"{field} = ?", (value,))
