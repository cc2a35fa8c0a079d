"""The example city under a name of its own, on a server of MongoDB."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from blossm.local.databases import Databases
from blossm.local.network import LocalNetwork
from blossm.local.places import places_of
from blossm.local.state import StateFolder
from blossm.local.storage import FolderStorage
from blossm.model.load import load
from blossm.model.network import Network
from blossm.serve.where import Server

CITY = Path(__file__).parents[2] / "examples" / "bicycle_city"


def named_anew(network: Network) -> Network:
    """The same network under a name that no other test has, and so in other databases."""
    return replace(network, name=f"t{uuid.uuid4().hex[:6]}.example")


def city() -> Network:
    return named_anew(load(CITY))


def names(network: Network) -> tuple[str, ...]:
    return Databases(network, Server("")).databases


@asynccontextmanager
async def standing(
    network: Network, root: Path, *, log: str = "", fresh: bool = False
) -> AsyncIterator[LocalNetwork]:
    """The network over the state folder at `root`, as `blossm dev` has it, but for doors."""
    folder = StateFolder.hold(root, fresh=fresh)
    try:
        places = await places_of(network, folder, log=Server(log) if log else None, fresh=fresh)
        storage = FolderStorage(network, folder, places=places)
        async with await LocalNetwork.open(network, storage=storage) as local:
            yield local
    finally:
        folder.close()
