"""What a command or a fact is at work on: a request that was looked at, and the way to everything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from blossm.core.event import Tx
from blossm.core.request import Request
from blossm.model.network import CommandSpec, FactSpec, Network
from blossm.ports import Clients, Clock

S = TypeVar("S", bound=CommandSpec | FactSpec, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Generic[S]):
    """The same for all attempts. `root` is the one that is meant, `tx` has the procedure itself on its path."""

    spec: S
    network: Network
    clients: Clients
    clock: Clock
    request: Request
    root: str
    tx: Tx
    deadline: float

    def asking(self, address: str, payload: Mapping[str, Any] | None, root: str | None, *, key: str = "") -> Request:
        """A request of another procedure, on behalf of whoever made this one."""
        return Request(
            address=address,
            payload=dict(payload or {}),
            root=(root or "").lower(),
            context=self.request.context,
            claims=self.request.claims,
            key=key,
            tx=self.tx,
            traceparent=self.request.traceparent,
            deadline=self.deadline,
        )
