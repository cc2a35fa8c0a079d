"""However a view store is reached, its caller is promised the same."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.transports import Way

from blossm.adapters.memory.clock import FakeClock
from blossm.ports import ViewStoreClient
from blossm.procedures.standing import Procedures
from blossm.procedures.view_store import ViewStoreProcedure
from blossm.testing.contracts.view_store_client import NETWORK, VIEW, ViewStoreClientContract


class TestViewStoreClient(ViewStoreClientContract):
    @pytest.fixture
    async def client(self, wire: Way, view: ViewStoreProcedure, clock: FakeClock) -> AsyncIterator[ViewStoreClient]:
        transport = wire.transport(NETWORK, clock=clock)
        await transport.serve(Procedures(view_stores={VIEW.address: view}))
        yield transport.operator().view_store(VIEW.address)
        await transport.close()
