"""Requests that somebody passes on to a gateway: whose they are, and under which path the gateway is reached.

One header says it, and it carries a secret that only who passes requests on has. A gateway with such a secret is reached
through that one alone, but for its health: a port that a browser finds by itself would be a way round the one public door.
"""

from __future__ import annotations

import hmac
from urllib.parse import quote, unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from blossm.core.errors import PermissionDenied
from blossm.procedures.doors.problem import problem_response

HEADER = "blossm-forwarded"
HEALTH = "/healthz"
_NAME = HEADER.encode()


def forwarded(secret: str, *, client: str, root_path: str) -> str:
    """The header's value: the address of who asks, and the part of the path that leads to the gateway."""
    return f"{secret} {quote(client, safe=':')} {quote(root_path)}".rstrip()


class Forwarded:
    """The ASGI application behind one that passes requests on: it sees them as they were made, and refuses all others."""

    def __init__(self, app: ASGIApp, *, secret: str, realm: str) -> None:
        self._app = app
        self._secret = secret.encode()
        self._realm = realm

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app: ASGIApp = self._app
        if scope["type"] == "http" and scope["path"] != HEALTH:
            if seen := self._seen(scope):
                scope = seen
            else:
                error = PermissionDenied("this gateway is reached through the network's own door")
                app = problem_response(error, tx="", realm=self._realm)
        await app(scope, receive, send)

    def _seen(self, scope: Scope) -> Scope | None:
        """The request as it was made; None where nobody vouches for it."""
        said = [value for name, value in scope["headers"] if name == _NAME]
        secret, _, rest = said[-1].partition(b" ") if said else (b"", b"", b"")  # the last one: a client may send its own
        if not hmac.compare_digest(secret, self._secret):
            return None
        client, _, root_path = rest.decode("ascii", "replace").partition(" ")
        headers = [pair for pair in scope["headers"] if pair[0] != _NAME]
        return {**scope, "headers": headers, "client": (unquote(client), 0), "root_path": unquote(root_path)}
