"""Runs a network on this machine until it is told to stop: state folder, procedures, doors, and the way down again."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from blossm.local.doors import Doors
from blossm.local.network import LocalNetwork
from blossm.local.operated import InThisProcess
from blossm.local.operations import LocalOperations
from blossm.local.operator import OperatorDoor
from blossm.local.state import Running, StateFolder
from blossm.local.storage import FolderStorage
from blossm.model.network import Network
from blossm.serve.http import Server, bound, url_of
from blossm.serve.keys import development_keys
from blossm.serve.serving import serving


@dataclass(frozen=True, slots=True)
class Served:
    """A network that answers at `url`."""

    local: LocalNetwork
    url: str
    server: Server
    ended: asyncio.Task[None]


@asynccontextmanager
async def served(network: Network, *, port: int, fresh: bool = False) -> AsyncIterator[Served]:
    """The network over its state folder, answering on `port` (0: a free one). On the way out requests finish first.

    Raises FolderError, PortTaken, HandlerError and Unavailable before anything is served.
    """
    folder = StateFolder.hold(Path(network.directory), fresh=fresh)
    try:
        with bound(port) as listener:
            url = url_of(listener)
            async with await LocalNetwork.open(network, storage=FolderStorage(network, folder)) as local:
                keys = development_keys(network, folder.development_key, clock=local.clock)
                operator_key = secrets.token_urlsafe(32)
                operations = LocalOperations(InThisProcess(local, live=True), key=folder.development_key)
                operator = OperatorDoor(operations, key=operator_key, realm=network.name)
                doors = Doors(network, local.doors(keys), operator=operator)
                server = Server(doors, grace=grace(network), realm=network.name)
                local.start()
                async with serving(server, listener) as ended:
                    folder.announce(Running(url, os.getpid(), operator_key))
                    yield Served(local, url, server, ended)
    finally:
        folder.close()


def grace(network: Network) -> float:
    """How long requests under way may take to finish: as long as any procedure may."""
    return max((spec.shape.timeout for spec in network.procedures()), default=60.0)
