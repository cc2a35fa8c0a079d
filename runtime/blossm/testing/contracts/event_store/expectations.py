"""Expectations: what must still be true of the log when a commit is logged."""

from __future__ import annotations

import asyncio

import pytest

from blossm.core.commit import Appended, Expectation
from blossm.core.errors import Conflict
from blossm.ports import EventStoreClient
from blossm.testing.contracts.event_store.given import Given
from blossm.testing.contracts.log_store import BLUE, RED, commit
from blossm.testing.contracts.shop import painted, trued


def red(number: int) -> Expectation:
    return Expectation(roots={("bicycle", RED): number})



class Expectations(Given):
    """Part of the suite."""

    async def test_a_root_that_has_the_expected_number_gets_its_next_event(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red")), expect=red(0))
        await client.append(commit(painted("green"), painted("blue")), expect=red(1))
        assert (await client.append(commit(painted("black")), expect=red(3))).events[0].number == 4

    @pytest.mark.parametrize("expected", [0, 1, 3], ids=["new", "older", "more than there is"])
    async def test_a_root_with_another_number_is_a_conflict_that_says_which_and_logs_nothing(
        self, client: EventStoreClient, expected: int
    ) -> None:
        await client.append(commit(painted("red"), painted("green")))
        with pytest.raises(Conflict) as caught:
            await client.append(commit(painted("blue")), expect=red(expected))
        assert caught.value.facts == {"domain": "bicycle", "root": RED, "expected": expected, "is": 2}
        assert await client.head() == 3

    async def test_an_expectation_about_a_root_that_gets_no_event_counts(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red", BLUE)), expect=red(0))
        await client.append(commit(painted("red")))
        with pytest.raises(Conflict):
            await client.append(commit(painted("red", BLUE)), expect=red(0))

    async def test_all_that_is_expected_must_hold(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red"), trued()))
        both = Expectation(roots={("bicycle", RED): 1, ("wheel", RED): 0})
        with pytest.raises(Conflict) as caught:
            await client.append(commit(painted("blue")), expect=both)
        assert (caught.value.facts["domain"], caught.value.facts["is"]) == ("wheel", 1)

    async def test_a_domain_is_quiet_as_long_as_only_others_move(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red")))
        await client.append(commit(trued()), expect=Expectation(quiet={"bicycle": 2}))
        await client.append(commit(trued()), expect=Expectation(quiet={"bicycle": 2, "bell": 1}))

    async def test_a_domain_that_was_not_quiet_is_a_conflict_that_names_its_last_position(
        self, client: EventStoreClient
    ) -> None:
        await client.append(commit(painted("red"), painted("red"), trued()))
        with pytest.raises(Conflict) as caught:
            await client.append(commit(trued()), expect=Expectation(quiet={"bicycle": 2}))
        assert caught.value.facts == {"domain": "bicycle", "quiet": 2, "is": 2}
        assert await client.head() == 4

    async def test_of_many_that_expect_the_same_one_wins_and_the_others_are_told_what_is(
        self, client: EventStoreClient
    ) -> None:
        done = await asyncio.gather(
            *(client.append(commit(painted(f"{n}")), expect=red(0)) for n in range(6)), return_exceptions=True
        )
        winners = [each for each in done if isinstance(each, Appended)]
        losers = [each for each in done if isinstance(each, Conflict)]
        assert (len(winners), len(losers)) == (1, 5)
        assert {loser.facts["is"] for loser in losers} == {1}
        assert await client.head() == 2
