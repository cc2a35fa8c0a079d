"""Cursors: where a page ended, as one opaque word that only its own query takes back."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from blossm.core.errors import BadRequest, FieldProblem
from blossm.core.view import Page, Query, Row
from blossm.core.view_query import Order, field_at, values_of
from blossm.model.network import ViewStoreSpec

_TYPES: dict[str, tuple[type, ...]] = {"integer": (int,), "number": (int, float), "boolean": (bool,)}


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    query: str
    after: list[Any]


def page_of(spec: ViewStoreSpec, query: Query, order: Order, rows: Sequence[Row], *, count: int | None) -> Page:
    """The page that begins with these rows, with the cursor of the next where there are more than the limit."""
    content = tuple(rows[: query.limit])
    cursor = _encoded(spec, query, order, content[-1]) if len(rows) > query.limit else ""
    return Page(content=content, next=cursor, count=count)


def _encoded(spec: ViewStoreSpec, query: Query, order: Order, row: Row) -> str:
    """The cursor behind this row."""
    after = values_of(row, order)
    return base64.urlsafe_b64encode(msgspec.json.encode(_Cursor(_print(spec, query), after))).rstrip(b"=").decode()


def decode_cursor(spec: ViewStoreSpec, query: Query, order: Order) -> tuple[Any, ...] | None:
    """The values that the last page ended at; None without a cursor. Raises BadRequest for another query's."""
    if not query.cursor:
        return None
    try:
        data = base64.b64decode(query.cursor + "=" * (-len(query.cursor) % 4), altchars=b"-_", validate=True)
        cursor = msgspec.json.decode(data, type=_Cursor)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise _foreign() from None
    names = [name for name, _ in order[:-1]]
    fits = len(cursor.after) == len(order) and isinstance(cursor.after[-1], str)
    if cursor.query != _print(spec, query) or not fits:
        raise _foreign()
    if not all(_typed(spec, name, value) for name, value in zip(names, cursor.after, strict=False)):
        raise _foreign()
    return tuple(cursor.after)


def _typed(spec: ViewStoreSpec, name: str, value: Any) -> bool:
    field = field_at(spec.schema, name)
    types = _TYPES.get(field.type, (str,)) if field else (str,)
    return value is None or (isinstance(value, types) and (bool in types or not isinstance(value, bool)))


def _print(spec: ViewStoreSpec, query: Query) -> str:
    """What makes it this query: all but how many rows, and from where."""
    asked = [spec.address, query.where, query.sort, query.text, query.context]
    return hashlib.sha256(msgspec.json.encode(asked)).hexdigest()[:16]


def _foreign() -> BadRequest:
    problem = FieldProblem("cursor", "must be the `next` of an answer to this same query")
    return BadRequest("the cursor is not of this query", fields=[problem])
