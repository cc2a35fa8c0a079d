"""A repeated request acts once, also after a crash in the middle; one that diverges is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.write_side.conftest import MakeShop
from tests.write_side.shop import A, B, Shop

from blossm.adapters.memory.clock import FakeClock
from blossm.core.commit import Commit
from blossm.core.errors import BadRequest, BlossmError, DeadlineExceeded, KeyReused, PreconditionFailed
from blossm.core.request import Answer

YAML = """
---
procedure: command
name: sell
payload: {price: {type: integer, default: 1}}
calls: [staff.mechanic.notify, paint, sell]
---
procedure: command
name: paint
payload: {frame_color: string}
root: required
"""
COMMANDS = """
class Crash(BaseException): ...

async def paint(command):
    return [Event("painted", command.payload)]

async def sell(command):
    crash = hooks.pop("crash", False)
"""


def selling(shop: MakeShop, body: str, **more: Any) -> Shop:
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return shop(yaml=YAML, commands=COMMANDS + lines, **more)


async def sell(made: Shop, key: str = "k", root: str = A, **more: Any) -> Answer:
    return await made.call("shop.bicycle.sell", key=key, root=root, **more)


async def crashed(made: Shop, **more: Any) -> None:
    """A call whose handler breaks off in the middle, as if the process had died."""
    made.code().hooks["crash"] = True
    with pytest.raises(made.code().Crash):
        await sell(made, **more)


ONCE = """
hooks["ran"] = hooks.get("ran", 0) + 1
if (await command.aggregate()).number:
    raise PreconditionFailed("it is sold")
return Reply([Event("sold")], response={"at": command.payload["price"]}, status=201, cookies=[Cookie(name="a", value="b")])
"""


async def test_a_repeated_request_gets_the_original_answer_and_acts_once(shop: MakeShop) -> None:
    made = selling(shop, ONCE)
    first, second = await sell(made), await sell(made)
    assert (second.response, second.status, second.root, second.events) == ({"at": 1}, 201, A, first.events)
    assert (second.position, second.cookies) == (1, ())
    assert await made.actions() == ["sold"]
    assert made.code().hooks["ran"] == 1


async def test_a_key_that_comes_with_another_request_is_refused(shop: MakeShop) -> None:
    made = selling(shop, ONCE)
    await sell(made)
    for more in ({"root": B}, {"payload": {"price": 2}}, {"options": {"a": 1}}):
        with pytest.raises(KeyReused) as refused:
            await sell(made, **more)
        assert {"first", "now"} <= refused.value.facts.keys()


async def test_another_key_is_another_request(shop: MakeShop) -> None:
    made = selling(shop, ONCE)
    await sell(made)
    with pytest.raises(PreconditionFailed):
        await sell(made, key="other")


async def test_requests_without_a_key_are_each_their_own(shop: MakeShop) -> None:
    made = selling(shop, "return [Event('sold')]")
    await sell(made, key="")
    await sell(made, key="")
    assert await made.actions() == ["sold", "sold"]


async def test_the_same_request_many_times_at_once_acts_once(shop: MakeShop) -> None:
    made = selling(shop, ONCE)
    answers = await asyncio.gather(*(sell(made) for _ in range(10)))
    assert {answer.events for answer in answers} == {answers[0].events}
    assert {answer.response["at"] for answer in answers} == {1}
    assert await made.actions() == ["sold"]


async def test_before_an_error_is_answered_the_key_is_looked_up_again(shop: MakeShop) -> None:
    """The other try of the request was faster, and what it did is why this one fails."""
    made = selling(shop, "if crash:\n    await hooks['meanwhile']()\n" + ONCE.strip())
    answers: list[Answer] = []

    async def meanwhile() -> None:
        answers.append(await sell(made))

    made.code().hooks.update(crash=True, meanwhile=meanwhile)
    assert (await sell(made)).events == answers[0].events
    assert await made.actions() == ["sold"]


async def test_a_command_that_logs_nothing_keeps_no_record(shop: MakeShop) -> None:
    made = selling(shop, "hooks['ran'] = hooks.get('ran', 0) + 1\nreturn Reply(response=hooks['ran'])")
    assert [(await sell(made)).response, (await sell(made)).response] == [1, 2]


LOG_THEN_SELL = """
await command.log([Event("painted", {"frame_color": "red"})])
if crash:
    raise Crash
