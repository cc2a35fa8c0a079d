"""A network whose commands do what they are told step by step, on any store, over any transport, and what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.serializability.turns import Gate, GatedClock, HastyClock, Processes, Turns
from tests.transports import Way

from blossm.adapters.memory.bus import MemoryBus
from blossm.core.commit import LoggedCommit
from blossm.core.errors import Conflict
from blossm.core.event import LoggedEvent, Tx
from blossm.core.request import Request
from blossm.handlers.modules import Modules
from blossm.model.load import load
from blossm.model.network import Network
from blossm.ports import LogStore, StateStore
from blossm.procedures.standing import Procedures
from blossm.serve.assembly import Assembly

ROOT = Path(__file__).parent / "network"
A, B, C = (f"00000000-0000-4000-8000-00000000000{letter}" for letter in "abc")
ROOTS = (A, B, C)
COLORS = ("red", "blue")
DOMAINS = ("bicycle", "wheel")
COATS = (1, 2)

Steps = list[Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A command that is to run: its name is that of its request."""

    name: str
    steps: Steps
    command: str = "act"


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that ran, from one head of the log to another, and its answer: a response, or a conflict."""

    asked: Asked
    began: int
    ended: int
    response: Any = None
    conflict: Conflict | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What ran, what was logged, and what everything was in the end. `attempts`: request, run, steps begun."""

    ran: list[Ran]
    commits: list[LoggedCommit]
    attempts: list[tuple[str, str, Steps]]
    end: dict[str, Any] = field(default_factory=dict)

    @property
    def events(self) -> list[LoggedEvent]:
        return [event for commit in self.commits for event in commit.events(service="shop", network="city.example")]


class City:
    """The network, built once; each history begins with an empty log."""

    def __init__(self, network: Network, modules: Modules) -> None:
        self.network = network
        self.modules = modules
        self.gate = Gate()
        self.clock = GatedClock(self.gate)
        self.processes = Processes()
        self.operator: Any = None

    @property
    def code(self) -> Any:
        return self.modules.file("services/shop/bicycle/commands.py")

    async def history(
        self, asked: Sequence[Asked], choices: Sequence[int] | None, *, stores: Sequence[tuple[LogStore, StateStore]]
    ) -> History:
        """Run these at once on an empty log, served by a process for each of these ways to it and its states."""
        self.code.attempts.clear()
        async with AsyncExitStack() as closing:
            self.processes.running = [self._process(log, states, closing) for log, states in stores]
            self.gate.turns = turns = Turns(choices)
            ran = await turns.run([partial(self._run, each, stores[0][0]) for each in asked])
            self.gate.turns = Turns(None)
            pages = self.operator.event_stores("shop").stream(0)
            commits = [commit async for page in pages for commit in page.commits]
            return History(ran, commits, list(self.code.attempts), await self._end())

    def _process(self, log: LogStore, states: StateStore, closing: AsyncExitStack) -> Any:
        assembly = Assembly(network=self.network, modules=self.modules, clock=HastyClock())
        return assembly.event_stores("shop", log=log, states=states, bus=MemoryBus(), closing=closing)

    async def _run(self, asked: Asked, log: LogStore) -> Ran:
        began = await log.head()
        address = f"shop.bicycle.{asked.command}"
        deadline = self.clock.monotonic() + 60
        request = Request(
            address=address, payload={"steps": asked.steps}, key=key_of(asked), tx=Tx(asked.name), deadline=deadline
        )
        try:
            answer = await self.operator.command(address).call(request)
        except Conflict as conflict:
            return Ran(asked, began, await log.head(), conflict=conflict)
        return Ran(asked, began, await log.head(), response=answer.response)

    async def _end(self) -> dict[str, Any]:
        """The state of every root, and the answer to every question."""
        client, end = self.operator.event_stores("shop"), {}
        for domain in DOMAINS:
            for root in ROOTS:
                found = (await client.aggregate(domain, root)).value
                end[f"state {domain} {root}"] = [found.number, found.state]
        for name, values in (("color", COLORS), ("coats", COATS)):
            for value in values:
                answer = (await client.query_aggregates("bicycle", {name: value})).value
                end[f"ask {name} {value}"] = [[found.root, found.number] for found in answer]
        return end


def key_of(asked: Asked) -> str:
    return f"key of {asked.name}"


@asynccontextmanager
async def city(way: Way) -> AsyncIterator[City]:
    """The network over a transport."""
    made = City(load(ROOT), Modules(ROOT))
    network, clock = made.network, made.clock
    transport = way.transport(network, clock=clock)
    assembly = Assembly(network=network, modules=made.modules, clock=clock)
    stores: Any = made.processes
    procedures = Procedures(event_stores={"shop": stores})
    for command in network.commands.values():
        clients = made.gate.clients(transport.clients(command.ref))
        procedures.commands[command.address] = assembly.command(command, clients=clients)
    for fact in network.facts.values():
        procedures.facts[fact.address] = assembly.fact(fact, clients=made.gate.clients(transport.clients(fact.ref)))
    try:
        await transport.serve(procedures)
        made.operator = transport.operator()
        yield made
    finally:
        await transport.close()
        made.modules.forget()
