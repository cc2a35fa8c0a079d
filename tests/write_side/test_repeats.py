"""A repeated request acts once, also after a crash in the middle; one that diverges is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.write_side.conftest import MakeShop
from tests.write_side.hooks import Crash
from tests.write_side.selling import ONCE, sell, selling
from tests.write_side.shop import A, B, Shop

from blossm.core.commit import Commit
from blossm.core.errors import Internal, KeyReused, PreconditionFailed
from blossm.core.request import Answer

DEAD = (Crash, Internal)  # over a wire nobody says of what


async def crashed(made: Shop, **more: Any) -> None:
    """A call whose handler breaks off in the middle, as if the process had died."""
    made.code().hooks["crash"] = True
    with capture_logs(), pytest.raises(DEAD):
        await sell(made, **more)


async def test_a_repeated_request_gets_the_original_answer_and_acts_once(shop: MakeShop) -> None:
    made = await selling(shop, ONCE)
    first, second = await sell(made), await sell(made)
    assert (second.response, second.status, second.root, second.events) == ({"at": 1}, 201, A, first.events)
    assert (second.position, second.cookies) == (1, ())
    assert await made.actions() == ["sold"]
    assert made.code().hooks["ran"] == 1


async def test_a_key_that_comes_with_another_request_is_refused(shop: MakeShop) -> None:
    made = await selling(shop, ONCE)
    await sell(made)
    for more in ({"root": B}, {"payload": {"price": 2}}, {"options": {"a": 1}}):
        with pytest.raises(KeyReused) as refused:
            await sell(made, **more)
        assert {"first", "now"} <= refused.value.facts.keys()


async def test_another_key_is_another_request(shop: MakeShop) -> None:
    made = await selling(shop, ONCE)
    await sell(made)
    with pytest.raises(PreconditionFailed):
        await sell(made, key="other")


async def test_requests_without_a_key_are_each_their_own(shop: MakeShop) -> None:
    made = await selling(shop, "return [Event('sold')]")
    await sell(made, key="")
    await sell(made, key="")
    assert await made.actions() == ["sold", "sold"]


async def test_a_request_whose_key_was_just_made_acts_once_too_when_it_comes_twice(shop: MakeShop) -> None:
    """Nobody looks whether its key is known; but what carries it may have sent it again."""
    made = await selling(shop, ONCE)
    answers = [await sell(made, fresh=True) for _ in range(2)]
    answers += await asyncio.gather(*(sell(made, key="other", root=B, fresh=True) for _ in range(5)))
    assert [answer.position for answer in answers] == [1, 1, 2, 2, 2, 2, 2]
    assert await made.actions() == ["sold", "sold"]


async def test_the_same_request_many_times_at_once_acts_once(shop: MakeShop) -> None:
    made = await selling(shop, ONCE)
    answers = await asyncio.gather(*(sell(made) for _ in range(10)))
    assert {answer.events for answer in answers} == {answers[0].events}
    assert {answer.response["at"] for answer in answers} == {1}
    assert await made.actions() == ["sold"]


async def test_before_an_error_is_answered_the_key_is_looked_up_again(shop: MakeShop) -> None:
    """The other try of the request was faster, and what it did is why this one fails."""
    made = await selling(shop, "if crash:\n    await hooks['meanwhile']()\n" + ONCE.strip())
    answers: list[Answer] = []

    async def meanwhile() -> None:
        answers.append(await sell(made))

    made.code().hooks.update(crash=True, meanwhile=meanwhile)
    assert (await sell(made)).events == answers[0].events
    assert await made.actions() == ["sold"]


async def test_a_command_that_logs_nothing_keeps_no_record(shop: MakeShop) -> None:
    made = await selling(shop, "hooks['ran'] = hooks.get('ran', 0) + 1\nreturn Reply(response=hooks['ran'])")
    assert [(await sell(made)).response, (await sell(made)).response] == [1, 2]


LOG_THEN_SELL = """
await command.log([Event("painted", {"frame_color": "red"})])
if crash:
    raise Crash
return Reply([Event("sold")], response="done")
"""


async def test_what_was_logged_before_a_crash_is_met_again_and_not_logged_twice(shop: MakeShop) -> None:
    made = await selling(shop, LOG_THEN_SELL)
    await crashed(made)
    assert await made.actions() == ["painted"]
    answer = await sell(made)
    assert await made.actions() == ["painted", "sold"]
    assert [event.action for event in answer.events] == ["painted", "sold"]
    assert (await sell(made)).events == answer.events


async def test_a_repeat_may_have_read_what_it_logged_before_the_crash(shop: MakeShop) -> None:
    body = "await command.query_aggregates({'frame_color': 'red'})\nawait command.aggregate()\n" + LOG_THEN_SELL.strip()
    made = await selling(shop, body)
    await crashed(made)
    await made.call("shop.bicycle.paint", {"frame_color": "blue"}, root=A)
    await sell(made)
    assert await made.actions() == ["painted", "painted", "sold"]


async def test_a_crash_after_the_append_is_met_by_the_original_answer(shop: MakeShop) -> None:
    made = await selling(shop, ONCE)
    logged = asyncio.Event()

    async def tell(commit: Commit) -> None:
        logged.set()
        await asyncio.Event().wait()

    made.stores["shop"].after = tell
    asked = asyncio.ensure_future(sell(made))
    await logged.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert (await sell(made)).response == {"at": 1}
    assert await made.actions() == ["sold"]


async def test_a_command_called_before_a_crash_is_met_again_and_acts_once(shop: MakeShop) -> None:
    made = await selling(
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
    made = await selling(
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
    made = await selling(
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
    made = await selling(
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
    made = await selling(
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
    made = await selling(
        shop,
        """
try:
    await command.log([Event("painted", {"frame_color": object()})])
except Internal:
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
    made = await selling(shop, "return Reply(response=await command.log([]))")
    assert (await sell(made)).response == []


async def test_a_repeat_may_read_for_the_first_time_after_what_it_logged_before_the_crash(shop: MakeShop) -> None:
    """It reads what is true now, and not what was true then: others have logged meanwhile."""
    made = await selling(
        shop,
        """
await command.log([Event("painted", {"frame_color": "red"})])
if crash:
    raise Crash
return Reply([Event("sold")], response=(await command.aggregate()).state)
""",
    )
    await crashed(made)
    await made.call("shop.bicycle.paint", {"frame_color": "blue"}, root=A)
    assert (await sell(made)).response == {"frame_color": "blue"}


async def test_a_called_command_that_diverges_tells_where_itself(shop: MakeShop) -> None:
    made = await selling(
        shop,
        """
if command.payload["price"] == 1:
    await command.call("sell", {"price": 2}, root=command.root)
await command.log([Event("painted", {"frame_color": "red" if "inner" in hooks else "blue"})])
raise Crash
""",
    )
    made.code().hooks["inner"] = True
    with capture_logs(), pytest.raises(DEAD):
        await sell(made)
    del made.code().hooks["inner"]
    with pytest.raises(KeyReused, match="at its log 0"):
        await sell(made)


async def test_a_key_reused_that_a_called_command_means_is_its_answer(shop: MakeShop) -> None:
    made = await selling(
        shop,
        """
if command.payload["price"] == 2:
    raise KeyReused("this coupon was used")
await command.call("sell", {"price": 2}, root=command.root)
""",
    )
    with pytest.raises(KeyReused, match="this coupon was used"):
        await sell(made)
