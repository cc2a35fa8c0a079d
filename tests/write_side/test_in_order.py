"""Whatever runs at once, it is as if one had run after the other, in the order of the log."""

from __future__ import annotations

import asyncio
import itertools
import random
import uuid
from typing import Any

import pytest
from tests.write_side.conftest import MakeShop
from tests.write_side.selling import sell, selling
from tests.write_side.shop import A, B, Shop

from blossm.core.commit import EventRef
from blossm.core.errors import Conflict
from blossm.core.event import LoggedEvent

YAML = """
---
procedure: command
name: act
payload: {steps: json}
reads: [state, ask]
retries: 100
---
procedure: fact
name: state
root: required
---
procedure: fact
name: ask
query: {color: string}
"""
COMMANDS = """
import asyncio

async def act(command):
    seen, events = [], []
    for step, what in command.payload["steps"]:
        if step == "paint":
            events.append(Event("painted", {"frame_color": what[1]}, root=what[0]))
        else:
            seen.append([step, what, await read(command, step, what)])
        await asyncio.sleep(0)
    return Reply(events, response=seen)

async def read(command, step, what):
    match step:
        case "state":
            bicycle = await command.aggregate(what)
            bicycle.state["frame_color"] = "changed, and seen by nobody"
            bicycle = await command.aggregate(what)
            return [bicycle.number, bicycle.state]
        case "count":
            return await command.count(what)
        case "ask":
            return [[found.root, found.number] for found in await command.query_aggregates({"frame_color": what})]
        case "state by fact":
            return await command.fact("state", root=what)
        case "ask by fact":
            return await command.fact("ask", {"color": what})
"""
FACTS = """
async def state(fact):
    bicycle = await fact.aggregate()
    return [bicycle.number, bicycle.state]

async def ask(fact):
    return [[found.root, found.number] for found in await fact.query_aggregates({"frame_color": fact.query["color"]})]
"""
ROOTS = [A, B, "7d1c1c1e-6f2e-4c53-9a43-0a6d0f5b000c"]
COLORS = ["red", "blue"]


def steps(chance: random.Random) -> list[Any]:
    """Some readings, and then one or two events."""
    about = {"state": ROOTS, "state by fact": ROOTS, "count": ROOTS, "ask": COLORS, "ask by fact": COLORS}
    read = [[step, chance.choice(about[step])] for step in chance.choices(list(about), k=chance.randint(1, 4))]
    return read + [["paint", [chance.choice(ROOTS), chance.choice(COLORS)]] for _ in range(chance.randint(1, 2))]


def true_before(position: int, step: str, what: str, events: list[LoggedEvent]) -> Any:
    """What a reading answers by all that was logged before a position."""
    numbers: dict[str, int] = {}
    states: dict[str, dict[str, Any]] = {}
    for event in events[: position - 1]:
        numbers[event.root] = event.number
        states.setdefault(event.root, {}).update(event.payload)
    if step.startswith("ask"):
        return [[root, numbers[root]] for root in sorted(numbers) if states[root]["frame_color"] == what]
    return numbers.get(what, 0) if step == "count" else [numbers.get(what, 0), states.get(what, {})]


@pytest.mark.ways("in process", "over gRPC", because="all of them run at once: nothing begins anew between them")
@pytest.mark.parametrize("seed", range(5))
async def test_what_a_command_has_read_is_true_where_its_events_stand_in_the_log(shop: MakeShop, seed: int) -> None:
    made, chance = await shop(yaml=YAML, commands=COMMANDS, facts=FACTS), random.Random(seed)
    asked = [made.call("shop.bicycle.act", {"steps": steps(chance)}, key=uuid.uuid4().hex) for _ in range(40)]
    answers = await asyncio.gather(*asked)
    events = await made.events()
    assert sum(len(answer.events) for answer in answers) == len(events)
    for answer in answers:
        for step, what, came in answer.response:
            assert came == true_before(answer.events[0].position, step, what, events)


ACTS = f"""
await command.aggregate()
await command.log([Event("painted", {{"frame_color": "red"}})])
await command.call("paint", {{"frame_color": "blue"}}, root="{B}")
await command.query_aggregates({{"frame_color": "blue"}})
await command.call("staff.mechanic.notify", {{"text": "hi"}}, root="{B}")
await command.log([Event("painted", {{"frame_color": "green"}}, root=command.new_root())])
return [Event("sold")]
"""


async def gone_after(made: Shop, key: str, turns: int) -> None:
    """A request whose asker goes away when the loop has gone round so often."""
    asked = asyncio.ensure_future(sell(made, key=key))
    for _ in range(turns):
        await asyncio.sleep(0)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)


async def gone_at(made: Shop, key: str, turn: int) -> None:
    """A request whose asker goes away before or after something that a log is asked."""
    asked, turns = asyncio.ensure_future(sell(made, key=key)), itertools.count(1)
    for stores in made.stores.values():
        stores.at_each_turn = lambda: asked.cancel() if next(turns) == turn else None
    await asyncio.gather(asked, return_exceptions=True)
    for stores in made.stores.values():
        stores.at_each_turn = lambda: None


@pytest.mark.ways("in process", because="the next one knows places to go away at in all of them")
async def test_whenever_a_request_is_broken_off_its_repeat_does_the_rest_and_nothing_twice(shop: MakeShop) -> None:
    made = await selling(shop, ACTS)
    logged: list[EventRef] = []
    for after in range(1, 120):
        key = uuid.uuid4().hex
        await gone_after(made, key, after)
        await gone_after(made, key, after // 2)
        logged += (await repeated(made, key)).events
    assert len(logged) == len(set(logged)) == len(await made.events()) == 4 * 119
    assert len(await made.events("staff")) == 119


async def test_wherever_a_request_is_broken_off_its_repeat_does_the_rest_and_nothing_twice(shop: MakeShop) -> None:
    made = await selling(shop, ACTS)
    logged: list[EventRef] = []
    for turn in range(1, 25):
        key = uuid.uuid4().hex
        await gone_at(made, key, turn)
        await gone_at(made, key, turn // 2 + 1)
        logged += (await repeated(made, key)).events
    assert len(logged) == len(set(logged)) == len(await made.events()) == 4 * 24
    assert len(await made.events("staff")) == 24


async def repeated(made: Shop, key: str) -> Any:
    """As a client does it: what of the first try is still under way may be in the way of the second."""
    while True:
        try:
            return await sell(made, key=key)
        except Conflict:
            await asyncio.sleep(0)
