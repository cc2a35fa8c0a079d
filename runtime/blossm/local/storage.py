"""Where the parts of a local network keep what they keep: in memory, or where its state folder says."""

from __future__ import annotations

from typing import Protocol

from blossm.adapters.memory.timers import MemoryTimerTable
from blossm.local.places import InFolder, Places
from blossm.local.state import StateFolder
from blossm.local.timers import TimerTable
from blossm.model.network import Network, ViewStoreSpec
from blossm.ports import LogStore, StateStore, ViewStore
from blossm.serve.storage import Stores


class Storage(Protocol):
    """The stores of one network. `close` closes all that were opened. `shown` says where they are."""

    @property
    def shown(self) -> str: ...

    @property
    def timers(self) -> TimerTable: ...

    async def log(self, service: str) -> LogStore: ...

    async def states(self, service: str) -> StateStore: ...

    async def view(self, spec: ViewStoreSpec) -> ViewStore: ...

    async def close(self) -> None: ...


class MemoryStorage:
    """Everything in memory: it ends with the process."""

    shown = "memory"

    def __init__(self, network: Network) -> None:
        self._stores = Stores(network)
        self._timers = MemoryTimerTable()

    @property
    def timers(self) -> TimerTable:
        return self._timers

    async def log(self, service: str) -> LogStore:
        return await self._stores.log(service)

    async def states(self, service: str) -> StateStore:
        return await self._stores.states(service)

    async def view(self, spec: ViewStoreSpec) -> ViewStore:
        return await self._stores.view(spec)

    async def close(self) -> None:
        self._timers.close()
        await self._stores.close()


class FolderStorage:
    """Everything where a state folder has it, each store opened when it is first asked for."""

    def __init__(self, network: Network, folder: StateFolder, *, places: Places | None = None) -> None:
        """`places`: where the stores are, by default in the folder."""
        self._folder = folder
        self._places = places or InFolder(folder)
        self._stores = Stores(network)
        self._timers: TimerTable | None = None

    @property
    def shown(self) -> str:
        return self._places.shown

    @property
    def timers(self) -> TimerTable:
        from blossm.adapters.sqlite.timers import SqliteTimerTable

        if self._timers is None:
            self._timers = SqliteTimerTable.open(self._folder.timers)
        return self._timers

    async def log(self, service: str) -> LogStore:
        return await self._stores.log(service, self._places.log(service))

    async def states(self, service: str) -> StateStore:
        return await self._stores.states(service, self._places.states(service))

    async def view(self, spec: ViewStoreSpec) -> ViewStore:
        return await self._stores.view(spec, self._places.view(spec.address))

    async def close(self) -> None:
        if self._timers is not None:
            self._timers.close()
        await self._stores.close()
