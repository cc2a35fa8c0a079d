"""Command gateway: `POST /<command>` issues a command. The events that the answer names are durable."""

from __future__ import annotations

import re
from typing import Any

import orjson
from starlette.responses import Response

from blossm.core.errors import BadRequest, FieldProblem, Internal
from blossm.core.idempotency import new_id, request_key
from blossm.core.position import encode_position
from blossm.core.request import Answer, Request
from blossm.core.root import meant_root
from blossm.core.strict_json import parse
from blossm.model.network import CommandGatewaySpec, CommandSpec, Network
from blossm.ports import Clients, Clock, Keys
from blossm.procedures.doors.door import Caller, Door
from blossm.procedures.doors.openapi import command_document
from blossm.procedures.doors.problem import UnsupportedMediaType
from blossm.procedures.doors.visit import Visit

_KEY = re.compile(r"[!-~]{1,255}")
_PARTS: dict[str, tuple[type, str]] = {
    "payload": (dict, "must be an object"),
    "root": (str, "must be a UUID in lower case"),
    "options": (dict, "must be an object"),
}
_NO_BODY = (204, 205, 304)


class CommandGateway:
    """Permits access to commands."""

    def __init__(self, *, spec: CommandGatewaySpec, network: Network, clients: Clients, keys: Keys, clock: Clock) -> None:
        self._network = network
        self._clients = clients
        self._commands = {name: network.commands[entry.target.address] for name, entry in spec.entries.items()}
        self.app = Door(
            spec=spec,
            network=network,
            clients=clients,
            keys=keys,
            clock=clock,
            methods=("POST",),
            timeouts={name: command.shape.timeout for name, command in self._commands.items()},
            serve=self._issue,
            document=lambda: command_document(spec, network),
        )

    async def _issue(self, visit: Visit, caller: Caller) -> Response:
        command = self._commands[caller.entry.name]
        caller.needs(command.contexts)
        if visit.rest is not None:
            raise BadRequest("the root of a command is in its body", fields=[FieldProblem("root", "is not part of the path")])
        given = _idempotency_key(visit)
        client_key = given or new_id()
        visit.answering.append((b"idempotency-key", client_key.encode()))  # a repeat after a failure needs it too
        body = _parts(visit, await visit.body())
        request = Request(
            address=command.address,
            payload=body.get("payload", {}),
            root=meant_root(command, body.get("root"), caller.context),
            options=body.get("options", {}),
            context=caller.context,
            claims=caller.claims,
            key=request_key(command.address, caller.principal, client_key),
            fresh=not given,
            tx=caller.tx,
            traceparent=visit.trace,
            deadline=caller.deadline,
        )
        answer = await self._clients.command(command.address).call(request)
        return self._answered(visit, command, answer)

    def _answered(self, visit: Visit, command: CommandSpec, answer: Answer) -> Response:
        if not 200 <= answer.status <= 599:
            raise Internal(f"{command.address} answered with status {answer.status}")
        body = b"" if answer.status in _NO_BODY else _body(answer)
        response = Response(body, answer.status, media_type="application/json")
        if answer.position:
            response.headers["Blossm-Position"] = encode_position({answer.service: answer.position})
        for cookie in answer.cookies:
            response.set_cookie(
                cookie.name,
                cookie.value,
                max_age=cookie.max_age,
                domain=self._cookie_domain(visit),
                secure=True,
                httponly=True,
                samesite="lax",
            )
        return response

    def _cookie_domain(self, visit: Visit) -> str | None:
        """All doors of the network may read a cookie, where they are reached by the network's own name."""
        host = visit.header(b"host").partition(":")[0]
        return self._network.host if host.endswith(f".{self._network.host}") else None


def _body(answer: Answer) -> bytes:
    document: dict[str, Any] = {
        "root": answer.root or None,
        "response": answer.response,
        "events": [
            {"action": event.action, "domain": event.domain, "root": event.root, "number": event.number}
            for event in answer.events
        ],
        "tx": answer.tx,
    }
    return orjson.dumps({name: part for name, part in document.items() if part is not None})


def _idempotency_key(visit: Visit) -> str:
    """The client's key, empty where it sent none. Raises BadRequest for one that is too long or has odd characters."""
    if b"idempotency-key" not in visit.headers:
        return ""
    key = visit.header(b"idempotency-key")
    if not _KEY.fullmatch(key):
        problem = FieldProblem("Idempotency-Key", "must be 1 to 255 visible ASCII characters")
        raise BadRequest("a header is off", fields=[problem])
    return key


def _parts(visit: Visit, body: bytes) -> dict[str, Any]:
    """The parts of a command's body; no body is the same as `{}`. Raises BadRequest, UnsupportedMediaType."""
    if not body:
        return {}
    media_type, _, rest = visit.header(b"content-type").partition(";")
    if media_type.strip().lower() != "application/json" or ("charset" in rest.lower() and "utf-8" not in rest.lower()):
        raise UnsupportedMediaType("the body must be JSON", help="send the header `Content-Type: application/json`")
    parts = parse(body)
    if not isinstance(parts, dict):
        raise BadRequest("the body is off", fields=[FieldProblem("body", "must be an object")])
    problems = []
    for name, part in parts.items():
        kind, problem = _PARTS.get(name, (None, "is not known: a body has payload, root and options"))
        if kind is None or not isinstance(part, kind):
            problems.append(FieldProblem(name, problem))
    if problems:
        raise BadRequest("the body is off", fields=problems)
    return parts
