"""Where the parts of a local network keep what they keep: in memory, or in the files of a state folder."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from blossm.adapters.memory.timers import MemoryTimerTable
from blossm.local.state import StateFolder
from blossm.local.timers import TimerTable
from blossm.model.network import Network, ViewStoreSpec
from blossm.ports import LogStore, StateStore, ViewStore
from blossm.serve.storage import log_at, states_at, view_at


class Storage(Protocol):
    """The stores of one network. `close` closes all that were opened."""

    @property
    def timers(self) -> TimerTable: ...

    async def log(self, service: str) -> LogStore: ...

    async def states(self, service: str) -> StateStore: ...

    async def view(self, spec: ViewStoreSpec) -> ViewStore: ...

    async def close(self) -> None: ...


class MemoryStorage:
    """Everything in memory: it ends with the process."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._timers = MemoryTimerTable()

    @property
    def timers(self) -> TimerTable:
        return self._timers

    async def log(self, service: str) -> LogStore:
        return log_at(None, service=service, network=self._network.name)

    async def states(self, service: str) -> StateStore:
        return states_at(None)

    async def view(self, spec: ViewStoreSpec) -> ViewStore:
        return view_at(None, spec)

    async def close(self) -> None:
        self._timers.close()


class FolderStorage:
    """Everything in the SQLite files of a state folder, each opened when it is first asked for."""

    def __init__(self, network: Network, folder: StateFolder) -> None:
        self._network = network
        self._folder = folder
        self._opened: list[Callable[[], Awaitable[None]]] = []
        self._timers: TimerTable | None = None

    @property
    def timers(self) -> TimerTable:
        from blossm.adapters.sqlite.timers import SqliteTimerTable

        if self._timers is None:
            self._timers = SqliteTimerTable.open(self._folder.timers)
        return self._timers

    async def log(self, service: str) -> LogStore:
        store = log_at(self._folder.log(service), service=service, network=self._network.name)
        self._opened.append(store.close)
        return store

    async def states(self, service: str) -> StateStore:
        store = states_at(self._folder.states(service))
        self._opened.append(store.close)
        return store

    async def view(self, spec: ViewStoreSpec) -> ViewStore:
        store = view_at(self._folder.view(spec.address), spec)
        self._opened.append(store.close)
        return store

    async def close(self) -> None:
        if self._timers is not None:
            self._timers.close()
        for close in reversed(self._opened):
            await close()
