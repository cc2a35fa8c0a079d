"""One port for all gateways: the door is told by the Host header, or by the first part of the path.

`c.bicycle.shop.localhost:7400/paint` and `127.0.0.1:7400/c.bicycle.shop/paint` are the same door. Other host names are
refused, so that a foreign page can't reach in under a name of its own. Beside the doors stand an index at `/` and the
operator's own door at `/_blossm`.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from blossm.core.errors import BadRequest, BlossmError, NotFound
from blossm.model.network import GatewaySpec, Network
from blossm.procedures.doors.problem import MethodNotAllowed, problem_response

HERE = ("localhost", "127.0.0.1", "[::1]")
OPERATOR = "_blossm"


class Doors:
    """The ASGI application that finds the door of a request."""

    def __init__(self, network: Network, doors: Mapping[str, ASGIApp], *, operator: ASGIApp) -> None:
        """`doors`: the gateways' applications by address."""
        self._network = network
        self._operator = operator
        self._by_address = doors
        self._by_host = {name: doors[spec.address] for spec in network.gateways() for name in names(spec)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        app, scope = self._door(scope)
        await app(scope, receive, send)

    def _door(self, scope: Scope) -> tuple[ASGIApp, Scope]:
        host, path = host_of(scope), scope["path"]
        if not host:
            return self._refusal(BadRequest("a request needs one Host header")), scope
        if host not in HERE:
            return self._by_host.get(host) or self._no_door(host), scope
        if path == "/":
            return self._index(scope["method"]), scope
        first = path.removeprefix("/").partition("/")[0]
        app = self._operator if first == OPERATOR else self._by_address.get(first)
        if app is None:
            return self._no_door(first or path), scope
        return app, {**scope, "root_path": f"{scope.get('root_path', '')}/{first}"}

    def _index(self, method: str) -> ASGIApp:
        if method not in ("GET", "HEAD"):
            return self._refusal(MethodNotAllowed("the list of doors is read", facts={"allow": ("GET", "HEAD")}))
        return JSONResponse(index(self._network))

    def _no_door(self, name: str) -> ASGIApp:
        facts = {"doors": list(self._by_address)}
        return self._refusal(NotFound(f"no door is called {name}", facts=facts, help="GET / lists the doors"))

    def _refusal(self, error: BlossmError) -> ASGIApp:
        return problem_response(error, tx="", realm=self._network.name)


def names(spec: GatewaySpec) -> set[str]:
    """The host names that a gateway answers to on this machine."""
    return {f"{spec.address}.localhost", f"{spec.host}.localhost", spec.host}


def host_of(scope: Scope) -> str:
    """The host that a request is for, without the port; localhost where it says none (HTTP/1.0), empty where it says two."""
    values = [value for name, value in scope["headers"] if name == b"host"]
    host = values[0].decode("latin-1").lower() if len(values) == 1 else ("localhost" if not values else "")
    return host[: host.find("]") + 1] if host.startswith("[") else host.partition(":")[0].rstrip(".")


def index(network: Network) -> Mapping[str, object]:
    """The doors of a network, for people and tools that look what is there."""
    return {
        "network": network.name,
        "title": network.title,
        "environment": network.environment,
        "doors": [
            {"host": f"{spec.address}.localhost", "path": f"/{spec.address}", "kind": spec.kind, "entries": list(spec.entries)}
            for spec in network.gateways()
        ],
    }
