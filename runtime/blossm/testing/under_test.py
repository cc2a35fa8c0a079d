"""A whole network in memory, with the real procedures."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from os import PathLike
from pathlib import Path
from typing import Any

from blossm.core.errors import Internal, NotFound
from blossm.core.event import LoggedEvent
from blossm.core.request import Answer, Request
from blossm.core.view import Row
from blossm.local.calls import request_to
from blossm.local.network import LocalNetwork
from blossm.local.storage import MemoryStorage
from blossm.local.timeline import Timeline
from blossm.model.diagnostics import did_you_mean
from blossm.model.network import CommandSpec, FactSpec
from blossm.ports import Clock
from blossm.testing.found import caller_of, network_of


class NetworkUnderTest:
    """Calls procedures as a gateway would that lets everybody in; `context` and `claims` are what a token would say."""

    def __init__(self, local: LocalNetwork) -> None:
        self.local = local

    async def call(
        self,
        address: str,
        payload: Mapping[str, Any] | None = None,
        *,
        root: str | None = None,
        context: Mapping[str, str] | None = None,
        claims: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Issue a command. Raises what the command raises."""
        spec = self.local.network.commands.get(address)
        if spec is None:
            raise NotFound(f"there is no command {address}", help=did_you_mean(address, self.local.network.commands))
        return await self.local.operator.command(address).call(self._request(spec, payload, root, context, claims))

    async def fact(
        self,
        address: str,
        query: Mapping[str, Any] | None = None,
        *,
        root: str | None = None,
        context: Mapping[str, str] | None = None,
        claims: Mapping[str, Any] | None = None,
    ) -> Any:
        """Read a fact: its response."""
        request = self._request(self._fact(address), query, root, context, claims)
        return (await self.local.operator.fact(address).read(request)).response

    async def stream(
        self,
        address: str,
        query: Mapping[str, Any] | None = None,
        *,
        root: str | None = None,
        context: Mapping[str, str] | None = None,
        claims: Mapping[str, Any] | None = None,
    ) -> AsyncIterator[Any]:
        """The items of a streamed fact."""
        request = self._request(self._fact(address), query, root, context, claims)
        async for item in self.local.operator.fact(address).stream(request):
            yield item

    async def view(self, address: str, id: str) -> Row:
        """A row, of whatever context, once its projection has seen everything that is logged. Raises NotFound."""
        if address not in self.local.network.view_stores:
            raise NotFound(f"there is no view {address}", help=did_you_mean(address, self.local.network.view_stores))
        await self._caught_up(address)
        return await self.local.operator.view_store(address).get(id)

    async def events(self) -> list[LoggedEvent]:
        """Everything that is logged, of all services, by time."""
        timeline = Timeline(self.local.procedures.event_stores, network=self.local.network.name, bus=self.local.bus)
        return [event async for event in timeline.after({})]

    async def _caught_up(self, address: str) -> None:
        projection = self.local.projections.get(address)
        if projection is None:
            return
        try:
            await projection.catch_up()
        except Internal as error:
            raise AssertionError(f"the projection {address} stands still: {error.message} {error.facts}") from error

    def _fact(self, address: str) -> FactSpec:
        if address not in self.local.network.facts:
            raise NotFound(f"there is no fact {address}", help=did_you_mean(address, self.local.network.facts))
        return self.local.network.facts[address]

    def _request(
        self,
        spec: CommandSpec | FactSpec,
        payload: Mapping[str, Any] | None,
        root: str | None,
        context: Mapping[str, str] | None,
        claims: Mapping[str, Any] | None,
    ) -> Request:
        return request_to(
            spec, payload or {}, root=root or "", context=context or {}, claims=claims or {}, clock=self.local.clock
        )


def network(
    path: str | PathLike[str] | None = None, *, clock: Clock | None = None
) -> AbstractAsyncContextManager[NetworkUnderTest]:
    """`async with network() as city:` the network that the calling file lies in (or `path` does), in memory."""
    place = Path(path) if path is not None else caller_of(inspect.currentframe())
    return _opened(place, clock)


@asynccontextmanager
async def _opened(place: Path, clock: Clock | None) -> AsyncIterator[NetworkUnderTest]:
    resolved = network_of(place)
    async with await LocalNetwork.open(resolved, storage=MemoryStorage(resolved), clock=clock) as local:
        local.start()
        yield NetworkUnderTest(local)
