"""Property values as the engine exchanges them, without losing secrets, unknowns or references."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from google.protobuf import struct_pb2

# The engine's own marks, from Pulumi's resource protocol.
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"


class Unknown:
    """A value that exists only once the resource does."""

    def __repr__(self) -> str:
        return "<computed>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unknown)

    def __hash__(self) -> int:
        return hash(Unknown)


UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that a state keeps encrypted; its repr does not show it."""

    value: Any

    def __repr__(self) -> str:
        return "[secret]"


def decode(properties: struct_pb2.Struct) -> dict[str, Any]:
    """As plain data, with keys in order: the wire has them in any."""
    return {key: _decode(value) for key, value in sorted(properties.fields.items())}


def encode(properties: dict[str, Any]) -> struct_pb2.Struct:
    """What an engine or a provider answers."""
    message = struct_pb2.Struct()
    for key, value in properties.items():
        _fill(message.fields[key], value)
    return message


def plain(value: Any) -> Any:
    """As data that may be shown: what is secret or unknown is only named."""
    match value:
        case Secret() | Unknown():
            return repr(value)
        case dict():
            return {key: plain(inner) for key, inner in value.items()}
        case list():
            return [plain(inner) for inner in value]
        case _:
            return value


def _decode(value: struct_pb2.Value) -> Any:
    """Read straight from the message: by way of protobuf's own dicts it takes three times as long."""
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value == _UNKNOWN else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number  # the wire has only doubles
        case "bool_value":
            return value.bool_value
        case "struct_value":
            fields = decode(value.struct_value)
            return _decode_marked(fields) if _SIGNATURE in fields else fields
        case "list_value":
            return [_decode(inner) for inner in value.list_value.values]
        case _:
            return None


def _decode_marked(fields: dict[str, Any]) -> Any:
    match fields[_SIGNATURE]:
        case str(mark) if mark == _SECRET:
            return Secret(fields.get("value"))
        case str(mark) if mark == _OUTPUT:
            inner = fields.get("value", UNKNOWN)
            return Secret(inner) if fields.get("secret") else inner
        case str(mark) if mark == _RESOURCE:
            return fields["urn"]
        case _:  # an asset or archive
            return fields


def _fill(message: struct_pb2.Value, value: Any) -> None:
    match value:
        case None:
            message.null_value = struct_pb2.NULL_VALUE
        case bool():
            message.bool_value = value
        case int() | float():
            message.number_value = value
        case str():
            message.string_value = value
        case Unknown():
            message.string_value = _UNKNOWN
        case Secret():
            _fill(message, {_SIGNATURE: _SECRET, "value": value.value})
        case dict():
            message.struct_value.SetInParent()
            for key, inner in value.items():
                _fill(message.struct_value.fields[key], inner)
        case _:
            message.list_value.SetInParent()
            for inner in value:
                _fill(message.list_value.values.add(), inner)
