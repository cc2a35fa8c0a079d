"""What every request and answer carries: the user request that it is a part of, the events it logged, cookies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from blossm.core.commit import EventRef
from blossm.core.errors import BadRequest, FieldProblem
from blossm.core.event import Step, Tx
from blossm.core.request import Cookie
from blossm.rpc.envelope.json_text import json_to_wire, object_from_wire
from blossm.rpc.v1 import command_pb2, envelope_pb2, event_pb2


def tx_to_wire(tx: Tx) -> dict[str, Any]:
    message: dict[str, Any] = {"id": tx.id}
    if tx.path:
        message["path"] = [{"procedure": step.procedure, "id": step.id, "at": step.at} for step in tx.path]
    if tx.claims:
        message["claims"] = json_to_wire(tx.claims)
    return message


def tx_from_wire(message: envelope_pb2.Tx, *, at: str = "") -> Tx:
    path = tuple([Step(step.procedure, step.id, step.at) for step in message.path]) if message.path else ()
    if not message.HasField("claims"):
        return Tx(message.id, path, {})
    return Tx(message.id, path, object_from_wire(message.claims, at=at and f"{at}.claims"))


def context_from_wire(context: Mapping[str, str], *, at: str) -> dict[str, str]:
    if any("\0" in name for name in context):
        raise BadRequest("the context is off", fields=[FieldProblem(at, "has NUL in a name")])
    return dict(context)


def refs_to_wire(refs: Iterable[EventRef]) -> list[dict[str, Any]]:
    return [
        {"action": ref.action, "domain": ref.domain, "root": ref.root, "number": ref.number, "position": ref.position}
        for ref in refs
    ]


def refs_from_wire(messages: Iterable[event_pb2.EventRef]) -> tuple[EventRef, ...]:
    return tuple([EventRef(ref.action, ref.domain, ref.root, ref.number, ref.position) for ref in messages])


def cookies_to_wire(cookies: Sequence[Cookie]) -> list[dict[str, Any]]:
    return [{"name": cookie.name, "value": cookie.value, "max_age": cookie.max_age} for cookie in cookies]


def cookies_from_wire(messages: Iterable[command_pb2.Cookie]) -> tuple[Cookie, ...]:
    return tuple(
        Cookie(name=each.name, value=each.value, max_age=each.max_age if each.HasField("max_age") else None)
        for each in messages
    )
