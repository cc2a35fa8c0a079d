"""Changes and questions checked against a view's schema, and brought to its spelling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from blossm.core.errors import BadRequest, FieldProblem
from blossm.core.payload import Contract
from blossm.core.plain_json import is_plain
from blossm.core.view import Change, Comparison, Operation, Query
from blossm.core.view_query import COMPARABLE, field_at, plan
from blossm.model.fields import Field, Fields, FieldType
from blossm.model.network import ViewStoreSpec

MAX_ID = 512
MAX_LIMIT = 500
MAX_IN = 100


class ViewContract:
    """What changes and queries of one view must be. `shared`: several services write its rows.

    A `put` is a whole row, but of a shared row it is one service's part; a `set` is any part. Defaults of the row's own
    fields are left out: they are nobody's until somebody writes them. What is given is checked to its full depth.
    """

    def __init__(self, spec: ViewStoreSpec, *, shared: bool) -> None:
        self._spec = spec
        part = {name: replace(field, default=None, optional=True) for name, field in spec.schema.items()}
        whole = {name: replace(field, default=None, optional=not field.required) for name, field in spec.schema.items()}
        values = {name: replace(field, min_length=None, max_length=None) for name, field in part.items()}
        amounts = {name: Field(type=field.type, optional=True) for name, field in spec.schema.items()}
        lists = _contract_of(values, "list")
        self._contracts: dict[Operation, Contract] = {
            "put": Contract.of(part if shared else whole, at="body"),
            "set": Contract.of(part, at="body"),
            "add": lists,
            "discard": lists,
            "increment": _contract_of(amounts, "integer", "number"),
        }
        self._compared: dict[tuple[str, str], Contract] = {}

    def take(self, change: Change) -> Change:
        """The change as it is to be made. Raises BadRequest, which names every field that is off."""
        if bool(change.id) == bool(change.where) or (change.where and change.op == "put"):
            raise _off("id", "a change is of one row, by its id, or but for `put` of those that a `where` finds")
        _refuse_no_name("id", change.id)
        _refuse_no_name("context", change.context)
        where = self._where(change.where) if change.where else change.where
        return msgspec.structs.replace(change, where=where, fields=self._fields(change))

    def _fields(self, change: Change) -> dict[str, Any]:
        if change.op in self._contracts:
            taken: dict[str, Any] = self._contracts[change.op].take(change.fields)
            return taken
        if change.op == "remove":
            return {}
        for name in change.fields:  # of an `unset`
            if name not in self._spec.schema:
                raise _off(f"body.{name}", "is not known")
        return change.fields

    def _where(self, where: Mapping[str, Any]) -> dict[str, Any]:
        if not all(type(path) is str for path in where):
            raise _off("where", "must have names of fields")
        asked = tuple(self._comparison(Comparison(path, "eq", value)) for path, value in where.items())
        plan(self._spec, Query(where=asked))
        return {comparison.field: comparison.value for comparison in asked}

    def question(self, query: Query) -> Query:
        """The query with values of the fields' types. Raises BadRequest where the view can't answer it."""
        if not 1 <= query.limit <= MAX_LIMIT:
            raise _off("limit", f"must be from 1 to {MAX_LIMIT}")
        typed = msgspec.structs.replace(query, where=tuple(self._comparison(comparison) for comparison in query.where))
        plan(self._spec, typed)
        return typed

    def _comparison(self, comparison: Comparison) -> Comparison:
        field = field_at(self._spec.schema, comparison.field)
        if field is None or field.type not in COMPARABLE:
            return comparison  # the plan tells
        contract = self._contract(comparison.field, "string" if comparison.op == "prefix" else field.type)
        if comparison.op != "in":
            return Comparison(comparison.field, comparison.op, contract.take(comparison.value))
        values = tuple(comparison.value)
        if len(values) > MAX_IN:
            raise _off(comparison.field, f"has {len(values)} values, more than {MAX_IN}")
        return Comparison(comparison.field, "in", tuple(contract.take(value) for value in values))

    def _contract(self, path: str, type: FieldType) -> Contract:
        """Only the type counts: whoever asks for a colour that can't be is answered, with nothing."""
        if (path, type) not in self._compared:
            self._compared[path, type] = Contract.of_field(Field(type=type), at=path)
        return self._compared[path, type]


def _contract_of(fields: Fields, *types: str) -> Contract:
    return Contract.of({name: field for name, field in fields.items() if field.type in types}, at="body")


def _refuse_no_name(path: str, name: str) -> None:
    if name != "" and not (type(name) is str and len(name) <= MAX_ID and "\0" not in name and is_plain(name)):
        raise _off(path, f"must be text of at most {MAX_ID} characters, none of them NUL")


def _off(path: str, problem: str) -> BadRequest:
    return BadRequest(f"{path} {problem}", fields=[FieldProblem(path, problem)])
