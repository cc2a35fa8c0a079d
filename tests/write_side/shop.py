"""A shop's write side in memory: real procedures and a real log, with a user's files that each test writes itself."""

from __future__ import annotations

import asyncio
import inspect
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from tests.transports import Steps, Way

from blossm.adapters.clock import SystemClock
from blossm.adapters.memory.bus import MemoryBus
from blossm.adapters.memory.log import MemoryLogStore
from blossm.adapters.memory.states import MemoryStateStore
from blossm.core.commit import Appended, Commit, LoggedCommit
from blossm.core.event import LoggedEvent, Tx
from blossm.core.read_set import NO_READS, ReadSet
from blossm.core.request import Answer, FactAnswer, Request
from blossm.handlers.modules import Modules
from blossm.model.load import load
from blossm.ports import Clock
from blossm.procedures.event_store import EventStores
from blossm.procedures.standing import Procedures
from blossm.serve.assembly import Assembly

A = "7d1c1c1e-6f2e-4c53-9a43-0a6d0f5b000a"
B = "7d1c1c1e-6f2e-4c53-9a43-0a6d0f5b000b"

NETWORK = """\
network: city.example
"""
SHOP = """\
service: shop
depends_on: [staff]
"""
STAFF = """\
service: staff
"""
BICYCLE = """\
domain: bicycle
---
procedure: event-store
schema: {frame_color: string, wheels: {type: integer, optional: true}}
actions: {registered: {fields: [frame_color, wheels]}, painted: {fields: [frame_color]}, sold: {fields: []}}
indexes: [frame_color]
"""
WHEEL = """\
domain: wheel
---
procedure: event-store
schema: {place: integer}
actions: {mounted: {fields: [place]}}
"""
MECHANIC = """\
domain: mechanic
---
procedure: event-store
schema: {text: string}
actions: {notified: {fields: [text]}}
---
procedure: command
name: notify
payload: {text: string}
root: required
response: {heard: string}
"""
NOTIFY = """\
from blossm import Command, Event, Reply


async def notify(command: Command) -> Reply:
    return Reply([Event("notified", command.payload)], response={"heard": command.payload["text"]})
"""

Hook = Callable[[Commit], Awaitable[None]]


