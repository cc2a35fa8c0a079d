"""The operator's door: `POST /_blossm/<operation>` with the arguments as JSON, answered by a line of JSON per document.

A line is `{"document": …}`, or, as the last, `{"error": …}`. The door opens to the operator's key only, which stands
in a file that its owner alone can read, and never to a web page.
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from blossm.core.errors import BadRequest, BlossmError, Internal, PermissionDenied, Unauthenticated
from blossm.local.operations import Operations, understood
from blossm.procedures.doors.problem import MethodNotAllowed, problem_response

MAX_ARGUMENTS = 1024 * 1024

log = structlog.get_logger("blossm.operator")


class OperatorDoor:
    """The ASGI application of the operator's door."""

    def __init__(self, operations: Operations, *, key: str, realm: str) -> None:
        self._operations = operations
        self._key = key
        self._realm = realm

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except BlossmError as error:
            response = problem_response(error, tx="", realm=self._realm)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if "origin" in request.headers:
            raise PermissionDenied("this door is not for web pages")
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._key.encode()):
            raise Unauthenticated("this door opens to the operator's key")
        if request.method != "POST":
            raise MethodNotAllowed("operations are POSTed", facts={"allow": ("POST",)})
        operation = request.url.path.removeprefix(request.scope.get("root_path", "")).strip("/")
        arguments = await _arguments(request)
        understood(operation, arguments)
        follows = {"Blossm-Follows": "1"} if arguments.get("follow") else None
        return StreamingResponse(self._lines(operation, arguments), media_type="application/x-ndjson", headers=follows)

    async def _lines(self, operation: str, arguments: Mapping[str, Any]) -> AsyncGenerator[bytes, None]:
        try:
            async with aclosing(self._operations.run(operation, arguments)) as documents:
                async for document in documents:
                    yield _line({"document": document})
        except BlossmError as error:
            yield _line({"error": error.as_dict()})
        except Exception as error:  # the operator must learn that this is not the end, and why
            log.exception("an operation broke", operation=operation)
            yield _line({"error": Internal(f"{operation} broke: {type(error).__name__}: {error}").as_dict()})


async def _arguments(request: Request) -> dict[str, Any]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_ARGUMENTS:
            raise BadRequest("the arguments are too large")
    try:
        arguments = orjson.loads(body or b"{}")
    except ValueError as error:
        raise BadRequest("the arguments are no JSON") from error
    if not isinstance(arguments, dict):
        raise BadRequest("the arguments must be an object")
    return arguments


def _line(data: Any) -> bytes:
    return orjson.dumps(data, default=repr, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS)
