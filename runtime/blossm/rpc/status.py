"""Errors on the wire: each class has its status, and travels in the status's details with its fields, facts and help.

A status without our details comes from what is between (a proxy, gRPC itself): it becomes the nearest of our errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import grpc
import orjson
from google.protobuf.message import Message
from google.rpc import status_pb2  # type: ignore[import-untyped]

from blossm.core.errors import (
    BlossmError,
    FieldProblem,
    Internal,
    NotFound,
    PayloadTooLarge,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
)
from blossm.core.plain_json import is_plain
from blossm.handlers.run import late
from blossm.rpc.bounds import MAX_MESSAGE, MAX_METADATA
from blossm.rpc.v1 import envelope_pb2 as pb

DETAILS = "grpc-status-details-bin"
REFUSED = "blossm-refused"  # in the trailing metadata of a call that did not get to its procedure
# Bytes of details, for our channels and for others. They go as base64 to peers that want it so, beside the message as text.
OUR_DETAILS = MAX_METADATA * 2 // 3
ANY_DETAILS = 4 * 1024
MAX_ERROR = 256 * 1024  # bytes of an error within a message
_TOLD = 300  # characters of the message outside of the details

# The classes that have a status of their own, and the status of each: core/errors.py is the table.
_ALL: list[type[BlossmError]] = [BlossmError, *BlossmError.__subclasses__()]
_CLASSES = {cls.code(): cls for cls in _ALL if cls.__module__ == BlossmError.__module__}
_BY_STATUS = {grpc.StatusCode[cls.grpc]: cls for cls in _CLASSES.values()}
# What something between may say on its own. It knows nothing of logs, so a Conflict, say, is not its to tell.
_BETWEEN: dict[grpc.StatusCode, type[BlossmError]] = {
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.CANCELLED: Unavailable,  # the callee's end: who cancels here hears nothing any more
    grpc.StatusCode.RESOURCE_EXHAUSTED: ResourceExhausted,
    grpc.StatusCode.UNIMPLEMENTED: NotFound,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
}
_TOO_LARGE = re.compile(r"message larger than max \((\d+) vs\. (\d+)\)")

P = TypeVar("P")


# ---------------------------------------------------------------- the callee's side


def message_of(error: BlossmError, *, most: int = MAX_ERROR) -> pb.Error:
    """The error as a message of at most some `most` bytes: what does not fit is left out, and counted in the facts."""
    message = pb.Error(
        code=error.code(),
        message=_text(error.message),
        fields=[pb.FieldProblem(path=_text(field.path), problem=_text(field.problem)) for field in error.fields],
        help=_text(error.help),
    )
    if error.facts:
        message.facts.text = _json(error.facts)
    return message if message.ByteSize() <= most else _trimmed(message, error.facts, most)


def status_of(error: BlossmError, *, most: int) -> tuple[grpc.StatusCode, str, tuple[tuple[str, bytes], ...]]:
    """The status, its message, and the trailing metadata, for a caller who takes `most` bytes of details."""
    code = grpc.StatusCode[error.grpc]
    told = _cut(_text(error.message), _TOLD)
    status = status_pb2.Status(code=code.value[0], message=told)
    status.details.add().Pack(message_of(error, most=most))
    return code, told, ((DETAILS, status.SerializeToString()),)


def _trimmed(message: pb.Error, facts: dict[str, Any], most: int) -> pb.Error:
    share = most // 4
    cut = pb.Error(code=message.code, message=_cut(message.message, share // 8), help=_cut(message.help, share // 8))
    fields = _fitting(message.fields, most=share, size=lambda field: field.ByteSize() + 4)
    cut.fields.extend(fields)
    parts = _fitting(facts.items(), most=share, size=lambda part: len(_json(dict([part])).encode()))
    left = {"fields": len(message.fields) - len(fields), "facts": len(facts) - len(parts)}
    cut.facts.text = _json({**dict(parts), "left_out": {name: count for name, count in left.items() if count}})
    return cut


def _fitting(parts: Iterable[P], *, most: int, size: Callable[[P], int]) -> list[P]:
    """Those of the parts, in order, that have room: a large one does not keep out small ones that follow."""
    fitting = []
    for part in parts:
        if (bytes := size(part)) <= most:
            most -= bytes
            fitting.append(part)
    return fitting


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _text(value: Any) -> str:
    """Text that is UTF-8; anything else is told as text."""
    text = value if type(value) is str else str(value)
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def _json(facts: dict[str, Any]) -> str:
    return orjson.dumps(facts if is_plain(facts) else _plain(facts)).decode()


def _plain(value: Any, *, depth: int = 16) -> Any:
    """The value, with text wherever it is no JSON."""
    if is_plain(value):
        return value
    if depth and isinstance(value, dict):
        return {_text(name).replace("\0", ""): _plain(inner, depth=depth - 1) for name, inner in value.items()}
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner, depth=depth - 1) for inner in value]
    return _text(value)


# ---------------------------------------------------------------- the caller's side


def error_of(message: pb.Error, *, otherwise: type[BlossmError] = BlossmError) -> BlossmError:
    """The error that `message_of` told. `otherwise`: the class of one whose code is not known here."""
    facts: Any = None
    try:
        facts = orjson.loads(message.facts.text) if message.facts.text else None
    except orjson.JSONDecodeError:
        facts = message.facts.text
    return _CLASSES.get(message.code, otherwise)(
        message.message,
        fields=[FieldProblem(field.path, field.problem) for field in message.fields],
        facts=facts if isinstance(facts, dict | None) else {"facts": facts},
        help=message.help,
    )


def told(error: grpc.aio.AioRpcError) -> BlossmError | None:
    """What the callee itself told; None where the status carries no details of ours."""
    for name, value in error.trailing_metadata() or ():
        if name == DETAILS and isinstance(value, bytes):
            return _unpacked(value, otherwise=_BY_STATUS.get(error.code(), BlossmError))
    return None


def _unpacked(details: bytes, *, otherwise: type[BlossmError]) -> BlossmError | None:
    status, message = status_pb2.Status(), pb.Error()
    try:
        status.ParseFromString(details)
        found = any(detail.Unpack(message) for detail in status.details)
    except Exception:  # protobuf's DecodeError, of a peer that is none of ours: as if it had said nothing
        return None
    return error_of(message, otherwise=otherwise) if found else None


def between(error: grpc.aio.AioRpcError) -> BlossmError:
    """What a status without our details means."""
    code, details = error.code(), error.details() or ""
    if found := _TOO_LARGE.search(details):
        return too_large(int(found[1]), limit=int(found[2]))
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return late()
    cls = _BETWEEN.get(code, Internal)
    return cls(details or cls.__doc__ or "", facts={"status": code.name})


def packed(message: Message) -> bytes:
    """The bytes of a request or an answer. Raises PayloadTooLarge."""
    data = message.SerializeToString()
    if len(data) > MAX_MESSAGE:
        raise too_large(len(data), limit=MAX_MESSAGE)
    return data


def too_large(size: int, *, limit: int) -> PayloadTooLarge:
    """A message of this many bytes is over the bound of the wire."""
    return PayloadTooLarge(
        f"a message of {size} bytes is over the bound of {limit}",
        facts={"bytes": size, "limit": limit},
        help="ask for less at once, or send it in parts",
    )
