"""Our server as a process, and clients that reach it over gRPC, for bench_wire.py."""

from __future__ import annotations

import secrets
import shutil
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from measure import Started, started

from blossm.adapters.clock import SystemClock
from blossm.model.load import load
from blossm.model.network import Ref
from blossm.ports import Clients
from blossm.rpc.client import Reach, WireClients
from blossm.rpc.keys import operator_key
from blossm.rpc.types import Types

HERE = Path(__file__).parent


def network(to: Path) -> Path:
    """The network that is measured, in a folder of its own."""
    return Path(shutil.copytree(HERE / "command_network", to, ignore=shutil.ignore_patterns(".blossm", "__pycache__")))


async def reached(stack: AsyncExitStack, directory: Path, kept: str, *, log: Path) -> tuple[Started, Clients]:
    """Start a network's procedures in a process; the operator's clients of it."""
    token = secrets.token_urlsafe(16)
    command = [sys.executable, str(HERE / "wire_server.py"), str(directory), kept, token]
    server = stack.enter_context(started(command, log=log))
    model = load(directory)
    there = Reach(f"127.0.0.1:{server.port}", operator_key(token))
    reach = {
        **{Ref("event-store", service): there for service in model.services},
        **{spec.ref: there for spec in (*model.commands.values(), *model.facts.values(), *model.view_stores.values())},
    }
    clients = WireClients(network=model, types=Types(model), reach=reach, clock=SystemClock())
    stack.push_async_callback(clients.close)
    return server, clients
