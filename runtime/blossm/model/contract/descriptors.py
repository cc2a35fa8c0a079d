"""A contract as protobuf's own descriptors: what protoc would make of its text, without protoc."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FieldOptions,
    FileDescriptorProto,
    MessageOptions,
    OneofDescriptorProto,
)

from blossm.model.contract.naming import entry_message
from blossm.model.contract.rules import rules_text
from blossm.model.contract.tree import File, Message, MessageField

OPTION = 51701  # the number of both extensions in blossm/rpc/v1/contract.proto

_TYPES = {
    "string": FieldDescriptorProto.TYPE_STRING,
    "int64": FieldDescriptorProto.TYPE_INT64,
    "double": FieldDescriptorProto.TYPE_DOUBLE,
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "bytes": FieldDescriptorProto.TYPE_BYTES,
}
_LENGTH_DELIMITED, _VARINT = 2, 0
_Options = TypeVar("_Options", FieldOptions, MessageOptions)


def file_descriptors(files: Iterable[File]) -> list[FileDescriptorProto]:
    return [_file(file) for file in files]


def _file(file: File) -> FileDescriptorProto:
    return FileDescriptorProto(
        name=file.path,
        package=file.package,
        dependency=file.imports,
        message_type=[_message(message) for message in file.messages],
        syntax="proto3",
    )


def _message(message: Message) -> DescriptorProto:
    optional = [field for field in message.fields if field.label == "optional"]
    oneofs = {field.name: index for index, field in enumerate(optional)}
    made = DescriptorProto(
        name=message.name,
        field=[_field(field, message, oneofs) for field in message.fields],
        nested_type=[_message(inner) for inner in message.nested],
        oneof_decl=[OneofDescriptorProto(name=f"_{name}") for name in oneofs],
        reserved_range=[DescriptorProto.ReservedRange(start=first, end=last + 1) for first, last in message.reserved_numbers],
        reserved_name=message.reserved_names,
    )
    made.nested_type.extend(_entry(field) for field in message.fields if field.label == "map")
    if message.removed:
        made.options.deprecated = True
    if message.version:
        made.options.MergeFrom(_said(MessageOptions, _VARINT, message.version))
    return made


def _field(field: MessageField, message: Message, oneofs: dict[str, int]) -> FieldDescriptorProto:
    many = field.label in ("repeated", "map")
    made = FieldDescriptorProto(
        name=field.name,
        number=field.number,
        label=FieldDescriptorProto.LABEL_REPEATED if many else FieldDescriptorProto.LABEL_OPTIONAL,
        json_name=field.name,
    )
    if field.label == "map":
        made.type, made.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".{message.full_name}.{entry_message(field.name)}"
    else:
        _set_type(made, field)
    if field.name in oneofs:
        made.proto3_optional, made.oneof_index = True, oneofs[field.name]
    if field.rules:
        made.options.CopyFrom(_said(FieldOptions, _LENGTH_DELIMITED, rules_text(field.rules).encode()))
    return made


def _entry(field: MessageField) -> DescriptorProto:
    key, value = (
        FieldDescriptorProto(name=name, number=number, label=FieldDescriptorProto.LABEL_OPTIONAL, json_name=name)
        for name, number in (("key", 1), ("value", 2))
    )
    key.type = FieldDescriptorProto.TYPE_STRING
    _set_type(value, field)
    return DescriptorProto(name=entry_message(field.name), field=[key, value], options=MessageOptions(map_entry=True))


def _set_type(made: FieldDescriptorProto, field: MessageField) -> None:
    if field.is_message:
        made.type, made.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".{field.type}"
    else:
        made.type = _TYPES[field.type]


def _said(options: type[_Options], wire_type: int, value: int | bytes) -> _Options:
    """Options with our extension, written as bytes: the model does not know the generated code of the wire."""
    head = _varint(OPTION << 3 | wire_type)
    body = _varint(value) if isinstance(value, int) else _varint(len(value)) + value
    return options.FromString(head + body)


def _varint(number: int) -> bytes:
    parts: Sequence[int] = [number >> shift & 0x7F for shift in range(0, max(number.bit_length(), 1), 7)]
    return bytes([part | 0x80 for part in parts[:-1]] + [parts[-1]])
