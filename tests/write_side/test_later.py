"""Calls for later: kept in a commit, for whoever reads the log to make them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.write_side.conftest import MakeShop
from tests.write_side.selling import sell, selling
from tests.write_side.shop import B, Shop

from blossm.adapters.memory.clock import FakeClock
from blossm.core.errors import BadRequest, BlossmError


async def laters(made: Shop) -> list[tuple[int, str, str, dict[str, Any], str]]:
    return [
        (commit.position, later.at, later.address, later.payload, later.root)
        for commit in await made.commits()
        for later in commit.commit.later
    ]


@pytest.mark.parametrize(
    "later",
    [
        "90",
        "datetime.timedelta(seconds=90)",
        "'2025-01-01T01:01:30+01:00'",
        "datetime.datetime(2025, 1, 1, 0, 1, 30, tzinfo=datetime.UTC)",
    ],
)
async def test_a_call_for_later_is_kept_in_the_commit(shop: MakeShop, later: str) -> None:
    made = await selling(
        shop,
        f"""
import datetime
answer = await command.call("staff.mechanic.notify", {{"text": "hi"}}, root="{B}", later={later})
return Reply([Event("sold")], response=answer.tx)
""",
        clock=FakeClock(),
    )
    assert (await sell(made)).response == "tx-1"
    assert await laters(made) == [(1, "2025-01-01T00:01:30.000000Z", "staff.mechanic.notify", {"text": "hi"}, B)]
    assert await made.actions("staff") == []


async def test_a_call_for_later_is_kept_with_the_next_commit_and_no_other(shop: MakeShop) -> None:
    made = await selling(
        shop,
        f"""
await command.call("staff.mechanic.notify", {{"text": "hi"}}, root="{B}", later=1)
await command.log([Event("painted", {{"frame_color": "red"}})])
return [Event("sold")]
""",
    )
    await sell(made)
    assert [position for position, *_ in await laters(made)] == [1]


async def test_a_call_for_later_without_an_event_to_keep_it_is_an_error_of_the_handler(shop: MakeShop) -> None:
    made = await selling(shop, f'await command.call("staff.mechanic.notify", {{"text": "hi"}}, root="{B}", later=1)')
    with pytest.raises(BlossmError, match="a handler failed"):
        await sell(made)


@pytest.mark.parametrize("call", ['{"text": 1}, root="' + B + '"', '{"text": "hi"}'])
async def test_a_call_for_later_that_would_be_refused_then_is_refused_now(shop: MakeShop, call: str) -> None:
    made = await selling(shop, f'await command.call("staff.mechanic.notify", {call}, later=1)')
    with pytest.raises(BadRequest):
        await sell(made)


async def test_of_two_commits_at_the_same_time_only_one_keeps_the_call(shop: MakeShop) -> None:
    made = await selling(
        shop,
        f"""
import asyncio
await command.call("staff.mechanic.notify", {{"text": "hi"}}, root="{B}", later=1)
await asyncio.gather(*(command.log([Event("painted", {{"frame_color": color}})]) for color in ("red", "blue")))
""",
    )
    await sell(made)
    assert len(await laters(made)) == 1


async def test_a_call_for_later_stays_when_its_commit_fails(shop: MakeShop) -> None:
    made = await selling(
        shop,
        f"""
await command.call("staff.mechanic.notify", {{"text": "hi"}}, root="{B}", later=1)
try:
    await command.log([Event("painted")])
except Internal:
    return [Event("sold")]
""",
    )
    await sell(made)
    assert len(await laters(made)) == 1
