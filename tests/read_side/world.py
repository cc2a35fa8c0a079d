"""A small network whose read side is under test: real event stores and view stores in memory, handlers written per test."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any, Self

from tests.transports import Stepping, Steps, Way

from blossm.adapters.memory.bus import MemoryBus
from blossm.adapters.memory.clock import FakeClock
from blossm.adapters.memory.log import MemoryLogStore
from blossm.adapters.memory.states import MemoryStateStore
from blossm.adapters.memory.views import MemoryViewStore
from blossm.core.commit import Appended, Commit, NewEvent
from blossm.core.event import Tx
from blossm.core.time import rfc3339
from blossm.core.view import Query
from blossm.handlers.modules import Modules
from blossm.model.fields import Field
from blossm.model.network import (
    Action,
    EventStoreSpec,
    Handler,
    Network,
    Place,
    ProjectionSpec,
    ServiceSpec,
    ViewStoreSpec,
)
from blossm.ports import FactClient, LogStore, ViewStore
from blossm.procedures.projection import ProjectionProcedure
from blossm.procedures.standing import Procedures
from blossm.replay import Progress, abort, replay, replaying, rollback
from blossm.serve.assembly import Assembly

PLACE = Place("blossm.yaml", 1, 1)
TEXT = Field(type="string", optional=True)
HANDLERS = """
    from blossm import view

    def registered(event):
        return view.put(event.root, {"color": event.payload["color"]})

    def painted(event):
        return [view.set(event.root, event.payload), view.increment(event.root, "painted")]

    def sold(event):
        return view.remove(event.root)

    def noted(event):
        return view.add(event.root, "notes", event.payload["note"])
