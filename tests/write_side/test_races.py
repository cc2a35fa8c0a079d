"""Two commands at once: what one decided on is still true when it logs, or it decides again."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest
from tests.write_side.conftest import MakeShop
from tests.write_side.shop import A, B, Shop

from blossm.core.commit import Commit
from blossm.core.errors import Conflict

YAML = """
---
procedure: command
name: sell
root: required
calls: [touch, shop.bicycle.paint]
reads: [shop.bicycle.color, shop.bicycle.raises]
{more}
---
procedure: command
name: touch
root: required
calls: [paint]
---
procedure: command
name: paint
root: required
payload: {{frame_color: string}}
---
procedure: fact
name: color
root: required
---
procedure: fact
name: raises
"""
COMMANDS = """
tries = hooks.setdefault("tries", [])

async def touch(command):
    await command.call("paint", {"frame_color": "mid"}, root=command.root)
    return [Event("painted", {"frame_color": "touched"})]

async def paint(command):
    return [Event("painted", command.payload)]

async def sell(command):
    tries.append(1)
    first = hooks.pop("between", None)
"""
FACTS = """
async def color(fact):
    return (await fact.aggregate()).state.get("frame_color")

async def raises(fact):
    raise Conflict("mine")
"""


async def selling(shop: MakeShop, body: str, more: str = "", **rest: Any) -> Shop:
    """A shop whose `sell` has this body. `first` is a hook of the first attempt."""
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return await shop(yaml=YAML.format(more=more), commands=COMMANDS + lines, facts=FACTS, **rest)


def between(made: Shop, root: str = A, color: str = "other") -> None:
    """In the first attempt somebody else paints a bicycle where `sell` awaits `first()`."""

    async def paint() -> None:
        await made.call("shop.bicycle.paint", {"frame_color": color}, root=root)

    made.code().hooks["between"] = paint


SELL_ONCE = """
bicycle = await command.aggregate()
if first:
    await first()
return Reply([Event("sold")], response=bicycle.number)
"""


async def test_a_root_that_moved_between_reading_and_logging_is_read_again(shop: MakeShop) -> None:
    made = await selling(shop, SELL_ONCE)
    between(made)
    assert (await made.call("shop.bicycle.sell", root=A)).response == 1
    assert await made.actions() == ["painted", "sold"]
    assert len(made.code().tries) == 2


async def test_of_callers_on_one_root_each_sees_the_one_before(shop: MakeShop) -> None:
    made = await selling(shop, "bicycle = await command.aggregate()\nreturn Reply([Event('sold')], response=bicycle.number)")
    answers = await asyncio.gather(*(made.call("shop.bicycle.sell", root=A) for _ in range(3)))
    assert sorted(answer.response for answer in answers) == [0, 1, 2]
    assert [event.number for event in await made.events()] == [1, 2, 3]


async def test_commands_on_different_roots_are_in_nobodys_way(shop: MakeShop) -> None:
    made = await selling(shop, SELL_ONCE)
    between(made, root=B)
    await made.call("shop.bicycle.sell", root=A)
    assert len(made.code().tries) == 1


async def test_after_its_retries_a_conflict_is_answered_with_the_facts(shop: MakeShop) -> None:
    made = await selling(
        shop,
        """
        bicycle = await command.aggregate()
        await hooks["always"]()
        return [Event("sold")]
        """.replace("        ", ""),
        more="retries: 2",
    )

    async def always() -> None:
        await made.call("shop.bicycle.paint", {"frame_color": "other"}, root=A)

    made.code().hooks["always"] = always
    with pytest.raises(Conflict) as refused:
        await made.call("shop.bicycle.sell", root=A)
    assert refused.value.facts == {"domain": "bicycle", "root": A, "expected": 2, "is": 3, "attempts": 3}
    assert await made.actions() == ["painted"] * 3


async def test_a_later_reading_of_a_root_that_moved_is_a_conflict_at_once(shop: MakeShop) -> None:
    made = await selling(
        shop,
        """
await command.aggregate()
if first:
    await first()
number = await command.count()
hooks.setdefault("read", []).append(number)
return Reply([Event("sold")], response=number)
""",
    )
    between(made)
    await made.call("shop.bicycle.sell", root=A)
    assert made.code().hooks["read"] == [1]


async def test_a_root_that_was_not_there_yet_is_noticed_when_it_begins_to_be(shop: MakeShop) -> None:
    made = await selling(shop, SELL_ONCE.replace("command.aggregate()", f"command.aggregate('{B}')"))
    between(made, root=B)
    assert (await made.call("shop.bicycle.sell", root=A)).response == 1
    assert len(made.code().tries) == 2


COUNT_RED = """
red = await command.query_aggregates({"frame_color": "red"})
if first:
    await first()
