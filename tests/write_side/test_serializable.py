"""Rules that no single root can hold hold all the same, however many ask at once."""

from __future__ import annotations

import asyncio
import uuid

from tests.write_side.conftest import MakeShop
from tests.write_side.shop import A, B

from blossm.core.errors import BlossmError

YAML = """
---
procedure: command
name: sell
root: required
payload: {other: uuid}
retries: 20
---
procedure: command
name: register
root: new
retries: 20
reads: [red]
---
procedure: fact
name: red
"""
COMMANDS = """
import asyncio

async def sell(command):
    mine, other = await command.aggregate(), await command.aggregate(command.payload["other"])
    await asyncio.sleep(0)
    return [Event("sold")] if not mine.number and not other.number else []

async def register(command):
    if command.options["itself"]:
        red = len(await command.query_aggregates({"frame_color": "red"}))
    else:
        red = await command.fact("red")
    await asyncio.sleep(0)
    return [Event("registered", {"frame_color": "red"})] if red < 3 else []
"""
FACTS = """
async def red(fact):
    return len(await fact.query_aggregates({"frame_color": "red"}))
"""


async def test_of_two_that_each_look_at_the_others_root_only_one_acts(shop: MakeShop) -> None:
    made = await shop(yaml=YAML, commands=COMMANDS, facts=FACTS)
    await asyncio.gather(
        *(made.call("shop.bicycle.sell", {"other": other}, root=mine) for mine, other in [(A, B), (B, A)] * 3)
    )
    assert await made.actions() == ["sold"]


async def test_a_bound_on_the_answer_to_a_question_is_never_passed(shop: MakeShop) -> None:
    made = await shop(yaml=YAML, commands=COMMANDS, facts=FACTS)
    answers = await asyncio.gather(
        *(
            made.call("shop.bicycle.register", key=uuid.uuid4().hex, options={"itself": itself})
            for itself in [True, False] * 6
        ),
        return_exceptions=True,
    )
    assert not [answer for answer in answers if isinstance(answer, BaseException) and not isinstance(answer, BlossmError)]
    assert await made.actions() == ["registered"] * 3
