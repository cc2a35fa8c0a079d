"""Appends whose connection breaks: sent again they are logged once, and nobody is told more than is known."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.rpc.served_shop import NETWORK, TOKEN, event_stores, served
from tests.rpc.shop_process import shop_process

from blossm.adapters.clock import SystemClock
from blossm.core.errors import DeadlineExceeded, Unavailable
from blossm.rpc.calling import line as protocol
from blossm.rpc.calling.event_store import WireEventStores
from blossm.rpc.calling.line import Line, open_channel
from blossm.rpc.keys import operator_key
from blossm.rpc.types import Types
from blossm.testing.contracts.log_store import commit
from blossm.testing.contracts.shop import painted

TYPES = Types(NETWORK)


@asynccontextmanager
async def client_of(address: str) -> AsyncIterator[WireEventStores]:
    channel = open_channel(address)
    try:
        line = Line(channel, operator_key(TOKEN))
        yield WireEventStores(line, network=NETWORK, types=TYPES, service="shop", clock=SystemClock())
    finally:
        await channel.close()


async def test_a_commit_whose_server_was_killed_before_it_answered_is_logged_once_and_no_repeat(tmp_path: Path) -> None:
    log = tmp_path / "shop.log"
    async with shop_process(log, dies=True) as first, client_of(first.address) as client:
        append = asyncio.create_task(client.append(commit(painted("red"), key="k")))
        assert await first.died() == -signal.SIGKILL
        async with shop_process(log, address=first.address):
            done = await append
            assert (done.repeated, [event.position for event in done.events]) == (False, [1])
            assert (await client.append(commit(painted("red"), key="k"))).repeated
            assert await client.head() == 2


async def test_a_killed_server_that_does_not_come_back_leaves_the_outcome_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "PATIENCE", 0.5)
    async with shop_process(tmp_path / "shop.log", dies=True) as first, client_of(first.address) as client:
        with pytest.raises(DeadlineExceeded) as caught:
            await client.append(commit(painted("red"), key="k"))
        assert "outcome is unknown" in caught.value.message
        with pytest.raises(Unavailable):
            await client.append(commit(painted("red"), key="other"))


async def test_an_append_waits_for_a_server_that_is_just_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    stores = event_stores()
    async with served({"shop": stores}) as shop:
        address = shop.address
    async with client_of(address) as client:
        append = asyncio.create_task(client.append(commit(painted("red"))))
        await asyncio.sleep(0)
        async with served({"shop": stores}, address=address):
            assert [event.position for event in (await append).events] == [1]
    await stores.close()
