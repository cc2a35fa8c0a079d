"""Read sets: what a command has read must still be true when its events are logged."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from blossm.core.commit import Expectation, NewEvent
from blossm.core.errors import Conflict
from blossm.core.read_set import NO_READS, ReadSet
from blossm.ports import EventStoreClient
from blossm.testing.contracts.event_store.asker import asked, loaded
from blossm.testing.contracts.event_store.given import Given
from blossm.testing.contracts.log_store import BLUE, RED, commit
from blossm.testing.contracts.shop import GREEN, painted, trued


class ReadSets(Given):
    """Part of the suite."""

    async def test_a_root_that_was_read_must_not_have_moved(self, client: EventStoreClient) -> None:
        reads = await loaded(client, NO_READS, RED)
        await client.append(commit(painted("green", BLUE)), reads=reads)
        await client.append(commit(painted("green", RED)))
        with pytest.raises(Conflict) as caught:
            await client.append(commit(painted("green", BLUE)), reads=reads)
        assert caught.value.facts == {"domain": "bicycle", "root": RED, "expected": 0, "is": 1}

    async def test_a_question_with_the_same_answer_holds_however_the_domain_moved(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red", RED)))
        reads = await asked(client, NO_READS, color="red")
        await client.append(commit(painted("green", BLUE)))
        await client.append(commit(painted("black", GREEN)), reads=reads)

    @pytest.mark.parametrize(
        ("change", "was", "now"),
        [
            (painted("red", BLUE), {BLUE: 0}, {BLUE: 1}),
            (painted("green", RED), {RED: 1}, {RED: 0}),
            (painted("red", RED), {RED: 1}, {RED: 2}),
        ],
        ids=["entered", "left", "changed"],
    )
    async def test_a_question_with_another_answer_is_a_conflict(
        self, client: EventStoreClient, change: NewEvent, was: dict[str, int], now: dict[str, int]
    ) -> None:
        await client.append(commit(painted("red", RED)))
        reads = await asked(client, NO_READS, color="red")
        await client.append(commit(change))
        with pytest.raises(Conflict) as caught:
            await client.append(commit(painted("black", GREEN)), reads=reads)
        facts = caught.value.facts
        assert (facts["domain"], facts["where"], facts["was"], facts["is"]) == ("bicycle", {"color": "red"}, was, now)

    async def test_when_only_the_quiet_fails_the_question_is_asked_again(self, client: EventStoreClient) -> None:
        reads = await asked(client, NO_READS, color="red")
        done = await asyncio.gather(
            *(client.append(commit(painted("green", str(uuid.UUID(int=n, version=4)))), reads=reads) for n in range(4))
        )
        assert sorted(event.position for each in done for event in each.events) == [1, 2, 3, 4]

    async def test_a_quiet_that_the_caller_itself_expects_is_not_asked_about(self, client: EventStoreClient) -> None:
        reads = await asked(client, NO_READS, color="red")
        await client.append(commit(painted("green")))
        with pytest.raises(Conflict):
            await client.append(commit(painted("blue")), reads=reads, expect=Expectation(quiet={"bicycle": 1}))

    async def test_a_later_quiet_that_the_caller_expects_does_not_weaken_a_question(self, client: EventStoreClient) -> None:
        reads = await asked(client, NO_READS, color="red")
        expect = Expectation(quiet={"bicycle": 9})
        done = await asyncio.gather(
            *(client.append(commit(painted("red", root)), reads=reads, expect=expect) for root in (RED, BLUE)),
            return_exceptions=True,
        )
        assert [isinstance(each, Conflict) for each in done].count(True) == 1
        assert await client.head() == 2

    async def test_a_command_does_not_conflict_with_what_it_has_logged_itself(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red", RED)))
        reads = await asked(client, await loaded(client, NO_READS, BLUE), color="red")
        first = await client.append(commit(painted("red", BLUE), painted("green", RED)), reads=reads)
        reads = reads.moved(first.events)
        assert (await client.aggregate("bicycle", BLUE, head=reads.head)).value.number == 1
        await client.append(commit(painted("black", GREEN)), reads=reads)

    async def test_what_others_did_before_a_commands_own_event_is_still_a_conflict(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("green", RED)))
        question = await asked(client, NO_READS, color="red")
        root = await loaded(client, NO_READS, RED)
        await client.append(commit(painted("red", RED)))  # somebody else
        own = await client.append(commit(painted("green", RED)))  # a sub-call of the asker
        for reads in (question, root):
            with pytest.raises(Conflict):
                await client.append(commit(painted("black", GREEN)), reads=reads.moved(own.events))

    async def test_what_others_did_after_a_commands_own_event_is_a_conflict(self, client: EventStoreClient) -> None:
        reads = await asked(client, await loaded(client, NO_READS, RED), color="red")
        own = await client.append(commit(painted("red", RED)), reads=reads)
        await client.append(commit(painted("green", RED)))
        with pytest.raises(Conflict):
            await client.append(commit(painted("black", GREEN)), reads=reads.moved(own.events))

    async def test_two_readings_that_can_not_both_be_true_are_a_conflict(self, client: EventStoreClient) -> None:
        reads = ReadSet("shop", 1, {("bicycle", RED): 0})
        with pytest.raises(Conflict):
            await client.append(commit(painted("red")), reads=reads, expect=Expectation(roots={("bicycle", RED): 1}))

    async def test_of_two_that_read_each_others_root_only_one_is_logged(self, client: EventStoreClient) -> None:
        both = await loaded(client, await loaded(client, NO_READS, RED), BLUE)
        done = await asyncio.gather(
            client.append(commit(painted("sold", RED)), reads=both),
            client.append(commit(painted("sold", BLUE)), reads=both),
            return_exceptions=True,
        )
        assert [isinstance(each, Conflict) for each in done].count(True) == 1
        assert await client.head() == 2

    async def test_what_a_fact_has_read_counts_like_what_the_command_itself_has(self, client: EventStoreClient) -> None:
        own = await loaded(client, NO_READS, RED)
        through_a_fact = await asked(client, await loaded(client, ReadSet("shop", own.head), BLUE), color="green")
        reads = own.merged(through_a_fact)
        await client.append(commit(trued()), reads=reads)
        await client.append(commit(painted("black", BLUE)))
        with pytest.raises(Conflict) as caught:
            await client.append(commit(trued()), reads=reads)
        assert caught.value.facts["root"] == BLUE

    async def test_a_root_that_left_an_answer_must_not_have_moved_before(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red", RED), painted("red", BLUE)))
        reads = await asked(client, NO_READS, color="red")
        await client.append(commit(painted("green", BLUE)))
        await client.append(commit(painted("red", BLUE)))  # it is in the answer again, and is not what it was
        with pytest.raises(Conflict) as caught:
            await client.append(commit(trued()), reads=reads)
        assert (caught.value.facts["was"], caught.value.facts["is"]) == ({BLUE: 1}, {BLUE: 3})

    async def test_of_two_that_each_make_the_others_answer_wrong_only_one_is_logged(self, client: EventStoreClient) -> None:
        reads = await asked(client, NO_READS, color="red")
        done = await asyncio.gather(
            client.append(commit(painted("red", RED)), reads=reads),
            client.append(commit(painted("red", BLUE)), reads=reads),
            return_exceptions=True,
        )
        assert [isinstance(each, Conflict) for each in done].count(True) == 1
        assert await client.head() == 2
