"""A bell tower: a network of a few procedures, each of which a test may start as a process of its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from blossm.adapters.clock import SystemClock
from blossm.core.event import Tx
from blossm.core.idempotency import new_id
from blossm.core.request import Request
from blossm.model.load import load
from blossm.model.network import Network, Ref
from blossm.rpc.client import Reach, WireClients
from blossm.rpc.keys import digest_of, key_for, operator_key
from blossm.rpc.types import Types
from blossm.serve.config import Callee, Files, Listen, ProcessConfig
from blossm.serve.control import AskStatus, Failed, FromProcess, Ready, Status
from blossm.serve.nursery import Child, Nursery

LOG = Ref("event-store", "tower")
RING = Ref("command", "tower.bell.ring")
TOLL = Ref("command", "tower.bell.toll")
RINGS = Ref("fact", "tower.bell.rings")
VIEW = Ref("view-store", "bells")
PROJECTION = Ref("projection", "bells")
DOOR = Ref("command-gateway", "c.bell.tower")
FACTS = Ref("fact-gateway", "f.bell.tower")
VIEWS = Ref("view-gateway", "v")
BELL = "11111111-1111-4111-8111-111111111111"
TOKEN, FORWARDS = "the-operators-token", "the-doors-secret"
SOON = 20.0  # seconds; machines that run tests are slow

_FILES = {
    "blossm.yaml": "network: tower.example\n",
    "tower/blossm.yaml": "service: tower\n",
    "tower/bell/blossm.yaml": """
domain: bell
---
procedure: event-store
schema: {rings: {type: integer, default: 0}, pid: {type: integer, optional: true}}
actions: {rung: {fields: []}}
---
procedure: command
name: ring
root: required
payload: {times: {type: integer, default: 1, max: 10}}
response: {pid: integer}
---
procedure: command
name: toll
root: required
payload: {pipe: string}
---
procedure: fact
name: rings
root: required
response: {rings: integer}
---
procedure: command-gateway
commands:
  ring: {access: public, rate: 1/m}
---
procedure: fact-gateway
facts: {rings: public}
""",
    "tower/bell/commands.py": '''
import asyncio
import os
from pathlib import Path

from blossm import Command, Event, Reply


def ring(command: Command) -> Reply:
    print("ding")
    return Reply([Event("rung")] * command.payload["times"], response={"pid": os.getpid()})


async def toll(command: Command) -> list[Event]:
    """Rings when somebody has written to the pipe, and closed it."""
    await asyncio.to_thread(Path(command.payload["pipe"]).read_text)
    return [Event("rung")]
''',
    "tower/bell/events.py": '''
def rung(state, event):
    return {**state, "rings": state.get("rings", 0) + 1}
''',
    "tower/bell/facts.py": '''
async def rings(fact):
    return {"rings": (await fact.aggregate()).state["rings"]}
''',
    "views/blossm.yaml": """
procedure: view-store
name: bells
schema: {rings: {type: integer, default: 0}}
---
procedure: projection
name: bells
events: {tower.bell: [rung]}
---
procedure: view-gateway
views: {bells: public}
""",
    "views/bells.py": '''
from blossm import view


def rung(event):
    return view.increment(event.root, "rings")
''',
}


def built(folder: Path) -> Network:
    """The network, written to this folder."""
    for name, text in _FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return load(folder)


class Tower:
    """The processes of the network that were started, and the operator's way to them."""

    def __init__(self, network: Network, nursery: Nursery) -> None:
        self.network = network
        self.types = Types(network)
        self.addresses: dict[Ref, str] = {}
        self._nursery = nursery
        self._files = Path(network.directory) / "files"
        self._files.mkdir()

    async def start(self, ref: Ref, *, port: int = 0, shared: bool = False, keep_open: tuple[int, ...] = ()) -> Process:
        """Start a procedure that reaches all that were started before."""
        reach = tuple(Callee(callee, at, key_for(ref, _secret(callee))) for callee, at in self.addresses.items())
        config = ProcessConfig(
            network=self.network,
            ref=ref,
            listen=Listen(port=port, shared=shared),
            secret=_secret(ref).decode(),
            operator=digest_of(TOKEN),
            reach=reach,
            files=Files(**{name: str(self._files / f"{name}.db") for name in ("log", "states", "view")}),
            forwards=FORWARDS if ref.kind.endswith("gateway") else "",
            development_key=str(self._files / "development.key"),
        )
        process = Process(await self._nursery.start(config, keep_open=keep_open))
        match await process.word():
            case Ready(address):
                self.addresses[ref] = process.address = address
            case Failed() as failed:
                process.failed = failed
        return process

    async def ready(self, *refs: Ref) -> list[Process]:
        """Start these, one after the other; all of them must come to answer."""
        processes = [await self.start(ref) for ref in refs]
        assert [process.failed for process in processes] == [None] * len(refs)
        return processes

    @asynccontextmanager
    async def clients(self) -> AsyncIterator[WireClients]:
        """The operator's clients of what was started so far."""
        reach = {ref: Reach(address, operator_key(TOKEN)) for ref, address in self.addresses.items()}
        clients = WireClients(network=self.network, types=self.types, reach=reach, clock=SystemClock())
        try:
            yield clients
        finally:
            await clients.close()


class Process:
    """A child, with what it said."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.address = ""
        self.failed: Failed | None = None
        self._words = child.messages()

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    async def word(self) -> FromProcess:
        """What it says next."""
        async with asyncio.timeout(SOON):
            return await anext(self._words)

    async def status(self) -> Status:
        self.child.send(AskStatus())
        word = await self.word()
        assert isinstance(word, Status)
        return word

    async def code(self) -> int:
        """How it ended."""
        async with asyncio.timeout(SOON):
            return await self.child.ended()


def request(ref: Ref, payload: dict[str, Any] | None = None, *, seconds: float = SOON) -> Request:
    """A request to a command or a fact about the bell."""
    return Request(
        address=ref.address,
        payload=payload or {},
        root=BELL,
        key=new_id(),
        fresh=True,
        tx=Tx(new_id()),
        deadline=SystemClock().monotonic() + seconds,
    )


def held() -> tuple[socket.socket, int]:
    """A port that is held for whoever shares it, and on which nobody listens yet."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    holder.bind(("127.0.0.1", 0))
    return holder, holder.getsockname()[1]


def _secret(ref: Ref) -> bytes:
    return f"the secret of {ref.kind} {ref.address}".encode()
