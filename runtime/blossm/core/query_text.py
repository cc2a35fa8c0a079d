"""The text of a URL's query, read by the fields that it is about.

A list is a repeated key; an object, a map and `json` are JSON text. What does not fit is named, all of it at once.
"""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any, Literal, cast

from blossm.core.errors import BadRequest, FieldProblem
from blossm.core.payload import Contract
from blossm.core.position import decode_position
from blossm.core.strict_json import parse
from blossm.core.time import parse_rfc3339, rfc3339
from blossm.core.view import Comparison, Query
from blossm.core.view_query import field_at
from blossm.model.fields import Field, Fields
from blossm.model.network import ViewStoreSpec

Pairs = Sequence[tuple[str, str]]

MAX_LIMIT = 500

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,4})?")
_FILTER = re.compile(r"([^\[\]]+)\[(gt|gte|lt|lte|in|prefix)\]")
_BOOLEANS = {"true": True, "false": False}


def fact_query(fields: Fields, pairs: Pairs, contract: Contract) -> dict[str, Any]:
    """The query of a fact that has these fields. Raises BadRequest."""
    values, problems = _values(fields, pairs)
    off = {problem.path for problem in problems}
    try:
        contract.validate(values)
    except BadRequest as error:
        problems += [problem for problem in error.fields if problem.path not in off]
    if problems:
        raise BadRequest("the query is off", fields=problems)
    return values


def _values(fields: Fields, pairs: Pairs) -> tuple[dict[str, Any], list[FieldProblem]]:
    values: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    for name, texts in _grouped(pairs).items():
        at = f"query.{name}"
        try:
            values[name] = _value(fields.get(name), texts, at)
        except BadRequest as error:
            problems += error.fields
    return values, problems


def _grouped(pairs: Pairs) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, text in pairs:
        grouped.setdefault(name, []).append(text)
    return grouped


def _value(field: Field | None, texts: list[str], at: str) -> Any:
    if field is None:
        raise off(at, "is not known")
    if field.type == "list" and field.items:
        return [typed(field.items, text, at=f"{at}[{index}]") for index, text in enumerate(texts)]
    return typed(field, _only(texts, at), at=at)


def _only(texts: list[str], at: str) -> str:
    if len(texts) > 1:
        raise off(at, "is there more than once")
    return texts[0]


def off(path: str, problem: str) -> BadRequest:
    return BadRequest("the query is off", fields=[FieldProblem(path, problem)])


def typed(field: Field, text: str, *, at: str) -> Any:
    """The value that `text` means, as it is stored. Raises BadRequest, naming `at`."""
    try:
        return _typed(field, text, at)
    except (ValueError, OverflowError) as error:  # a time before the year 1, in UTC
        raise off(at, f"must be {_A.get(field.type, 'a')} {field.type}") from error


_A = {"integer": "an"}


def _typed(field: Field, text: str, at: str) -> Any:
    match field.type:
        case "integer":
            number = int(_matched(_INTEGER, text))
            if not -(2**63) <= number < 2**63:
                raise ValueError
            return number
        case "number":
            found = float(_matched(_NUMBER, text))
            if not math.isfinite(found):
                raise ValueError
            return found
        case "boolean" if text in _BOOLEANS:
            return _BOOLEANS[text]
        case "boolean":
            raise ValueError
        case "timestamp":
            return rfc3339(parse_rfc3339(text))
        case "date":
            return date.fromisoformat(text).isoformat()
        case "uuid":
            return str(uuid.UUID(text))
        case "object" | "map" | "json" | "list":
            return parse(text.encode(), at=at)
        case _:
            return text


def _matched(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError
    return text


# ---------------------------------------------------------------- views

_WORDS = ("sort", "limit", "cursor", "text", "count", "min_position")


def view_query(spec: ViewStoreSpec, pairs: Pairs, *, context: str | None) -> Query:
    """The question that a view's query asks: its own words, and conditions on fields. Raises BadRequest.

    Whether an index answers it, the view store says.
    """
    words: dict[str, Any] = {}
    where: list[Comparison] = []
    problems: list[FieldProblem] = []
    for name, texts in _grouped(pairs).items():
        try:
            if name in _WORDS:
                words[name] = _word(name, _only(texts, name))
            else:
                where.append(_comparison(spec, name, texts))
        except BadRequest as error:
            problems += error.fields
    if problems:
        raise BadRequest("the query is off", fields=problems)
    return Query(where=tuple(where), context=context, **words)


def min_position(pairs: Pairs) -> dict[str, int]:
    """The one word that the query of a single row may have. Raises BadRequest."""
    grouped = _grouped(pairs)
    unknown = [name for name in grouped if name != "min_position"]
    if unknown:
        problems = [FieldProblem(name, "is not known: one row takes only min_position") for name in unknown]
        raise BadRequest("the query is off", fields=problems)
    return decode_position(_only(grouped["min_position"], "min_position")) if grouped else {}


def _word(name: str, text: str) -> Any:
    match name:
        case "limit":
            if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:4]) <= MAX_LIMIT or len(text) > 3:
                raise off(name, f"must be a whole number from 1 to {MAX_LIMIT}")
            return int(text)
        case "count":
            if text not in _BOOLEANS:
                raise off(name, "must be true or false")
            return _BOOLEANS[text]
        case "sort":
            return tuple((part.removeprefix("-"), "desc" if part.startswith("-") else "asc") for part in text.split(","))
        case "min_position":
            return decode_position(text)
        case _:
            return text


def _comparison(spec: ViewStoreSpec, name: str, texts: list[str]) -> Comparison:
    """`color=red`, `painted[gte]=2`, `color[in]=red&color[in]=blue`, `color[prefix]=gr`."""
    found = _FILTER.fullmatch(name)
    path, op = (found[1], found[2]) if found else (name, "eq")
    field = field_at(spec.schema, path)
    if field is None:
        raise off(name, "is not known")
    if op == "in":
        return Comparison(path, "in", tuple(typed(field, text, at=name) for text in texts))
    text = _only(texts, name)
    value = text if op == "prefix" else typed(field, text, at=name)
    return Comparison(path, cast("Literal['eq', 'gt', 'gte', 'lt', 'lte', 'prefix']", op), value)