"""
VIEW: dict[str, Field] = {
    "color": TEXT,
    "painted": Field(type="integer", default=0),
    "notes": Field(type="list", items=Field(type="string"), optional=True),
    "rank": Field(type="integer", optional=True),
}


def root(number: int) -> str:
    return str(uuid.UUID(int=number))


def event_store(service: str, domain: str, actions: dict[str, dict[str, Field]]) -> EventStoreSpec:
    schema = {name: field for fields in actions.values() for name, field in fields.items()}
    address = f"{service}.{domain}"
    made = {name: Action(name=name, payload=fields) for name, fields in actions.items()}
    return EventStoreSpec(name=domain, address=address, at=PLACE, service=service, domain=domain, schema=schema, actions=made)


class World:
    """The log, the view and everything between them. `start` is what happens when the process starts anew."""

    def __init__(self, folder: Path, *, way: Way, listens: dict[str, tuple[str, ...]] | None = None, **view: Any) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.bus = MemoryBus()
        bicycle = event_store(
            "shop", "bicycle", {"registered": {"color": TEXT}, "painted": {"color": TEXT}, "sold": {}, "noted": {"note": TEXT}}
        )
        wheel = event_store("shop", "wheel", {"mounted": {"bicycle": TEXT}})
        mechanic = event_store("staff", "mechanic", {"ranked": {"bicycle": TEXT, "rank": Field(type="integer")}})
        declared: dict[str, Any] = {"schema": VIEW, "indexes": (("color",), ("rank",))} | view
        address = "garage.bicycles" if view.get("context") else "bicycles"
        self.spec = ProjectionSpec(
            name="bicycles",
            address=address,
            at=PLACE,
            handler=Handler("bicycles.py"),
            events=listens or {"shop.bicycle": tuple(bicycle.actions)},
        )
        self.view_spec = ViewStoreSpec(name="bicycles", address=address, at=PLACE, **declared)
        self.network = Network(
            name="bicyclecity.example",
            environment="development",
            environments={"development": "dev"},
            services={name: ServiceSpec(name=name, at=PLACE) for name in ("shop", "staff")},
            event_stores={store.address: store for store in (bicycle, wheel, mechanic)},
            view_stores={address: self.view_spec},
            projections={address: self.spec},
        )
        self.logs: dict[str, LogStore] = {
            service: MemoryLogStore(service=service, network=self.network.name) for service in self.network.services
        }
        self.rows: ViewStore = MemoryViewStore(self.view_spec)
        self.facts: dict[str, FactClient] = {}
        self._ordinals = itertools.count(1)
        self._versions = itertools.count(1)
        self._way = way
        self._steps = Steps(self.start if way.restarted else None)
        self._running = AsyncExitStack()
        self.view = Stepping(self._steps, lambda: self._operator.view_store(self.view_spec.address))
        self.projection = Stepping(self._steps, lambda: self._projection)

    @classmethod
    async def open(cls, folder: Path, *, handlers: str = HANDLERS, **declared: Any) -> Self:
        opened = cls(folder, **declared)
        try:
            await opened.define(handlers)
        except BaseException:
            await opened.close()
            raise
        return opened

    async def define(self, handlers: str) -> None:
        """Write the projection's functions anew, and start the process anew."""
        self.folder = self.folder.parent / f"version_{next(self._versions)}"
        self.folder.mkdir()
        (self.folder / "bicycles.py").write_text(dedent(handlers))
        await self.start()

    async def start(self) -> None:
        await self.close()
        self.network = replace(self.network, directory=str(self.folder))
        self.modules = Modules(self.folder)
        self._running.callback(self.modules.forget)
        self._assembly = Assembly(network=self.network, modules=self.modules, clock=self.clock)
        stores = {
            service: self._assembly.event_stores(
                service, log=log, states=MemoryStateStore(), bus=self.bus, closing=self._running
            )
            for service, log in self.logs.items()
        }
        view = self._assembly.view_store(self.view_spec, store=self.rows)
        procedures = Procedures(event_stores=dict(stores), view_stores={self.spec.address: view}, facts=dict(self.facts))
        transport = self._way.transport(self.network, clock=self.clock)
        self._running.push_async_callback(transport.close)
        await transport.serve(procedures)
        self._clients = transport.clients(self.spec.ref)
        self._heard = transport.bus(self.spec.ref, self.bus)
        self._operator = transport.operator()
        self._projection = self.another_projection()

    async def close(self) -> None:
        """End every process; the logs and the rows stay."""
        await self._running.aclose()

    def another_projection(self) -> ProjectionProcedure:
        return self._assembly.projection(self.spec, clients=self._clients, bus=self._heard)

    async def log(self, *events: tuple[str, int, dict[str, Any]], context: str = "") -> Appended:
        """One commit of events `("shop.bicycle.painted", root, payload)`, all of one service."""
        ordinal = next(self._ordinals)
        service = events[0][0].partition(".")[0]
        commit = Commit(
            id=f"commit {ordinal}",
            key=f"key {ordinal}",
            events=tuple(_event(*event) for event in events),
            tx=Tx(f"tx {ordinal}"),
            context={"garage": context} if context else {},
            created=rfc3339(self.clock.now()),
        )
        async with self._steps.step():
            return await self._operator.event_stores(service).append(commit)

    async def replaying(self, **options: Any) -> AsyncIterator[Progress]:
        """A replay, step by step."""
        async with self._steps.step():
            async for step in replaying(
                spec=self.spec,
                network=self.network,
                modules=self.modules,
                clients=self._operator,
                clock=self.clock,
                **options,
            ):
                yield step

    async def replay(self, progress: Callable[[Progress], None]) -> Progress:
        async with self._steps.step():
            return await replay(
                spec=self.spec,
                network=self.network,
                modules=self.modules,
                clients=self._operator,
                clock=self.clock,
                progress=progress,
            )

    async def abort(self) -> bool:
        async with self._steps.step():
            return await abort(spec=self.spec, clients=self._operator)

    async def rollback(self) -> int:
        async with self._steps.step():
            return await rollback(spec=self.spec, clients=self._operator)

    async def bodies(self) -> dict[int, dict[str, Any]]:
        """All rows that are served, by the number of their root."""
        generation = (await self.rows.generations()).current
        return await self.bodies_of(generation)

    async def bodies_of(self, generation: int) -> dict[int, dict[str, Any]]:
        page = await self.rows.query(generation, Query(limit=500))
        return {uuid.UUID(row.id).int: row.body for row in page.content}


def _event(action: str, of: int, payload: dict[str, Any]) -> NewEvent:
    _, domain, name = action.split(".")
    return NewEvent(domain, root(of), name, 1, payload)


MakeWorld = Callable[..., Awaitable[World]]