return Reply([Event("sold")], response="done")
"""


async def test_what_was_logged_before_a_crash_is_met_again_and_not_logged_twice(shop: MakeShop) -> None:
    made = selling(shop, LOG_THEN_SELL)
    await crashed(made)
    assert await made.actions() == ["painted"]
    answer = await sell(made)
    assert await made.actions() == ["painted", "sold"]
    assert [event.action for event in answer.events] == ["painted", "sold"]
    assert (await sell(made)).events == answer.events


async def test_a_repeat_may_have_read_what_it_logged_before_the_crash(shop: MakeShop) -> None:
    body = "await command.query_aggregates({'frame_color': 'red'})\nawait command.aggregate()\n" + LOG_THEN_SELL.strip()
    made = selling(shop, body)
    await crashed(made)
    await made.call("shop.bicycle.paint", {"frame_color": "blue"}, root=A)
    await sell(made)
    assert await made.actions() == ["painted", "painted", "sold"]


async def test_a_crash_after_the_append_is_met_by_the_original_answer(shop: MakeShop) -> None:
    made = selling(shop, ONCE)

    async def die(commit: Commit) -> None:
        raise asyncio.CancelledError

    made.stores["shop"].after = die
    with pytest.raises(BaseException):  # noqa: B017, PT011 - the process is dead, it does not matter of what
        await sell(made)
    assert (await sell(made)).response == {"at": 1}
    assert await made.actions() == ["sold"]


async def test_a_command_called_before_a_crash_is_met_again_and_acts_once(shop: MakeShop) -> None:
    made = selling(
        shop,
        f"""
heard = await command.call("staff.mechanic.notify", {{"text": "hi"}}, root="{B}")
if crash:
    raise Crash
return Reply([Event("sold")], response=heard.response)
""",
    )
    await crashed(made)
    assert (await sell(made)).response == {"heard": "hi"}
    assert await made.actions("staff") == ["notified"]


async def test_new_roots_are_the_same_in_a_repeat(shop: MakeShop) -> None:
    made = selling(
        shop,
        """
roots = [command.new_root(), command.new_root()]
await command.log([Event("sold", root=roots[0])])
if crash:
    raise Crash
return Reply([Event("sold", root=roots[1])], response=roots)
""",
    )
    await crashed(made, root="")
    answer = await sell(made, root="")
    assert [event.root for event in await made.events()] == answer.response
    assert len(set(answer.response)) == 2
    assert answer.root == answer.response[0]


async def test_a_repeat_that_logs_something_else_is_refused_with_both_sides(shop: MakeShop) -> None:
    made = selling(
        shop,
        """
await command.log([Event("painted", {"frame_color": "red"}) if crash else Event("sold")])
if crash:
    raise Crash
""",
    )
    await crashed(made)
    with pytest.raises(KeyReused) as refused:
        await sell(made)
    assert refused.value.message == "the repeated request diverges from what it did before, at its log 0"
    assert (refused.value.facts["first"]["did"], refused.value.facts["now"]["did"]) == (["painted"], ["sold"])
    assert await made.actions() == ["painted"]


@pytest.mark.parametrize(
    "second",
    [
        f'"staff.mechanic.notify", {{"text": "other"}}, root="{B}"',
        f'"staff.mechanic.notify", {{"text": "hi"}}, root="{A}"',
    ],
)
async def test_a_repeat_that_calls_something_else_is_refused(shop: MakeShop, second: str) -> None:
    made = selling(
        shop,
        f"""
if crash:
    await command.call("staff.mechanic.notify", {{"text": "hi"}}, root="{B}")
    raise Crash
await command.call({second})
""",
    )
    await crashed(made)
    with pytest.raises(KeyReused, match="at its call 0"):
        await sell(made)
    assert await made.actions("staff") == ["notified"]


async def test_a_repeat_that_calls_another_command_of_the_same_log_is_refused(shop: MakeShop) -> None:
    """The same payload and root, but another address."""
    made = selling(
        shop,
        """
