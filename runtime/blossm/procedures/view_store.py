"""View store: keeps what a projection makes of events, and answers queries that a declared index answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from blossm.core.errors import BadRequest, DeadlineExceeded, NotFound
from blossm.core.spelling import copied
from blossm.core.view import Batch, Change, Checkpoint, EventChanges, Page, Query, Row
from blossm.core.view_contract import ViewContract
from blossm.handlers.modules import Modules
from blossm.handlers.run import broken, failed
from blossm.model.network import Network, ViewStoreSpec
from blossm.ports import Clock, Generations, ViewStore

PATIENCE = 10.0  # seconds that a question waits for its `min_position`
LOOK = 0.25  # seconds after which a waiting question looks for what another process has written


class ViewStoreProcedure:
    """Implements `ports.ViewStoreClient` for one view."""

    def __init__(self, *, spec: ViewStoreSpec, network: Network, store: ViewStore, modules: Modules, clock: Clock) -> None:
        self._spec = spec
        self._store = store
        self._clock = clock
        self._format: Callable[[dict[str, Any]], Any] | None = modules.function(spec.format) if spec.format else None
        self._services = services_of(network, spec.address)
        self._contract = ViewContract(spec, shared=len(self._services) > 1)
        self._moved = asyncio.Event()  # set, and replaced, whenever what is served moves

    async def generations(self) -> Generations:
        return await self._store.generations()

    async def begin(self) -> int:
        return await self._store.begin()

    async def switch(self, *, current: int, to: int) -> bool:
        switched = await self._store.switch(current=current, to=to)
        self._wake()
        return switched

    async def abandon(self, generation: int) -> None:
        await self._store.abandon(generation)

    async def checkpoints(self, generation: int | None = None) -> dict[str, Checkpoint]:
        return await self._store.checkpoints(await self._served(generation))

    async def definition(self, generation: int | None = None) -> str:
        return await self._store.definition(await self._served(generation))

    async def apply(self, batch: Batch, *, generation: int | None = None) -> bool:
        """Raises BadRequest, whose facts name service, position and id, for a change that does not fit."""
        checked = msgspec.structs.replace(batch, events=tuple([self._taken(event) for event in batch.events]))
        applied = await self._store.apply(await self._served(generation), checked)
        self._wake()
        return applied

    async def get(
        self,
        id: str,
        *,
        context: str | None = None,
        min_position: Mapping[str, int] | None = None,
        generation: int | None = None,
    ) -> Row:
        row = await self._store.get(await self._that_has_seen(min_position or {}, generation), id, context=context)
        if row is None:
            raise NotFound(f"there is no {self._spec.name} {id}", facts={"view": self._spec.address, "id": id})
        return self._shaped(row)

    async def query(self, query: Query, *, generation: int | None = None) -> Page:
        question = self._contract.question(query)
        page = await self._store.query(await self._that_has_seen(question.min_position, generation), question)
        return msgspec.structs.replace(page, content=tuple(map(self._shaped, page.content)))

    async def _served(self, generation: int | None) -> int:
        return (await self._store.generations()).current if generation is None else generation

    def _taken(self, event: EventChanges) -> EventChanges:
        return msgspec.structs.replace(event, changes=tuple([self._change(event, change) for change in event.changes]))

    def _change(self, event: EventChanges, change: Change) -> Change:
        try:
            return self._contract.take(change)
        except BadRequest as error:
            error.facts |= {"service": event.service, "position": event.position, "id": change.id}
            raise

    async def _that_has_seen(self, positions: Mapping[str, int], generation: int | None) -> int:
        """The generation to answer from, once it has seen these positions of the logs. Raises DeadlineExceeded."""
        asked = {service: position for service, position in positions.items() if service in self._services}
        end = self._clock.monotonic() + PATIENCE
        while True:
            moved = self._moved  # before the look, so that nothing slips through between
            served = await self._served(generation)
            seen = await self._store.checkpoints(served) if asked else {}
            late = {service: position for service, position in asked.items() if _position(seen, service) < position}
            if not late:
                return served
            left = end - self._clock.monotonic()
            if left <= 0:
                raise DeadlineExceeded(
                    f"{self._spec.address} has not yet seen what was asked for",
                    facts={"asked": late, "seen": {service: _position(seen, service) for service in late}},
                    help="ask again; `blossm status` tells whether its projection stands still",
                )
            await self._first_of(moved, min(left, LOOK))

    async def _first_of(self, moved: asyncio.Event, seconds: float) -> None:
        waits = {asyncio.ensure_future(moved.wait()), asyncio.ensure_future(self._clock.sleep(seconds))}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    def _shaped(self, row: Row) -> Row:
        if self._format is None:
            return row
        try:
            body = self._format(copied(row.body))
        except (Exception, SystemExit) as error:  # user code may raise anything
            failed(self._format, error)
        if not isinstance(body, dict):
            broken(self._format, f"returned {type(body).__name__}, not the row's body (a dict)")
        return msgspec.structs.replace(row, body=body)


def services_of(network: Network, address: str) -> frozenset[str]:
    """The services whose events make the rows of a view."""
    projection = network.projections.get(address)
    return frozenset(network.event_stores[store].service for store in projection.events) if projection else frozenset()


def _position(seen: Mapping[str, Checkpoint], service: str) -> int:
    return seen.get(service, Checkpoint()).position
