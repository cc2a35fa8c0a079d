"""JSON in an envelope: any value as a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from blossm.core import strict_json
from blossm.core.errors import BadRequest, FieldProblem
from blossm.core.plain_json import is_plain
from blossm.rpc.v1 import envelope_pb2 as pb

_LONG = re.compile(rb"\d{19}")  # digits of what may be no integer of 64 bits


def json_to_wire(value: Any) -> dict[str, Any]:
    """The arguments of a `Json`. Raises TypeError for what is no JSON."""
    return {"text": orjson.dumps(value).decode()}


def plain_to_wire(value: Any) -> dict[str, Any]:
    """The same of what nobody checked. Raises TypeError also for what would arrive as something else: NaN, times, enums."""
    if not is_plain(value):
        raise TypeError("no JSON")
    return {"text": orjson.dumps(value, default=list).decode()}  # of tuples with names


def json_from_wire(message: pb.Json, *, at: str = "") -> Any:
    """The value. With `at` it is read as strictly as at a door."""
    data = message.text.encode()
    return strict_json.parse(data, at=at) if at and not _is_ours(data) else orjson.loads(data)


def object_from_wire(message: pb.Json, *, at: str = "") -> dict[str, Any]:
    """The JSON object; an empty one where there is no text."""
    if not message.text:
        return {}
    value = json_from_wire(message, at=at)
    if not isinstance(value, dict):
        raise BadRequest("the JSON is off", fields=[FieldProblem(at, "must be an object")])
    return value


def jsons_to_wire(values: Mapping[str, Any]) -> dict[str, Any]:
    """Each value by its name, as a `map<string, Json>`."""
    return {name: json_to_wire(value) for name, value in values.items()}


def jsons_from_wire(messages: Mapping[str, pb.Json], *, at: str = "") -> dict[str, Any]:
    return {name: json_from_wire(message, at=at and f"{at}.{name}") for name, message in messages.items()}


def _is_ours(data: bytes) -> bool:
    """Whether the text is to the letter as we write it: then nobody can understand it differently, and no rule is broken."""
    if b"\\u0000" in data or _LONG.search(data) or data.count(b"[") + data.count(b"{") > strict_json.MAX_DEPTH:
        return False
    try:
        return orjson.dumps(orjson.loads(data)) == data
    except orjson.JSONDecodeError:
        return False
