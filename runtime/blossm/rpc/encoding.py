"""From plain values to the arguments of a message: `makers`, one function per field.

A maker lets pass what comes back identical, and raises Unfit (or a ValueError of a library's) for all else.
"""

from __future__ import annotations

import binascii
import math
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias

import orjson

from blossm.core.plain_json import is_plain
from blossm.core.time import NORMAL
from blossm.model.contract.build import VALUES
from blossm.model.fields import Field, Fields, FieldType

Maker: TypeAlias = Callable[[Any], Any]

EPOCH = datetime.fromisoformat("1970-01-01")
_DAY = 86_400

# Types whose values go as they are, when they are of just this Python type.
_EXACT: dict[FieldType, type] = {"string": str, "date": str, "uuid": str, "integer": int, "boolean": bool}


class Unfit(Exception):
    """A value that its message can't carry so that it comes back identical."""


def object_maker(fields: Fields) -> Maker:
    exact = {name: _EXACT[field.type] for name, field in fields.items() if field.type in _EXACT}
    makers = {name: _maker(field) for name, field in fields.items() if field.type not in _EXACT}
    never_absent = {name for name, field in fields.items() if field.required and field.type in ("list", "map")}
    if not makers:
        return _exact_object(exact)

    def make(value: Any) -> Any:
        if type(value) is not dict:
            raise Unfit("no object")
        made = {}
        for name, inner in value.items():
            if type(name) is not str:
                raise Unfit("a name that is no text")
            if type(inner) is exact.get(name):
                made[name] = inner
            elif name in makers:
                made[name] = makers[name](inner)
            else:
                raise Unfit(name)
        if never_absent and not never_absent <= value.keys():
            raise Unfit("an absent list")
        return made

    return make


def _exact_object(exact: dict[str, type]) -> Maker:
    def check(value: Any) -> Any:
        if type(value) is not dict:
            raise Unfit("no object")
        for name, inner in value.items():
            if type(inner) is not exact.get(name) or type(name) is not str:
                raise Unfit(name)
        return value

    return check


def _maker(field: Field) -> Maker:
    if field.type in ("list", "map"):
        make = _collection(field)
        return make if field.required else _in_message(make)
    return _value_maker(field)


def _value_maker(field: Field) -> Maker:
    """Of a field's value, of a list's item or of a map's value."""
    match field.type:
        case "number":
            return _number
        case "timestamp":
            return _timestamp
        case "bytes":
            return _bytes
        case "json":
            return _json
        case "object":
            return object_maker(field.properties)
        case "list" | "map":
            return _in_message(_collection(field))
        case _:
            return _exactly(_EXACT[field.type])


def _collection(field: Field) -> Maker:
    inner = (field.items if field.type == "list" else field.values) or Field(type="json")
    if field.type == "list" and inner.type in _EXACT:
        return _exact_list(_EXACT[inner.type])
    make = _value_maker(inner)
    return _list(make) if field.type == "list" else _map(make)


def _list(make: Maker) -> Maker:
    def make_list(value: Any) -> Any:
        if type(value) is not list:
            raise Unfit("no list")
        return [make(item) for item in value]

    return make_list


def _exact_list(kind: type) -> Maker:
    def check(value: Any) -> Any:
        if type(value) is not list:
            raise Unfit("no list")
        for item in value:
            if type(item) is not kind:
                raise Unfit(type(item).__name__)
        return value

    return check


def _map(make: Maker) -> Maker:
    def make_map(value: Any) -> Any:
        if type(value) is not dict:
            raise Unfit("no object")
        for name in value:
            if type(name) is not str:
                raise Unfit("a name that is no text")
        return {name: make(inner) for name, inner in value.items()}

    return make_map


def _in_message(make: Maker) -> Maker:
    return lambda value: {VALUES: make(value)}


def _exactly(kind: type) -> Maker:
    def make(value: Any) -> Any:
        if type(value) is not kind:
            raise Unfit(type(value).__name__)
        return value

    return make


def _number(value: Any) -> Any:
    if type(value) is not float or not math.isfinite(value):
        raise Unfit("no finite float")
    return value


def _timestamp(value: Any) -> Any:
    if type(value) is not str or not NORMAL.fullmatch(value):
        raise Unfit("a time in another spelling")
    since = datetime.fromisoformat(value[:-1]) - EPOCH
    return {"seconds": since.days * _DAY + since.seconds, "nanos": since.microseconds * 1000}


def _bytes(value: Any) -> Any:
    if type(value) is not str:
        raise Unfit("no base64")
    data = binascii.a2b_base64(value, strict_mode=True)
    if binascii.b2a_base64(data, newline=False) != value.encode():
        raise Unfit("base64 in another spelling")
    return data


def _json(value: Any) -> Any:
    if not is_plain(value):
        raise Unfit("no JSON")
    return orjson.dumps(value)
