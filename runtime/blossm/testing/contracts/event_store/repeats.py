"""Repeats: a commit whose key is known acts once, and gets the original answer."""

from __future__ import annotations

import asyncio

import pytest

from blossm.core.commit import EventRef, StoredReply
from blossm.core.errors import KeyReused
from blossm.core.read_set import NO_READS
from blossm.ports import EventStoreClient
from blossm.testing.contracts.event_store.asker import asked
from blossm.testing.contracts.event_store.given import Given
from blossm.testing.contracts.log_store import BLUE, RED, commit
from blossm.testing.contracts.shop import painted


class Repeats(Given):
    """Part of the suite."""

    async def test_a_repeat_gets_the_original_reply(self, client: EventStoreClient) -> None:
        reply = StoredReply(201, {"color": "red"}, RED)
        first = await client.append(commit(painted("red"), key="k", fingerprint="f", reply=reply))
        again = await client.append(commit(painted("red"), key="k", fingerprint="f"))
        known = await client.reply_to("k", "f")
        assert known is not None
        assert again == known
        assert (known.repeated, known.reply, known.events) == (True, reply, first.events)
        assert await client.reply_to("another", "f") is None

    async def test_a_key_with_another_payload_is_refused(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red"), key="k", fingerprint="f"))
        with pytest.raises(KeyReused):
            await client.reply_to("k", "g")
        with pytest.raises(KeyReused):
            await client.append(commit(painted("red"), key="k", fingerprint="g"))

    async def test_a_repeat_is_not_told_that_its_first_try_changed_the_answer(self, client: EventStoreClient) -> None:
        question = await asked(client, NO_READS, color="red")
        await client.append(commit(painted("red"), key="k"), reads=question)
        assert (await client.append(commit(painted("red"), key="k"), reads=question)).repeated
        with pytest.raises(KeyReused):
            await client.append(commit(painted("red"), key="k", fingerprint="other"), reads=question)

    async def test_a_refused_key_names_both_sides(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red"), key="k", fingerprint="f"))
        with pytest.raises(KeyReused) as caught:
            await client.append(commit(painted("red"), key="k", fingerprint="g"))
        facts = caught.value.facts
        assert (facts["first"]["fingerprint"], facts["first"]["position"], facts["now"]) == ("f", 1, {"fingerprint": "g"})
        assert await client.head() == 2

    async def test_many_at_once_with_one_key_act_once_and_hear_the_same(self, client: EventStoreClient) -> None:
        done = await asyncio.gather(*(client.append(commit(painted("red"), key="k", fingerprint="f")) for _ in range(8)))
        assert {each.events for each in done} == {(EventRef("painted", "bicycle", RED, 1, 1),)}
        assert [each.repeated for each in done].count(False) == 1
        assert await client.head() == 2

    async def test_a_key_is_known_however_old_it_is(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red"), key="old"))
        for n in range(12):
            await client.append(commit(painted(f"{n}", BLUE)))
        again = await client.append(commit(painted("red"), key="old"))
        assert (again.repeated, again.events[0].position) == (True, 1)

    async def test_a_repeat_with_other_events_gets_the_original_answer_too(self, client: EventStoreClient) -> None:
        first = await client.append(commit(painted("red"), key="k"))
        again = await client.append(commit(painted("blue", BLUE), painted("green", BLUE), key="k"))
        assert (again.repeated, again.events, again.committed) == (True, first.events, first.committed)
        assert (await client.count("bicycle", BLUE)).value == 0

    async def test_the_original_reply_names_what_the_request_had_logged_before(self, client: EventStoreClient) -> None:
        before = (await client.append(commit(painted("red")))).events
        reply = StoredReply(200, {"ok": [1, 2.5, None]}, RED, earlier=before)
        await client.append(commit(painted("blue"), key="k", reply=reply))
        assert (await client.append(commit(painted("blue"), key="k"))).reply == reply
