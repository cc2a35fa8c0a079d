"""Errors as a door answers them: problem details (RFC 9457) that say nothing of the code behind the door."""

from __future__ import annotations

import http
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import orjson
import structlog
from starlette.responses import Response

from blossm.core.errors import BlossmError, Internal, ResourceExhausted, Unauthenticated, Unavailable
from blossm.core.idempotency import new_id

_log = structlog.get_logger("blossm.door")

# What broke behind the door is for the log: its words may name files, hosts or queries.
_BEHIND = {
    500: "something broke here; the id finds it in the log",
    503: "a part of the network is not there at the moment: try again",
    504: "no answer in time; what a command did is then unknown: repeat it with the same Idempotency-Key",
}


class MethodNotAllowed(BlossmError):
    """There is such a thing, but not with this method. `facts["allow"]` are those that it has."""

    http, grpc = 405, "UNIMPLEMENTED"


class RequestTimeout(BlossmError):
    """The client did not send its request in time."""

    http, grpc = 408, "DEADLINE_EXCEEDED"


class UnsupportedMediaType(BlossmError):
    """The body is not what the door reads."""

    http, grpc = 415, "INVALID_ARGUMENT"


def problem(error: BlossmError, *, tx: str = "") -> dict[str, Any]:
    """The problem document of an error."""
    status = error.http
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": http.HTTPStatus(status).phrase,
        "status": status,
        "code": error.code() if status != 500 else Internal.code(),
        "detail": _BEHIND.get(status, error.message),
    }
    if status >= 500:
        document |= {"id": error.facts["id"]} if "id" in error.facts else {}
    else:
        parts = {"help": error.help, "fields": [asdict(field) for field in error.fields], "facts": error.facts}
        document |= {name: part for name, part in parts.items() if part}
    return document | ({"tx": tx} if tx else {})


def problem_response(error: BlossmError, *, tx: str, realm: str) -> Response:
    """The answer that tells the client of `error`. Never raises, whatever its facts hold."""
    body = orjson.dumps(problem(error, tx=tx), default=repr, option=orjson.OPT_NON_STR_KEYS)
    return Response(body, error.http, dict(_headers(error, realm)), "application/problem+json")


def _headers(error: BlossmError, realm: str) -> Mapping[str, str]:
    match error:
        case Unauthenticated():
            code = error.facts.get("error")
            return {"WWW-Authenticate": f'Bearer realm="{realm}"' + (f', error="{code}"' if code else "")}
        case MethodNotAllowed():
            return {"Allow": ", ".join(error.facts["allow"])}
        case RequestTimeout():
            return {"Connection": "close"}  # the rest of the body may come for ever
        case ResourceExhausted() | Unavailable():
            wait = error.facts.get("retry_after")
            return {"Retry-After": str(math.ceil(wait) if isinstance(wait, int | float) and wait > 1 else 1)}
        case _:
            return {}


def unexpected(error: Exception, *, where: str, tx: str) -> Internal:
    """Log an exception that nobody meant to raise, under an id; what comes back is what the client may know."""
    id = new_id()
    _log.error("unexpected", id=id, where=where, tx=tx, exc_info=error)
    return Internal("something broke here", facts={"id": id})


def seen(error: BlossmError, *, where: str, tx: str) -> BlossmError:
    """Log what the client is not told of an error that came from behind the door, unless that is in the log already."""
    if error.http >= 500 and "id" not in error.facts:
        id = error.facts["id"] = new_id()
        _log.warning("failed", id=id, where=where, tx=tx, code=error.code(), message=error.message)
    return error
