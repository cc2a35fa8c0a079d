"""What a procedure keeps: in a SQLite file, or in memory where no path is given. Drivers are imported when they are needed."""

from __future__ import annotations

from pathlib import Path

from blossm.model.network import ViewStoreSpec
from blossm.ports import LogStore, StateStore, ViewStore


def log_at(path: Path | None, *, service: str, network: str) -> LogStore:
    """A service's log. Raises Unavailable or Internal when the file can't be opened, or is damaged."""
    if path is None:
        from blossm.adapters.memory.log import MemoryLogStore

        return MemoryLogStore(service=service, network=network)
    from blossm.adapters.sqlite.log import SqliteLogStore

    return SqliteLogStore.open(path, service=service, network=network)


def states_at(path: Path | None) -> StateStore:
    """The saved states of a service's roots."""
    if path is None:
        from blossm.adapters.memory.states import MemoryStateStore

        return MemoryStateStore()
    from blossm.adapters.sqlite.states import SqliteStateStore

    return SqliteStateStore.open(path)


def view_at(path: Path | None, spec: ViewStoreSpec) -> ViewStore:
    """A view's rows."""
    if path is None:
        from blossm.adapters.memory.views import MemoryViewStore

        return MemoryViewStore(spec)
    from blossm.adapters.sqlite.views import SqliteViewStore

    return SqliteViewStore.open(path, spec)
