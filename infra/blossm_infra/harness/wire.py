"""Property values as the engine exchanges them, without losing secrets, unknowns or references."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format, struct_pb2

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
    decoded: dict[str, Any] = _decode(json_format.MessageToDict(properties))
    return decoded


def encode(properties: dict[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(_encode(properties), struct_pb2.Struct())


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


def _decode(value: Any) -> Any:
    match value:
        case dict():
            return _decode_marked(value) if _SIGNATURE in value else _decode_all(value)
        case list():
            return [_decode(inner) for inner in value]
        case float() if value.is_integer():
            return int(value)  # the wire has only doubles
        case str() if value == _UNKNOWN:
            return UNKNOWN
        case _:
            return value


def _decode_marked(value: dict[str, Any]) -> Any:
    match value[_SIGNATURE]:
        case str(mark) if mark == _SECRET:
            return Secret(_decode(value.get("value")))
        case str(mark) if mark == _OUTPUT:
            inner = _decode(value["value"]) if "value" in value else UNKNOWN
            return Secret(inner) if value.get("secret") else inner
        case str(mark) if mark == _RESOURCE:
            return value["urn"]
        case _:  # an asset or archive
            return _decode_all(value)


def _decode_all(value: dict[str, Any]) -> dict[str, Any]:
    return {key: _decode(inner) for key, inner in sorted(value.items())}


def _encode(value: Any) -> Any:
    match value:
        case Unknown():
            return _UNKNOWN
        case Secret():
            return {_SIGNATURE: _SECRET, "value": _encode(value.value)}
        case dict():
            return {key: _encode(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_encode(inner) for inner in value]
        case _:
            return value