if command.options:
    return [Event("sold")]
if crash:
    await command.call("paint", {"frame_color": "red"}, root=command.root)
    raise Crash
await command.call("sell", {}, root=command.root)
""",
    )
    await crashed(made)
    with pytest.raises(KeyReused, match="at its call 0"):
        await sell(made)


async def test_a_log_that_failed_leaves_its_place_to_the_next(shop: MakeShop) -> None:
    made = selling(
        shop,
        """
try:
    await command.log([Event("painted", {"frame_color": 1})])
except BadRequest:
    await command.log([Event("painted", {"frame_color": "red"})])
if crash:
    raise Crash
return [Event("sold")]
""",
    )
    await crashed(made)
    await sell(made)
    assert await made.actions() == ["painted", "sold"]


async def test_logging_nothing_mid_routine_is_nothing(shop: MakeShop) -> None:
    made = selling(shop, "return Reply(response=await command.log([]))")
    assert (await sell(made)).response == []


# ---------------------------------------------------------------- later


async def laters(made: Shop) -> list[tuple[int, str, str, dict[str, Any], str]]:
    page = await made.stores["shop"].read(0)
    return [
        (commit.position, later.at, later.address, later.payload, later.root)
        for commit in page.commits
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
    made = selling(
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
    made = selling(
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
    made = selling(shop, f'await command.call("staff.mechanic.notify", {{"text": "hi"}}, root="{B}", later=1)')
    with pytest.raises(BlossmError, match="a handler failed"):
        await sell(made)


@pytest.mark.parametrize("call", ['{"text": 1}, root="' + B + '"', '{"text": "hi"}'])
async def test_a_call_for_later_that_would_be_refused_then_is_refused_now(shop: MakeShop, call: str) -> None:
    made = selling(shop, f'await command.call("staff.mechanic.notify", {call}, later=1)')
    with pytest.raises(BadRequest):
        await sell(made)


# ---------------------------------------------------------------- deadlines


async def until(condition: Any) -> None:
    """Let others run until it is so."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it did not come to be")


async def late(made: Shop, clock: FakeClock, waiting: asyncio.Event, **more: Any) -> None:
    """A call that is waiting when its deadline passes."""
    asked = asyncio.ensure_future(sell(made, **more))
    await waiting.wait()
    clock.advance(60.0)
    with pytest.raises(DeadlineExceeded):
        await asked


async def test_a_handler_that_waits_for_ever_meets_the_commands_timeout(shop: MakeShop) -> None:
    clock, waiting = FakeClock(), asyncio.Event()
    made = selling(shop, "hooks['waiting'].set()\nimport asyncio\nawait asyncio.Event().wait()", clock=clock)
    made.code().hooks["waiting"] = waiting
    await late(made, clock, waiting, timeout=1000.0)


async def test_a_late_append_is_not_lost(shop: MakeShop) -> None:
    clock, waiting, go_on = FakeClock(), asyncio.Event(), asyncio.Event()
    made = selling(shop, ONCE, clock=clock)

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
    made = selling(
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


async def test_the_asker_may_have_less_time_than_the_command(shop: MakeShop) -> None:
    clock, waiting = FakeClock(), asyncio.Event()
    made = selling(shop, "hooks['waiting'].set()\nimport asyncio\nawait asyncio.Event().wait()", clock=clock)
    made.code().hooks["waiting"] = waiting
    asked = asyncio.ensure_future(sell(made, timeout=5.0))
    await waiting.wait()
    clock.advance(5.0)
    with pytest.raises(DeadlineExceeded):
        await asked


async def test_a_called_command_has_no_more_time_than_who_calls_it(shop: MakeShop) -> None:
    clock, waiting = FakeClock(), asyncio.Event()
    made = selling(shop, f'await command.call("staff.mechanic.notify", {{"text": "hi"}}, root="{B}")', clock=clock)

    async def slow(commit: Commit) -> None:
        waiting.set()
        await asyncio.Event().wait()

    made.stores["staff"].before = slow
    asked = asyncio.ensure_future(sell(made, timeout=5.0))
    await waiting.wait()
    clock.advance(5.0)
    with pytest.raises(DeadlineExceeded):
        await asked
