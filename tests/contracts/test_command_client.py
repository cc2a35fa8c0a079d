"""However a command is reached, its caller is promised the same."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.transports import Way

from blossm.adapters.memory.clock import FakeClock
from blossm.ports import CommandClient
from blossm.procedures.standing import Procedures
from blossm.testing.contracts.asked import NETWORK, PAINT, Commands
from blossm.testing.contracts.command_client import CommandClientContract


class TestCommandClient(CommandClientContract):
    @pytest.fixture
    async def client(self, wire: Way, commands: Commands, clock: FakeClock) -> AsyncIterator[CommandClient]:
        transport = wire.transport(NETWORK, clock=clock)
        await transport.serve(Procedures(commands={PAINT.address: commands}))
        yield transport.operator().command(PAINT.address)
        await transport.close()
