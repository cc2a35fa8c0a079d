"""The logs of a network on this machine, wherever they are: looked after, whether it runs or not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from blossm.core.errors import NotFound
from blossm.local.logs.lines import FileRefused, Header
from blossm.local.places import Places, places_of
from blossm.local.state import FOLDER, FolderError, StateFolder
from blossm.model.diagnostics import did_you_mean
from blossm.model.network import Network
from blossm.ports import LogStore
from blossm.serve.storage import Stores
from blossm.serve.where import InMongo, Server


class Logs:
    """The logs of one network. A service that it does not have raises NotFound."""

    def __init__(self, network: Network, folder: StateFolder, places: Places, stores: Stores) -> None:
        self._network = network
        self._folder = folder
        self._places = places
        self._stores = stores

    @property
    def services(self) -> tuple[str, ...]:
        return tuple(self._network.services)

    def header(self, service: str) -> Header:
        return Header(network=self._network.name, service=self._known(service))

    def file(self, service: str) -> Path | None:
        """The file of a log, which may not be there before something is logged; None for one that is on a server.

        Raises FolderError where it is gone.
        """
        where = self._places.log(self._known(service))
        return None if isinstance(where, InMongo) else Path(where)

    def own_file(self, service: str) -> Path:
        """The file of a log. Raises FileRefused where there is none."""
        file = self.file(service)
        if file is None:
            help = "its server has backups of its own, and `blossm log export` writes it out"
            raise FileRefused(f"the log of {service} is on MongoDB, not in a file", help=help)
        if not file.exists():
            raise FileRefused(f"{file} is not there: nothing was logged yet")
        return file

    async def open(self, service: str) -> LogStore:
        """The log, begun where there is none. Raises FolderError where it is gone."""
        return await self._stores.log(service, self._places.log(self._known(service)))

    async def open_again(self, service: str) -> LogStore:
        """The log, begun where there is none, also where it is gone: to be filled with what it was."""
        try:
            return await self.open(service)
        except FolderError:
            return await self._stores.log(service, str(self._folder.path / "logs" / f"{service}.db"))

    def _known(self, service: str) -> str:
        if service not in self._network.services:
            raise NotFound(f"there is no service {service}", help=did_you_mean(service, self.services))
        return service


@asynccontextmanager
async def logs_of(network: Network, *, log: Server | None = None) -> AsyncIterator[Logs]:
    """The logs to be read, while the network runs or not. Raises FolderError where nothing was ever logged."""
    path = Path(network.directory) / FOLDER
    if not (path / "format").exists():
        raise FolderError(f"there is no {path}: nothing was logged here", help="`blossm dev` begins the logs")
    async with _opened(network, StateFolder(path, lock=-1), log) as logs:
        yield logs


@asynccontextmanager
async def logs_held(network: Network, *, log: Server | None = None) -> AsyncIterator[Logs]:
    """The logs to be written. Raises FolderTaken while the network runs."""
    folder = StateFolder.hold(Path(network.directory))
    try:
        async with _opened(network, folder, log) as logs:
            yield logs
    finally:
        folder.close()


@asynccontextmanager
async def _opened(network: Network, folder: StateFolder, log: Server | None) -> AsyncIterator[Logs]:
    stores = Stores(network)
    try:
        yield Logs(network, folder, await places_of(network, folder, log=log), stores)
    finally:
        await stores.close()
