"""Which web pages may read a door's answers: exact origins, never a wildcard."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.responses import Response

from blossm.core.errors import PermissionDenied
from blossm.model.network import GatewaySpec, Network
from blossm.procedures.doors.visit import Visit

_LOCAL = re.compile(r"http://(localhost|127\.0\.0\.1)(:[0-9]{1,5})?")
_HEADERS = "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, Traceparent"
_EXPOSED = "Blossm-Position, Idempotency-Key, Retry-After, Traceparent"


class Origins:
    """The origins that `allow` names, the network's own, and in development pages served by this machine."""

    def __init__(self, spec: GatewaySpec, network: Network) -> None:
        self._exact = {*spec.allow, f"https://{network.host}", f"https://{spec.host}"}
        self._local = network.environment == "development"

    def __contains__(self, origin: str) -> bool:
        return origin in self._exact or (self._local and _LOCAL.fullmatch(origin) is not None)

    def headers(self, visit: Visit) -> list[tuple[bytes, bytes]]:
        """What lets an allowed page read the answer to `visit`."""
        if b"origin" not in visit.headers or visit.origin not in self:
            return []
        return [
            (b"access-control-allow-origin", visit.origin.encode("latin-1")),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", _EXPOSED.encode()),
        ]

    def preflight(self, visit: Visit, methods: Sequence[str]) -> Response:
        """The answer to OPTIONS. Raises PermissionDenied when a page asks whose origin is not allowed."""
        if b"access-control-request-method" not in visit.headers:
            return Response(status_code=204, headers={"Allow": ", ".join(methods)})
        if visit.origin not in self:
            raise PermissionDenied("this origin is not allowed", help="name it under `allow` of the gateway")
        headers = {
            "Access-Control-Allow-Methods": ", ".join(methods),
            "Access-Control-Allow-Headers": _HEADERS,
            "Access-Control-Max-Age": "600",
        }
        return Response(status_code=204, headers=headers)
