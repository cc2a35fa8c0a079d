"""From messages to plain values: `readers`, one function per field.

A strict reader also looks for what it does not know, at every depth.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

import orjson
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet  # type: ignore[import-not-found] # types-protobuf lacks it

from blossm.core import strict_json
from blossm.core.errors import BadRequest, FieldProblem
from blossm.model.contract.build import VALUES
from blossm.model.fields import Field, Fields
from blossm.rpc.encoding import EPOCH

Reader: TypeAlias = Callable[[Any], Any]


class Unreadable(Exception):
    """Bytes that are not what their type says. The paths of `fields` begin inside the value."""

    def __init__(self, fields: Sequence[FieldProblem]) -> None:
        super().__init__("; ".join(f"{field.path} {field.problem}".strip() for field in fields))
        self.fields = tuple(fields)


def object_reader(fields: Fields, descriptor: Descriptor, *, strict: bool, path: str = "") -> Reader:
    readers = {
        descriptor.fields_by_name[name]: (name, _reader(field, descriptor.fields_by_name[name], f"{path}.{name}", strict=strict))
        for name, field in fields.items()
    }
    empty: list[tuple[str, Callable[[], Any]]] = [
        (name, list if field.type == "list" else dict)
        for name, field in fields.items()
        if field.required and field.type in ("list", "map")
    ]

    def read(message: Message) -> Any:
        made = {}
        for field, value in message.ListFields():
            name, reader = readers[field]
            made[name] = value if reader is None else reader(value)
        for name, kind in empty:
            if name not in made:
                made[name] = kind()
        return made

    return _all_known(read, path) if strict else read


def _reader(field: Field, descriptor: Any, path: str, *, strict: bool) -> Reader | None:
    """None: the value is what it is."""
    if field.type in ("list", "map") and field.required:
        return _collection(field, descriptor, path, strict=strict)
    return _value_reader(field, descriptor.message_type, path, strict=strict)


def _value_reader(field: Field, message: Any, path: str, *, strict: bool) -> Reader | None:
    """Of a field's value, of a list's item or of a map's value; `message` is its type, where that is one."""
    match field.type:
        case "timestamp":
            return _all_known(_timestamp(path), path) if strict else _timestamp(path)
        case "bytes":
            return _base64
        case "json":
            return _strict_json(path) if strict else _json(path)
        case "object":
            return object_reader(field.properties, message, strict=strict, path=path)
        case "list" | "map":
            inner = _collection(field, message.fields_by_name[VALUES], path, strict=strict)

            def read(message: Any) -> Any:
                return inner(getattr(message, VALUES))

            return _all_known(read, path) if strict else read
        case _:
            return None


def _collection(field: Field, descriptor: Any, path: str, *, strict: bool) -> Reader:
    if field.type == "list":
        reader = _value_reader(field.items or Field(type="json"), descriptor.message_type, f"{path}[]", strict=strict)
        return list if reader is None else _each(reader)
    value = descriptor.message_type.fields_by_name["value"]
    reader = _value_reader(field.values or Field(type="json"), value.message_type, f"{path}[]", strict=strict)
    return dict if reader is None else _each_value(reader)


def _each(reader: Reader) -> Reader:
    return lambda values: [reader(value) for value in values]


def _each_value(reader: Reader) -> Reader:
    return lambda values: {name: reader(value) for name, value in values.items()}


def _all_known(read: Reader, path: str) -> Reader:
    def read_known(message: Message) -> Any:
        unknown = UnknownFieldSet(message)
        if len(unknown):
            numbers = sorted({field.field_number for field in unknown})
            raise Unreadable([FieldProblem(path, f"has fields that are not known here, number {', '.join(map(str, numbers))}")])
        return read(message)

    return read_known


def _timestamp(path: str) -> Reader:
    def read(value: Any) -> str:
        nanos = value.nanos
        try:
            if not 0 <= nanos < 1_000_000_000:
                raise OverflowError(nanos)
            time = EPOCH + timedelta(0, value.seconds, nanos // 1000)
        except OverflowError as error:
            raise Unreadable([FieldProblem(path, "is no time of the years 1 to 9999")]) from error
        return time.isoformat("T", "microseconds") + "Z"  # by position: names cost half as much again

    return read


def _base64(value: bytes) -> str:
    return binascii.b2a_base64(value, newline=False).decode()


def _json(path: str) -> Reader:
    def read(value: bytes) -> Any:
        try:
            return orjson.loads(value)
        except ValueError as error:
            raise Unreadable([FieldProblem(path, "is not JSON")]) from error

    return read


def _strict_json(path: str) -> Reader:
    def read(value: bytes) -> Any:
        try:
            return strict_json.parse(value, at=path)
        except BadRequest as error:
            raise Unreadable(error.fields) from error

    return read
