"""The operations on the network of a folder: the one that runs there, or else its state folder, opened for the while."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from blossm.local.state import StateFolder, running
from blossm.model.network import Network

if TYPE_CHECKING:
    from blossm.local.operations import Operations


@asynccontextmanager
async def operations(root: Path, resolve: Callable[[], Network]) -> AsyncIterator[Operations]:
    """The operations on the network at `root`; `resolve` is asked for it only when none runs there."""
    if found := running(root):
        from blossm.local.remote import RemoteOperations

        yield RemoteOperations(found)
        return
    from blossm.local.network import LocalNetwork
    from blossm.local.operated import InThisProcess
    from blossm.local.operations import LocalOperations
    from blossm.local.storage import FolderStorage

    network = resolve()
    folder = StateFolder.hold(root)
    try:
        async with await LocalNetwork.open(network, storage=FolderStorage(network, folder)) as local:
            yield LocalOperations(InThisProcess(local, live=False), key=folder.development_key)
    finally:
        folder.close()
