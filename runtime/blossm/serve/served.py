"""What a process of one procedure has, whatever the kind: what it is built from, and what can be asked of it when it serves."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from blossm.adapters.clock import SystemClock
from blossm.core.errors import NotFound
from blossm.handlers.modules import Modules
from blossm.model.network import Network, ProcedureSpec, Ref
from blossm.ports import Clock
from blossm.procedures.callers import word_of
from blossm.rpc.client import Reach, WireClients
from blossm.rpc.types import Types
from blossm.serve.assembly import Assembly
from blossm.serve.config import ProcessConfig

S = TypeVar("S", bound=ProcedureSpec)


@dataclass(frozen=True, slots=True)
class Health:
    """How many requests there were, how many of them broke for no fault of who asked, and where a projection is."""

    requests: int
    errors: int
    projection: dict[str, Any] | None = None


class Served(Protocol):
    """A procedure that answers at `address`, host:port."""

    @property
    def address(self) -> str: ...

    def health(self) -> Health: ...

    async def stop(self, *, grace: float) -> None:
        """Take no more requests, and drop those that are under way after `grace` seconds. May be cancelled, and called again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a procedure is built from. `closing` closes what was opened, when the procedure serves no more."""

    config: ProcessConfig
    assembly: Assembly
    types: Types
    clients: WireClients
    clock: Clock
    closing: AsyncExitStack

    @classmethod
    def of(cls, config: ProcessConfig, *, closing: AsyncExitStack) -> Setting:
        network, clock = config.network, SystemClock()
        types = Types(network)
        reach = {callee.ref: Reach(callee.address, callee.key) for callee in config.reach}
        clients = WireClients(network=network, types=types, reach=reach, clock=clock, caller=config.ref)
        closing.push_async_callback(clients.close)
        assembly = Assembly(network=network, modules=Modules(Path(network.directory)), clock=clock)
        return cls(config=config, assembly=assembly, types=types, clients=clients, clock=clock, closing=closing)

    @property
    def network(self) -> Network:
        return self.config.network


def spec_of(specs: dict[str, S], ref: Ref) -> S:
    """The spec of a procedure. Raises NotFound."""
    if ref.address not in specs:
        raise NotFound(f"there is no {ref.kind} {ref.address}", facts={"procedure": word_of(ref)})
    return specs[ref.address]
