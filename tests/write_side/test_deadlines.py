"""Deadlines: who waits too long is told so, and what was being written is written."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.write_side.conftest import MakeShop
from tests.write_side.selling import ONCE, sell, selling
from tests.write_side.shop import B, Shop

from blossm.adapters.memory.clock import FakeClock
from blossm.core.commit import Commit
from blossm.core.errors import DeadlineExceeded


async def until(condition: Any) -> None:
    """Let others run until it is so."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for is in a user's file
            await asyncio.sleep(0)


async def late(made: Shop, clock: FakeClock, waiting: asyncio.Event, **more: Any) -> None:
    """A call that is waiting when its deadline passes."""
    asked = asyncio.ensure_future(sell(made, **more))
    await waiting.wait()
    clock.advance(60.0)
    with pytest.raises(DeadlineExceeded):
        await asked


async def test_a_handler_that_waits_for_ever_meets_the_commands_timeout(shop: MakeShop) -> None:
    clock, waiting = FakeClock(), asyncio.Event()
    made = await selling(shop, "hooks['waiting'].set()\nimport asyncio\nawait asyncio.Event().wait()", clock=clock)
    made.code().hooks["waiting"] = waiting
    await late(made, clock, waiting, timeout=1000.0)


@pytest.mark.ways("in process", "over gRPC", because="the append outlives its caller, not its process")
async def test_a_late_append_is_not_lost(shop: MakeShop) -> None:
    clock, waiting, go_on = FakeClock(), asyncio.Event(), asyncio.Event()
    made = await selling(shop, ONCE, clock=clock)

    async def slow(commit: Commit) -> None:
        waiting.set()
        await go_on.wait()

    made.stores["shop"].before = slow
    await late(made, clock, waiting)
    assert not await made.actions()
    written = asyncio.Event()

    async def tell(commit: Commit) -> None:
        written.set()

    made.stores["shop"].after = tell
    go_on.set()
    await written.wait()
    assert await made.actions() == ["sold"]
    assert (await sell(made)).response == {"at": 1}


async def test_past_the_deadline_a_handler_can_neither_log_nor_call(shop: MakeShop) -> None:
    clock, waiting = FakeClock(), asyncio.Event()
    made = await selling(
        shop,
        f"""
import asyncio
hooks["waiting"].set()
try:
    await asyncio.Event().wait()
except asyncio.CancelledError:
    for act in (command.log([Event("sold")]), command.call("staff.mechanic.notify", {{"text": "hi"}}, root="{B}")):
        try:
            await act
        except DeadlineExceeded as error:
            hooks.setdefault("refused", []).append(error.message)
""",
        clock=clock,
    )
    made.code().hooks["waiting"] = waiting
    await late(made, clock, waiting)
    await until(lambda: len(made.code().hooks.get("refused", [])) == 2)
    assert await made.actions() == await made.actions("staff") == []


async def test_what_a_function_returns_past_the_deadline_is_not_logged(shop: MakeShop) -> None:
    clock, waiting = FakeClock(), asyncio.Event()
    made = await selling(
        shop,
        """
import asyncio
hooks["waiting"].set()
try:
    await asyncio.Event().wait()
except asyncio.CancelledError:
    hooks["returned"] = True
return [Event("sold")]
""",
        clock=clock,
    )
    made.code().hooks["waiting"] = waiting
    await late(made, clock, waiting)
    await until(lambda: "returned" in made.code().hooks)
    assert not await made.actions()
    assert made.stores["shop"].appends == 0


async def test_the_asker_may_have_less_time_than_the_command(shop: MakeShop) -> None:
    clock, waiting = FakeClock(), asyncio.Event()
    made = await selling(shop, "hooks['waiting'].set()\nimport asyncio\nawait asyncio.Event().wait()", clock=clock)
    made.code().hooks["waiting"] = waiting
    asked = asyncio.ensure_future(sell(made, timeout=5.0))
    await waiting.wait()
    clock.advance(5.0)
    with pytest.raises(DeadlineExceeded):
        await asked


async def test_a_called_command_has_no_more_time_than_who_calls_it(shop: MakeShop) -> None:
    clock, waiting = FakeClock(), asyncio.Event()
    made = await selling(shop, f'await command.call("staff.mechanic.notify", {{"text": "hi"}}, root="{B}")', clock=clock)

    async def slow(commit: Commit) -> None:
        waiting.set()
        await asyncio.Event().wait()

    made.stores["staff"].before = slow
    asked = asyncio.ensure_future(sell(made, timeout=5.0))
    await waiting.wait()
    clock.advance(5.0)
    with pytest.raises(DeadlineExceeded):
        await asked
