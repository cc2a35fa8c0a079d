"""What a command or a fact is asked over the wire, as a request: what a foreign client leaves empty is filled in."""

from __future__ import annotations

from typing import Any

from blossm.core.access import kept
from blossm.core.errors import NotFound
from blossm.core.event import Tx
from blossm.core.idempotency import new_id
from blossm.core.request import Request
from blossm.model.network import CommandSpec, FactSpec, Ref
from blossm.ports import Clock
from blossm.procedures.callers import word_of
from blossm.rpc.call import Call
from blossm.rpc.envelope.json_text import object_from_wire
from blossm.rpc.envelope.request import context_from_wire, tx_from_wire
from blossm.rpc.v1 import command_pb2, fact_pb2


def request_of(
    message: command_pb2.CallRequest | fact_pb2.Asked,
    payload: Any,
    call: Call,
    *,
    spec: CommandSpec | FactSpec,
    clock: Clock,
    key: str = "",
    fresh: bool = False,
) -> Request:
    """The request. Raises BadRequest for what is no JSON."""
    claims = object_from_wire(message.claims, at="claims")
    return Request(
        address=message.address,
        payload=payload,
        root=message.root,
        options=object_from_wire(message.options, at="options"),
        context=context_from_wire(message.context, at="context"),
        claims=claims,
        key=key,
        fresh=fresh,
        tx=_tx(message, claims),
        traceparent=message.traceparent or call.traceparent,
        deadline=clock.monotonic() + _left(message, call, spec),
    )


def _tx(message: command_pb2.CallRequest | fact_pb2.Asked, claims: dict[str, Any]) -> Tx:
    if not message.HasField("tx"):
        return Tx(new_id(), claims=kept(claims))
    tx = tx_from_wire(message.tx, at="tx")
    return tx if tx.id else Tx(new_id(), tx.path, tx.claims)


def _left(message: command_pb2.CallRequest | fact_pb2.Asked, call: Call, spec: CommandSpec | FactSpec) -> float:
    """The seconds that the caller gives; without a word of it, those of the procedure."""
    if message.HasField("timeout"):
        told = message.timeout.seconds + message.timeout.nanos / 1e9
        return told if call.left is None else min(told, call.left)
    return spec.shape.timeout if call.left is None else call.left


def missing(callee: Ref) -> NotFound:
    """This server does not host that procedure."""
    return NotFound(f"there is no {callee.kind} {callee.address}", facts={"callee": word_of(callee)})
