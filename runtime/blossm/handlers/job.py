"""What a command or a fact is at work on: a request that was looked at, and the way to everything else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

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
