"""Requests that somebody passes on to a gateway: whose they are, and under which path the gateway is reached.

One header says it, and only who knows the secret is believed: everybody else's is removed.
"""

from __future__ import annotations

import hmac
from urllib.parse import quote, unquote

from starlette.types import ASGIApp, Receive, Scope, Send

HEADER = "blossm-forwarded"


def forwarded(secret: str, *, client: str, root_path: str) -> str:
    """The header's value: the address of who asks, and the part of the path that leads to the gateway."""
    return f"{secret} {quote(client, safe=':')} {quote(root_path)}".rstrip()


class Forwarded:
    """The ASGI application behind one that passes requests on: it sees them as they were made."""

    def __init__(self, app: ASGIApp, *, secret: str) -> None:
        """`secret` empty: nobody is believed."""
        self._app = app
        self._secret = secret.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = self._seen(scope)
        await self._app(scope, receive, send)

    def _seen(self, scope: Scope) -> Scope:
        name = HEADER.encode()
        said = [value for header, value in scope["headers"] if header == name]
        if not said:
            return scope
        scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != name]}
        secret, _, rest = said[0].partition(b" ")
        if not self._secret or not hmac.compare_digest(secret, self._secret):
            return scope
        client, _, root_path = rest.decode("ascii", "replace").partition(" ")
        return {**scope, "client": (unquote(client), 0), "root_path": unquote(root_path)}