return Reply([Event("sold")], response=len(red))
"""


async def test_a_question_whose_answer_changes_is_asked_again(shop: MakeShop) -> None:
    made = await selling(shop, COUNT_RED)
    between(made, root=B, color="red")
    assert (await made.call("shop.bicycle.sell", root=A)).response == 1
    assert len(made.code().tries) == 2


async def test_a_question_whose_answer_stays_the_same_troubles_nobody(shop: MakeShop) -> None:
    made = await selling(shop, COUNT_RED)
    between(made, root=B, color="blue")
    assert (await made.call("shop.bicycle.sell", root=A)).response == 0
    assert len(made.code().tries) == 1


async def test_what_a_fact_of_the_same_service_has_read_counts_too(shop: MakeShop) -> None:
    made = await selling(
        shop,
        f"""
color = await command.fact("color", root="{B}")
if first:
    await first()
return Reply([Event("sold")], response=0 if color is None else 1)
""",
    )
    between(made, root=B)
    assert (await made.call("shop.bicycle.sell", root=A)).response == 1


async def test_a_fact_reads_at_the_head_that_the_command_has_pinned(shop: MakeShop) -> None:
    made = await selling(
        shop,
        f"""
await command.aggregate()
if first:
    await first()
color = await command.fact("color", root="{B}")
hooks.setdefault("read", []).append(color)
return [Event("sold")] and Reply([Event("sold")], response=0)
""",
    )
    between(made, root=B)
    await made.call("shop.bicycle.sell", root=A)
    assert made.code().hooks["read"] == ["other"]
    assert len(made.code().tries) == 2


async def test_a_conflict_that_the_handler_raises_is_its_answer(shop: MakeShop) -> None:
    made = await selling(shop, "raise Conflict('mine')")
    with pytest.raises(Conflict, match="mine"):
        await made.call("shop.bicycle.sell", root=A)
    assert len(made.code().tries) == 1


async def test_a_conflict_that_a_facts_handler_raises_is_its_answer_too(shop: MakeShop) -> None:
    made = await selling(shop, "await command.fact('raises')")
    with pytest.raises(Conflict, match="mine"):
        await made.call("shop.bicycle.sell", root=A)
    assert len(made.code().tries) == 1


async def test_without_consistency_nothing_that_was_read_matters(shop: MakeShop) -> None:
    made = await selling(shop, SELL_ONCE, more="consistency: none")
    between(made)
    assert (await made.call("shop.bicycle.sell", root=A)).response == 0
    assert await made.actions() == ["painted", "sold"]


async def test_what_an_attempt_did_to_its_payload_the_next_does_not_see(shop: MakeShop) -> None:
    made = await selling(
        shop,
        """
await command.aggregate()
command.payload["tags"].append("x")
if first:
    await first()
return Reply([Event("sold")], response=len(command.payload["tags"]))
""",
        more="payload: {tags: {type: [string], default: []}}",
    )
    between(made)
    assert (await made.call("shop.bicycle.sell", root=A)).response == 1
    assert len(made.code().tries) == 2


async def test_a_command_does_not_conflict_with_what_it_logs_mid_routine(shop: MakeShop) -> None:
    made = await selling(
        shop,
        """
await command.query_aggregates({"frame_color": "red"})
await command.aggregate()
await command.log([Event("painted", {"frame_color": "red"})])
seen = await command.aggregate()
return Reply([Event("sold")], response=seen.number)
""",
        more="retries: 0",
    )
    assert (await made.call("shop.bicycle.sell", root=A)).response == 1
    assert await made.actions() == ["painted", "sold"]


async def test_a_command_does_not_conflict_with_the_commands_it_calls(shop: MakeShop) -> None:
    made = await selling(
        shop,
        """
await command.aggregate()
answer = await command.call("touch", root=command.root)
seen = await command.aggregate()
return Reply([Event("sold")], response=seen.number)
""",
        more="retries: 0",
    )
    answer = await made.call("shop.bicycle.sell", root=A)
    assert answer.response == 2
    assert [event.number for event in answer.events] == [1, 2, 3]


async def test_after_a_log_a_conflict_comes_to_the_handler_and_is_answered(shop: MakeShop) -> None:
    made = await selling(
        shop,
        """
await command.aggregate()
await command.log([Event("painted", {"frame_color": "mine"})])
if first:
    await first()
return [Event("sold")]
""",
    )
    between(made)
    with pytest.raises(Conflict):
        await made.call("shop.bicycle.sell", root=A)
    assert len(made.code().tries) == 1
    assert await made.actions() == ["painted", "painted"]


async def test_a_log_that_lost_its_race_has_not_acted_and_the_command_runs_again(shop: MakeShop) -> None:
    made = await selling(
        shop,
        """
bicycle = await command.aggregate()
if first:
    await first()
await command.log([Event("painted", {"frame_color": "mine"})])
return Reply([Event("sold")], response=bicycle.number)
""",
    )
    between(made)
    assert (await made.call("shop.bicycle.sell", root=A)).response == 1
    assert await made.actions() == ["painted", "painted", "sold"]


async def test_a_handler_may_deal_with_a_conflict_itself(shop: MakeShop) -> None:
    made = await selling(
        shop,
        """
