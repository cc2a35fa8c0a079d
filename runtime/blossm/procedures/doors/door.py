"""What the three kinds of gateways share: the way from an HTTP request to an entry, and from its answer back.

A request is matched with an entry, its caller is told from the token, admitted and counted, and the gateway's own
`serve` does the rest. Whatever goes wrong is answered as a problem document.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from blossm.core.access import Token, admit, kept, needs_permissions, reads_token
from blossm.core.errors import BlossmError, DeadlineExceeded, NotFound, PermissionDenied, Unauthenticated
from blossm.core.event import Step, Tx
from blossm.core.time import rfc3339
from blossm.model.network import Entry, GatewaySpec, Network
from blossm.ports import Clients, Clock, Keys
from blossm.procedures.doors.cors import Origins
from blossm.procedures.doors.permissions import Permissions
from blossm.procedures.doors.problem import MethodNotAllowed, problem, problem_response, seen, unexpected
from blossm.procedures.doors.rate import Rate
from blossm.procedures.doors.tokens import Tokens
from blossm.procedures.doors.visit import Visit

GRACE = 0.25  # seconds that a procedure has, after its deadline, to say so itself

_SECURITY = [
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-site"),
    (b"referrer-policy", b"no-referrer"),
    (b"vary", b"Origin"),
    (b"x-content-type-options", b"nosniff"),
]
_HTTPS_ONLY = (b"strict-transport-security", b"max-age=63072000")

_log = structlog.get_logger("blossm.door")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, through which entry, and until when an answer is of use."""

    entry: Entry
    token: Token | None
    context: dict[str, str]
    claims: dict[str, Any]
    tx: Tx
    deadline: float

    @property
    def principal(self) -> str:
        return self.token.principal if self.token else ""

    def needs(self, contexts: Sequence[str]) -> None:
        """Raises Unauthenticated or PermissionDenied where the token does not carry all of these contexts."""
        if missing := [name for name in contexts if name not in self.context]:
            if self.token is None and reads_token(self.entry.access):
                raise Unauthenticated("needs a token with a context", facts={"contexts": missing})
            raise PermissionDenied("the token lacks a context", facts={"contexts": missing})


Serve = Callable[[Visit, Caller], Awaitable[Response]]


class Door:
    """An ASGI app: one gateway's entries behind one host name."""

    def __init__(
        self,
        *,
        spec: GatewaySpec,
        network: Network,
        clients: Clients,
        keys: Keys,
        clock: Clock,
        methods: Sequence[str],
        timeouts: dict[str, float],
        serve: Serve,
        document: Callable[[], bytes],
    ) -> None:
        """`timeouts`: how long each entry's target may take. `document` makes the text of /openapi.json."""
        self._spec = spec
        self._clock = clock
        self._methods = (*methods, "OPTIONS")
        self._timeouts = {name: min(timeout, spec.shape.timeout) for name, timeout in timeouts.items()}
        self._serve = serve
        self._document = document
        self.origins = Origins(spec, network)
        self._tokens = Tokens(network=network, keys=keys, clock=clock, origins=self.origins)
        self._permissions = Permissions(network=network, clients=clients, clock=clock)
        self._rates = {entry.name: Rate(entry.access.rate) for entry in spec.entries.values() if entry.access.rate}
        self._headers = _SECURITY if network.environment == "development" else [*_SECURITY, _HTTPS_ONLY]
        self._step = f"{spec.kind}:{spec.address}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        if scope["type"] != "http":
            return
        visit = Visit(scope, receive)
        began = self._clock.monotonic()
        try:
            response = await self._answer(visit, began)
        except ClientDisconnect:
            return
        except Exception as error:  # the door stays open whatever lies behind it
            response = problem_response(self._known(error, visit), tx=visit.tx, realm=self._spec.host)
        response.raw_headers += [*self._headers, *self.origins.headers(visit), *visit.answering]
        try:
            await _send(response, visit, receive, send)
        except ClientDisconnect:
            pass
        finally:
            self._note(visit, response.status_code, began)

    async def _answer(self, visit: Visit, began: float) -> Response:
        if visit.rest is None and visit.name in ("healthz", "openapi.json"):
            return self._about(visit)
        entry = self._spec.entries.get(visit.name)
        if entry is None:
            raise NotFound("there is no such thing at this door")
        if visit.method == "OPTIONS":
            return self.origins.preflight(visit, self._methods)
        if visit.method not in self._methods:
            raise MethodNotAllowed("not with this method", facts={"allow": self._methods})
        timeout = self._timeouts[entry.name]
        try:
            async with asyncio.timeout(timeout + GRACE):
                return await self._serve(visit, await self._caller(visit, entry, deadline=began + timeout))
        except TimeoutError as error:
            raise DeadlineExceeded("no answer in time") from error

    def _about(self, visit: Visit) -> Response:
        if visit.method == "OPTIONS":
            return self.origins.preflight(visit, ("GET", "HEAD", "OPTIONS"))
        if visit.method not in ("GET", "HEAD"):
            raise MethodNotAllowed("not with this method", facts={"allow": ("GET", "HEAD", "OPTIONS")})
        body = b'{"status":"ok"}' if visit.name == "healthz" else self._document()
        return Response(body, media_type="application/json")

    async def _caller(self, visit: Visit, entry: Entry, *, deadline: float) -> Caller:
        access = entry.access
        token = await self._tokens.of(visit, issuer=access.issuer) if reads_token(access) else None
        if rate := self._rates.get(entry.name):
            rate.take(token.principal if token else visit.client, self._clock.monotonic())
        step = Step(self._step, visit.tx, rfc3339(self._clock.now()))
        tx = Tx(visit.tx, (step,), kept(token.claims) if token else {})
        granted: frozenset[str] = frozenset()
        if token and needs_permissions(access):
            granted = await self._permissions.of(token, tx=tx, deadline=deadline)
        admit(access, token, granted)
        return Caller(
            entry=entry,
            token=token,
            context=dict(token.context) if token else {},
            claims=dict(token.claims) if token else {},
            tx=tx,
            deadline=deadline,
        )

    def told(self, error: Exception, visit: Visit) -> dict[str, Any]:
        """The problem document of what went wrong with a visit whose answer has begun."""
        return problem(self._known(error, visit), tx=visit.tx)

    def _known(self, error: Exception, visit: Visit) -> BlossmError:
        """What the client may know of an error; the rest is in the log now."""
        if isinstance(error, BlossmError):
            return seen(error, where=self._step, tx=visit.tx)
        return unexpected(error, where=self._step, tx=visit.tx)

    def _note(self, visit: Visit, status: int, began: float) -> None:
        """One line of the access log: nothing of the query, the body, the token or an unknown path."""
        _log.info(
            "answered",
            door=self._spec.address,
            entry=visit.name if visit.name in self._spec.entries else "",
            method=visit.method,
            status=status,
            ms=round((self._clock.monotonic() - began) * 1000, 1),
            tx=visit.tx,
        )


async def _send(response: Response, visit: Visit, receive: Receive, send: Send) -> None:
    if visit.method != "HEAD":
        await response(visit.scope, receive, send)
        return
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": b""})
