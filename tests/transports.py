"""The ways that a network under test may go: its procedures side by side, behind sockets, or begun anew at each step."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from blossm.local.clients import Directory, Procedures
from blossm.model.network import Network, Ref
from blossm.ports import Clients, Clock


class Transport(Protocol):
    """How the procedures of a network reach each other, and how a test reaches them."""

    def clients(self, caller: Ref) -> Clients:
        """What a procedure is given. They reach something when it is served."""

    def operator(self) -> Clients:
        """What a test is given: it may call everything."""

    async def serve(self, procedures: Procedures) -> None:
        """From now on these procedures can be reached."""

    async def close(self) -> None: ...


class InProcess:
    """Implements `Transport`: a direct call."""

    def __init__(self, network: Network) -> None:
        self._directory = Directory(network, Procedures())

    def clients(self, caller: Ref) -> Clients:
        return self._directory.clients(caller)

    def operator(self) -> Clients:
        return self._directory.operator()

    async def serve(self, procedures: Procedures) -> None:
        self._directory.procedures = procedures

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Way:
    """`wired`: each call goes through a socket. `restarted`: all processes begin anew before each step of a test."""

    name: str
    wired: bool = False
    restarted: bool = False

    def transport(self, network: Network, *, clock: Clock) -> Transport:
        return InProcess(network)


WIRES = (Way("in process"),)
WAYS = (*WIRES, Way("restarted", restarted=True))


class Steps:
    """What a test does, step by step. `anew` runs before each one that begins while no other is under way."""

    def __init__(self, anew: Callable[[], Awaitable[None]] | None) -> None:
        self._anew = anew
        self._beginning = asyncio.Lock()
        self._under_way = 0

    @asynccontextmanager
    async def step(self) -> AsyncIterator[None]:
        if self._anew:
            async with self._beginning:
                if not self._under_way:
                    await self._anew()
                self._under_way += 1
        else:
            self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1


class Stepping:
    """Something of which each call that is awaited is a step. `found` says what stands in its place by then."""

    def __init__(self, steps: Steps, found: Callable[[], Any]) -> None:
        self._steps = steps
        self._found = found

    def __getattr__(self, name: str) -> Any:
        here = getattr(self._found(), name)
        if not inspect.iscoroutinefunction(here):
            return here

        async def call(*args: Any, **options: Any) -> Any:
            async with self._steps.step():
                return await getattr(self._found(), name)(*args, **options)

        return call