await command.aggregate()
if first:
    await first()
try:
    await command.log([Event("painted", {"frame_color": "mine"})])
except Conflict as conflict:
    return Reply(response=conflict.facts["is"])
""",
    )
    between(made)
    assert (await made.call("shop.bicycle.sell", root=A)).response == 1
    assert len(made.code().tries) == 1


async def test_readings_at_the_same_time_are_at_one_head(shop: MakeShop) -> None:
    made = await selling(
        shop,
        f"""
import asyncio
mine, other = await asyncio.gather(command.aggregate(), command.aggregate("{B}"))
return Reply([Event("sold")], response=mine.number + other.number)
""",
    )
    assert (await made.call("shop.bicycle.sell", root=A)).response == 0


@pytest.mark.parametrize("second", ["command.aggregate('{B}')", "command.fact('color', root='{B}')"])
async def test_of_readings_at_the_same_time_the_first_to_come_pins_the_head(shop: MakeShop, second: str) -> None:
    made = await selling(
        shop,
        f"""
import asyncio
await asyncio.gather(command.aggregate(), {second.replace("{B}", B)})
return [Event("sold")]
""",
    )
    stores, begun, pinned = made.stores["shop"], asyncio.Event(), asyncio.Event()
    heads = []

    async def aggregate(domain: str, root: str, **at: int) -> Any:
        heads.append((root, at["head"]))
        if root == A:
            await begun.wait()
        elif not begun.is_set():
            begun.set()
            await pinned.wait()
            await made.call("shop.bicycle.paint", {"frame_color": "other"}, root=B)
        reading = await stores.__getattr__("aggregate")(domain, root, **at)
        if root == A:
            pinned.set()
        return reading

    stores.__dict__["aggregate"] = aggregate
    await made.call("shop.bicycle.sell", root=A)
    assert (B, 1) in heads
    assert len(made.code().tries) == 2


async def test_a_race_inside_the_append_is_run_again_too(shop: MakeShop) -> None:
    made = await selling(shop, SELL_ONCE)

    async def paint(commit: Commit) -> None:
        await made.call("shop.bicycle.paint", {"frame_color": "other"}, root=A)

    made.stores["shop"].before = paint
    assert (await made.call("shop.bicycle.sell", root=A)).response == 1


async def test_before_its_first_reading_nothing_that_others_log_is_in_a_commands_way(shop: MakeShop) -> None:
    made = await selling(
        shop,
        f"""
await command.log([Event("painted", {{"frame_color": "mine"}}, root="{B}")])
await first()
return Reply([Event("sold")], response=(await command.aggregate()).number)
""",
        more="retries: 0",
    )
    between(made)
    assert (await made.call("shop.bicycle.sell", root=A)).response == 1


async def test_a_conflict_out_of_a_task_group_is_run_again_too(shop: MakeShop) -> None:
    made = await selling(
        shop,
        """
import asyncio
await command.aggregate()
if first:
    await first()
async with asyncio.TaskGroup() as tasks:
    again = tasks.create_task(command.aggregate())
return Reply([Event("sold")], response=again.result().number)
""",
    )
    between(made)
    assert (await made.call("shop.bicycle.sell", root=A)).response == 1


async def test_what_still_runs_of_an_attempt_that_is_over_logs_nothing(shop: MakeShop) -> None:
    made = await selling(
        shop,
        """
import asyncio
async def late():
    await hooks["over"].wait()
    try:
        await command.log([Event("painted", {"frame_color": "stale"})])
    except RuntimeError as error:
        hooks["told"].set_result(str(error))

hooks["task"] = asyncio.create_task(late())
return [Event("sold")]
""",
    )
    over, told = asyncio.Event(), asyncio.get_running_loop().create_future()
    made.code().hooks.update(over=over, told=told)
    await made.call("shop.bicycle.sell", root=A)
    over.set()
    assert await told == "this run of shop.bicycle.sell is over: it logs and calls nothing any more"
    assert await made.actions() == ["sold"]


@pytest.mark.ways("in process", "over gRPC", because="the append outlives its caller, not its process")
async def test_who_is_cancelled_hears_nothing_of_the_race_that_the_write_then_loses(
    shop: MakeShop, caplog: pytest.LogCaptureFixture
) -> None:
    made = await selling(shop, SELL_ONCE)
    waiting, lost = asyncio.Event(), asyncio.Event()

    async def paint(commit: Commit) -> None:
        waiting.set()
        await lost.wait()
        await made.call("shop.bicycle.paint", {"frame_color": "other"}, root=A)

    made.stores["shop"].before = paint
    asked = asyncio.ensure_future(made.call("shop.bicycle.sell", root=A))
    await waiting.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    lost.set()
    await made.stores["shop"].quiet.wait()
    assert await made.actions() == ["painted"]
    for _ in range(100):
        await asyncio.sleep(0)
    gc.collect()
    assert not caplog.records
