"""Runs a network on this machine until it is told to stop: state folder, procedures, doors, and the way down again."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from blossm.local.doors import Doors
from blossm.local.network import LocalNetwork
from blossm.local.operated import InThisProcess, Operated
from blossm.local.operations import LocalOperations
from blossm.local.operator import OperatorDoor
from blossm.local.places import Places, places_of
from blossm.local.state import OnServer, Running, StateFolder
from blossm.local.storage import FolderStorage
from blossm.model.network import Network
from blossm.rpc.keys import operator_key
from blossm.serve.draining import grace
from blossm.serve.http import Server, bound, url_of
from blossm.serve.keys import development_keys
from blossm.serve.serving import serving
from blossm.serve.where import Server as MongoServer

if TYPE_CHECKING:
    import asyncio

    from starlette.types import ASGIApp


@dataclass(frozen=True, slots=True)
class Served:
    """A network that answers at `url`, until `ended`.

    `drop` lets go of the requests that are under way. `processes`: where each listens, by `<kind> <address>`; empty
    where all procedures are in this one. `kept`: where logs, states and views are, and `databases` the names there, if that
    is a server; `left`: a server that still has those that were to be forgotten, since nobody named it.
    """

    network: Network
    url: str
    operator_key: str
    ended: asyncio.Task[None]
    drop: Callable[[], None]
    processes: Mapping[str, str]
    kept: str
    databases: tuple[str, ...]
    left: OnServer | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A network whose procedures stand: it can be operated, and has doors. `start` begins what runs by itself."""

    operated: Operated
    doors: Mapping[str, ASGIApp]
    start: Callable[[], None]
    drop: Callable[[], None] = lambda: None
    processes: Mapping[str, str] = field(default_factory=dict)


@asynccontextmanager
async def served(
    network: Network, *, port: int, fresh: bool = False, processes: bool = False, log: MongoServer | None = None
) -> AsyncIterator[Served]:
    """The network over its state folder, answering on `port` (0: a free one). On the way out requests finish first.

    `processes`: each procedure in a process of its own. `log`: the server that has logs, states and views, see `places_of`.
    Raises FolderError, PortTaken, HandlerError, DidNotStart, Unavailable and IndexesDiffer before anything is served.
    """
    folder = StateFolder.hold(Path(network.directory), fresh=fresh)
    token = secrets.token_urlsafe(32)
    try:
        with bound(port) as listener:
            places = await places_of(network, folder, log=log, fresh=fresh)
            url, key = url_of(listener), operator_key(token)
            stand = _in_processes(network, folder, places, token) if processes else _here(network, folder, places)
            async with stand as standing:
                server = _server(network, folder, standing, key)
                standing.start()
                async with serving(server, listener) as ended:
                    folder.announce(Running(url, os.getpid(), key))

                    def drop() -> None:
                        server.stop()
                        standing.drop()

                    yield Served(
                        network,
                        url,
                        key,
                        ended,
                        drop,
                        standing.processes,
                        kept=places.shown,
                        databases=places.databases,
                        left=_left(folder, places),
                    )
    finally:
        folder.close()


def _server(network: Network, folder: StateFolder, standing: Standing, key: str) -> Server:
    """All doors of the network, and the operator's."""
    operations = LocalOperations(standing.operated, key=folder.development_key)
    operator = OperatorDoor(operations, key=key, realm=network.name)
    return Server(Doors(network, standing.doors, operator=operator), grace=grace(network), realm=network.name)


def _left(folder: StateFolder, places: Places) -> OnServer | None:
    return folder.forgotten if folder.forgotten and folder.forgotten.address != places.shown else None


@asynccontextmanager
async def _here(network: Network, folder: StateFolder, places: Places) -> AsyncIterator[Standing]:
    storage = FolderStorage(network, folder, places=places)
    async with await LocalNetwork.open(network, storage=storage) as local:
        keys = development_keys(network, folder.development_key, clock=local.clock)
        yield Standing(InThisProcess(local, live=True), local.doors(keys), local.start)


@asynccontextmanager
async def _in_processes(network: Network, folder: StateFolder, places: Places, token: str) -> AsyncIterator[Standing]:
    from blossm.local.processes.network import ProcessNetwork  # gRPC: only who asks for it has to wait for it

    async with ProcessNetwork(network, folder, places, operator_token=token, grace=grace(network)) as apart:
        yield Standing(apart, apart.doors(), apart.start, apart.drop, apart.addresses())
