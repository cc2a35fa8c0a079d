"""JSON in documents: what comes back is what was kept.

Names of MongoDB's fields have a meaning where they contain a dot or begin with a dollar, and not every server takes such
ones: they are kept with `%2E` and `%24` instead, and so a percent sign with `%25`.
"""

from __future__ import annotations

from typing import Any

from bson.codec_options import CodecOptions, TypeDecoder, TypeRegistry
from bson.int64 import Int64


class _Integers(TypeDecoder):
    """The driver gives integers of 64 bits a type of its own."""

    bson_type = Int64

    def transform_bson(self, value: Any) -> int:
        return int(value)


PLAIN: CodecOptions[dict[str, Any]] = CodecOptions(type_registry=TypeRegistry([_Integers()]))


def stored(value: Any) -> Any:
    """Plain JSON as a document takes it. Integers of 64 bits, finite numbers and text with NUL need nothing."""
    if isinstance(value, dict):
        return {_stored_name(name): stored(inner) if type(inner) in _DEEP else inner for name, inner in value.items()}
    if type(value) in _DEEP:
        return [stored(item) if type(item) in _DEEP else item for item in value]
    return value


def plain(value: Any) -> Any:
    """What `stored` was given."""
    if isinstance(value, dict):
        return {_plain_name(name): plain(inner) if type(inner) in _DEEP else inner for name, inner in value.items()}
    if type(value) in _DEEP:
        return [plain(item) if type(item) in _DEEP else item for item in value]
    return value


_DEEP = frozenset({dict, list, tuple})


def _stored_name(name: str) -> str:
    if "." in name or "%" in name or name[:1] == "$":
        name = name.replace("%", "%25").replace(".", "%2E")
        return "%24" + name[1:] if name[:1] == "$" else name
    return name


def _plain_name(name: str) -> str:
    return name.replace("%24", "$").replace("%2E", ".").replace("%25", "%") if "%" in name else name
