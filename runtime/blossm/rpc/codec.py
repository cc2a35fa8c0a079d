"""Payloads as messages and back, by functions that are made once per message type.

What is encoded comes back identical, types of Python included: 1 stays apart from 1.0 and True, absent from empty.
A value of which that can't be said is `Unfit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from blossm.core.errors import FieldProblem
from blossm.model.contract.build import VALUE, response_fields
from blossm.model.fields import Field, Fields
from blossm.rpc.decoding import Reader, Unreadable, object_reader
from blossm.rpc.encoding import Maker, Unfit, object_maker

__all__ = ["PREFIX", "Codec", "Unfit", "Unreadable"]

PREFIX = "type.googleapis.com/"


class Codec:
    """Between plain values and one message type. Its functions are made when they are first used."""

    def __init__(self, descriptor: Descriptor, fields: Fields, *, alone: Field | None = None) -> None:
        """`alone`: the value is no object but of this field, and the message has it in its one field `value`."""
        self.type_url = PREFIX + descriptor.full_name
        self._name = descriptor.full_name
        self._descriptor = descriptor
        self._fields = fields
        self._alone = alone

    @classmethod
    def of_response(cls, descriptor: Descriptor, response: Field) -> Codec:
        return cls(descriptor, response_fields(response), alone=None if response.type == "object" else response)

    @property
    def field(self) -> Field:
        """What its values are."""
        return self._alone or Field(type="object", properties=dict(self._fields))

    def encode(self, value: Any) -> bytes:
        """The message's bytes. Raises Unfit."""
        try:
            made = self._make({VALUE: value} if self._alone else value)
            return self._message(**made).SerializeToString()
        except ValueError as error:  # upb: not UTF-8, or beyond 64 bits
            raise Unfit(str(error)) from error

    def decode(self, data: bytes) -> Any:
        """The value, without what a newer contract may have added. Raises Unreadable."""
        return self._value(self._read(self._parsed(data)))

    def decode_strictly(self, data: bytes) -> Any:
        """The value, if all of it is known, and JSON inside it is as a door takes it. Raises Unreadable."""
        return self._value(self._read_strictly(self._parsed(data)))

    def _parsed(self, data: bytes) -> Message:
        try:
            return self._message.FromString(data)
        except DecodeError as error:
            raise Unreadable([FieldProblem("", f"is no {self._name}")]) from error

    def _value(self, values: Mapping[str, Any]) -> Any:
        if not self._alone:
            return values
        if VALUE not in values:
            raise Unreadable([FieldProblem("", f"is a {self._name} without a {VALUE}")])
        return values[VALUE]

    @cached_property
    def _message(self) -> type[Message]:
        return GetMessageClass(self._descriptor)

    @cached_property
    def _make(self) -> Maker:
        return object_maker(self._fields)

    @cached_property
    def _read(self) -> Reader:
        return object_reader(self._fields, self._descriptor, strict=False)

    @cached_property
    def _read_strictly(self) -> Reader:
        return object_reader(self._fields, self._descriptor, strict=True)