class Watched:
    """Event stores that let a test step in before an append, and after it before its answer is known."""

    def __init__(self) -> None:
        self.stores: EventStores | None = None  # of the process that runs now
        self.before: Hook | None = None
        self.after: Hook | None = None
        self.appends = 0
        self.quiet = asyncio.Event()  # no append is under way
        self.at_each_turn: Callable[[], object] = lambda: None  # before and after whatever is asked
        self._under_way = 0

    async def append(self, commit: Commit, **what: Any) -> Appended:
        self.appends += 1
        self._under_way += 1
        self.quiet.clear()
        try:
            return await self._append(commit, **what)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self.quiet.set()

    async def _append(self, commit: Commit, **what: Any) -> Appended:
        if hook := self.before:
            self.before = None
            await hook(commit)
        assert self.stores
        appended: Appended = await self._turning(self.stores.append)(commit, **what)
        if hook := self.after:
            self.after = None
            await hook(commit)
        return appended

    def __getattr__(self, name: str) -> Any:
        asked = getattr(self.stores, name)
        return self._turning(asked) if inspect.iscoroutinefunction(asked) else asked

    def _turning(self, asked: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def turning(*args: Any, **what: Any) -> Any:
            self.at_each_turn()
            answer = await asked(*args, **what)
            self.at_each_turn()
            return answer

        return turning


class Shop:
    """The services `shop` (domains bicycle and wheel) and `staff` (domain mechanic, command notify)."""

    def __init__(self, root: Path, *, clock: Clock, way: Way) -> None:
        self.clock = clock
        self.network = load(root)
        self.modules = Modules(root)
        self.stores = {service: Watched() for service in self.network.services}
        self._root = root
        self._way = way
        self._steps = Steps(self._anew if way.restarted else None)
        self._logs = {service: MemoryLogStore(service=service, network=self.network.name) for service in self.stores}
        self._states = {service: MemoryStateStore() for service in self.stores}
        self._running = AsyncExitStack()

    async def start(self) -> None:
        """Build every procedure, as processes do that start."""
        procedures = Procedures(event_stores=dict(self.stores))
        self.modules = Modules(self._root)
        self._running.callback(self.modules.forget)
        assembly = Assembly(network=self.network, modules=self.modules, clock=self.clock)
        for service, watched in self.stores.items():
            log, states = self._logs[service], self._states[service]
            watched.stores = assembly.event_stores(service, log=log, states=states, bus=MemoryBus(), closing=self._running)
        transport = self._way.transport(self.network, clock=self.clock)
        self._running.push_async_callback(transport.close)
        for command in self.network.commands.values():
            procedures.commands[command.address] = assembly.command(command, clients=transport.clients(command.ref))
        for fact in self.network.facts.values():
            procedures.facts[fact.address] = assembly.fact(fact, clients=transport.clients(fact.ref))
        await transport.serve(procedures)
        self._operator = transport.operator()

    async def _anew(self) -> None:
        await self.close()
        await self.start()

    def code(self, file: str = "services/shop/bicycle/commands.py") -> Any:
        """A module of the user's, to look into or to hook something into."""
        return self.modules.file(file)

    def request(self, address: str, payload: dict[str, Any] | None = None, *, timeout: float = 30.0, **more: Any) -> Request:
        tx = Tx("tx-1", (), {"sub": "ada"})
        return Request(address=address, payload=payload or {}, tx=tx, deadline=self.clock.monotonic() + timeout, **more)

    async def call(self, address: str, payload: dict[str, Any] | None = None, **more: Any) -> Answer:
        async with self._steps.step():
            return await self._operator.command(address).call(self.request(address, payload, **more))

    async def fact(self, address: str, query: dict[str, Any] | None = None, **more: Any) -> Any:
        return (await self.asked(address, query, **more)).response

    async def asked(
        self, address: str, query: dict[str, Any] | None = None, *, reads: ReadSet = NO_READS, **more: Any
    ) -> FactAnswer:
        async with self._steps.step():
            return await self._operator.fact(address).read(self.request(address, query, **more), reads=reads)

    async def stream(self, address: str, query: dict[str, Any] | None = None, **more: Any) -> AsyncIterator[Any]:
        async with self._steps.step():
            async for item in self._operator.fact(address).stream(self.request(address, query, **more)):
                yield item

    async def commits(self, service: str = "shop") -> list[LoggedCommit]:
        """All that was logged."""
        async with self._steps.step():
            pages = self._operator.event_stores(service).stream(0)
            return [commit async for page in pages for commit in page.commits]

    async def events(self, service: str = "shop") -> list[LoggedEvent]:
        commits = await self.commits(service)
        return [event for commit in commits for event in commit.events(service=service, network=self.network.name)]

    async def actions(self, service: str = "shop") -> list[str]:
        return [event.action for event in await self.events(service)]

    async def close(self) -> None:
        """End every process; the logs stay."""
        await self._running.aclose()


async def shop_in(
    root: Path, *, yaml: str, commands: str, facts: str, files: dict[str, str], clock: Clock | None, way: Way
) -> Shop:
    """A shop whose domain `bicycle` has these procedures. `commands` and `facts` begin with what most of them import."""
    imports = "from blossm import *\nfrom tests.write_side.hooks import Crash, hooks_of\nhooks = hooks_of(__file__)\n"
    written = {
        "blossm.yaml": NETWORK,
        "services/shop/blossm.yaml": SHOP,
        "services/shop/bicycle/blossm.yaml": BICYCLE + textwrap.dedent(yaml),
        "services/shop/bicycle/commands.py": imports + textwrap.dedent(commands),
        "services/shop/bicycle/facts.py": imports + textwrap.dedent(facts),
        "services/shop/wheel/blossm.yaml": WHEEL,
        "services/staff/blossm.yaml": STAFF,
        "services/staff/mechanic/blossm.yaml": MECHANIC,
        "services/staff/mechanic/commands.py": NOTIFY,
        **{path: textwrap.dedent(text) for path, text in files.items()},
    }
    for path, text in written.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    shop = Shop(root, clock=clock or SystemClock(), way=way)
    await shop.start()
    return shop
