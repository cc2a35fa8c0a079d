"""What a command or a fact is asked, as it goes over the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf.message import Message

from blossm.core.errors import BadRequest
from blossm.core.payload import Contract
from blossm.core.request import Request
from blossm.handlers.run import late
from blossm.model.fields import Fields
from blossm.ports import Clock
from blossm.rpc.envelope.json_text import plain_to_wire
from blossm.rpc.envelope.request import tx_to_wire

LONGEST = 86_400.0  # seconds: neither a Duration nor gRPC takes any number, and a callee ends what it does much earlier

M = TypeVar("M", bound=Message)


def asked_to_wire(request: Request, *, left: float) -> dict[str, Any]:
    """All but the payload and the key. Raises TypeError and ValueError for what is no JSON or no text."""
    message: dict[str, Any] = {
        "address": request.address,
        "root": request.root,
        "context": request.context,
        "tx": tx_to_wire(request.tx),
        "traceparent": request.traceparent,
        "timeout": duration(left),
    }
    if request.options:
        message["options"] = plain_to_wire(request.options)
    if request.claims:
        message["claims"] = plain_to_wire(request.claims)
    return message


def duration(seconds: float) -> dict[str, int]:
    """The arguments of a `google.protobuf.Duration`: at least 0, at most LONGEST."""
    nanos = int(min(max(seconds, 0.0), LONGEST) * 1e9)
    return {"seconds": nanos // 1_000_000_000, "nanos": nanos % 1_000_000_000}


def left_of(request: Request, clock: Clock) -> float:
    """The seconds that are left, at most as many as any procedure takes. Raises DeadlineExceeded where there are none."""
    if (left := request.deadline - clock.monotonic()) <= 0:
        raise late()
    return min(left, LONGEST)


def sent(make: Callable[[], M], request: Request, fields: Fields, *, at: str) -> M:
    """The message that `make` makes of a request. Where no message can carry it, says what the procedure would say of it."""
    try:
        return make()
    except (BadRequest, TypeError, ValueError) as error:
        Contract.of(fields, at=at).validate(request.payload)
        Contract.of_field(None, at="options").validate(request.options)
        raise error if isinstance(error, BadRequest) else BadRequest(f"the request can't be sent: {error}") from error
