"""All that a log promises, as one suite: what an adapter's author subclasses. Say in `log` how an empty one is made.

It is the log store's own contract, the appender on it, and event stores on both.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from blossm.adapters.memory.states import MemoryStateStore
from blossm.ports import LogStore, StateStore
from blossm.testing.contracts.appender import AppenderContract
from blossm.testing.contracts.event_store import EventStoreContract
from blossm.testing.contracts.log_store import LogStoreContract

__all__ = ["LogContract"]


class LogContract(LogStoreContract, AppenderContract, EventStoreContract):
    """The suite. `log` yields an empty log of the service `shop` in the network `city.example`, and closes it.

    States are in memory, unless `states` says otherwise. `many` may be lower where the log is slow.
    """

    @pytest.fixture
    async def store(self, log: LogStore) -> LogStore:
        return log

    @pytest.fixture
    async def states(self) -> AsyncIterator[StateStore]:
        states = MemoryStateStore()
        yield states
        await states.close()
