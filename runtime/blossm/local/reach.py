"""The operations on the network of a folder: the one that runs there, or else its state folder, opened for the while."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from blossm.local.state import StateFolder, running
from blossm.model.network import Network
from blossm.serve.where import Server

if TYPE_CHECKING:
    from blossm.local.operations import Operations


@asynccontextmanager
async def operations(
    root: Path, resolve: Callable[[], Network], *, log: Server | None = None
) -> AsyncIterator[Operations]:
    """The operations on the network at `root`; `resolve` is asked for it only when none runs there.

    `log`: the server that was named for its logs, see `places_of`.
    """
    if found := running(root):
        from blossm.local.remote import RemoteOperations

        yield RemoteOperations(found)
        return
    from blossm.local.network import LocalNetwork
    from blossm.local.operated import InThisProcess
    from blossm.local.operations import LocalOperations
    from blossm.local.places import places_of
    from blossm.local.storage import FolderStorage

    network = resolve()
    folder = StateFolder.hold(root)
    try:
        storage = FolderStorage(network, folder, places=await places_of(network, folder, log=log))
        async with await LocalNetwork.open(network, storage=storage) as local:
            yield LocalOperations(InThisProcess(local, live=False), key=folder.development_key)
    finally:
        folder.close()
