"""A network's procedures behind one gRPC server, for bench_wire.py: in memory, or over the network's state folder.

    python benchmarks/wire_server.py NETWORK memory|durable TOKEN

Whoever shows TOKEN is the operator. Prints `ready URL`.
"""

from __future__ import annotations

import asyncio
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvloop
from wire_echo import seldom_collected

from blossm.local.network import LocalNetwork
from blossm.local.state import StateFolder
from blossm.local.storage import FolderStorage, MemoryStorage
from blossm.model.load import load
from blossm.procedures.standing import Procedures
from blossm.rpc.keys import digest_of, identify
from blossm.rpc.server import Server
from blossm.rpc.types import Types


@asynccontextmanager
async def opened(directory: Path, kept: str) -> AsyncIterator[LocalNetwork]:
    """The procedures of a network in this process; what they log is `durable`, or in `memory`."""
    network = load(directory)
    folder = StateFolder.hold(directory) if kept == "durable" else None
    try:
        storage = FolderStorage(network, folder) if folder else MemoryStorage(network)
        async with await LocalNetwork.open(network, storage=storage) as local:
            yield local
    finally:
        if folder:
            folder.close()


async def main(directory: Path, kept: str, token: str) -> None:
    async with opened(directory, kept) as local:
        here = local.procedures
        server = Server(
            network=local.network,
            types=Types(local.network),
            procedures=Procedures(here.event_stores, here.commands, here.facts, here.view_stores),
            callers=local.directory.callers,
            identify=identify(secrets.token_bytes(), operator=digest_of(token)),
            clock=local.clock,
        )
        address = await server.start("127.0.0.1:0")
        seldom_collected()
        print(f"ready http://{address}", flush=True)
        asked = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, asked.set)
        await asked.wait()
        await server.stop(grace=5.0)


if __name__ == "__main__":
    network, kept, token = sys.argv[1:]
    uvloop.run(main(Path(network), kept, token))
