"""Bounds: of one commit, of what goes together, of what is read at once."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from blossm.core.commit import MAX_BYTES, MAX_EVENTS, MAX_NAME
from blossm.core.errors import BadRequest, PayloadTooLarge
from blossm.ports import EventStoreClient
from blossm.testing.contracts.event_store.given import Given
from blossm.testing.contracts.log_store import RED, commit
from blossm.testing.contracts.shop import painted, trued

LARGE = "x" * 900_000


class Bounds(Given):
    """Part of the suite."""

    async def test_a_commit_may_have_a_thousand_events(self, client: EventStoreClient) -> None:
        done = await client.append(commit(*[trued()] * MAX_EVENTS))
        assert [event.position for event in done.events] == list(range(1, MAX_EVENTS + 1))
        assert (await client.count("wheel", RED)).value == MAX_EVENTS

    async def test_one_event_more_is_refused_and_its_neighbours_are_not_touched(self, client: EventStoreClient) -> None:
        one, refused, two = await asyncio.gather(
            client.append(commit(painted("red"))),
            client.append(commit(*[trued()] * (MAX_EVENTS + 1))),
            client.append(commit(painted("blue"))),
            return_exceptions=True,
        )
        assert isinstance(refused, BadRequest)
        assert refused.facts == {"events": MAX_EVENTS + 1, "limit": MAX_EVENTS}
        assert not isinstance(one, BaseException)
        assert not isinstance(two, BaseException)
        assert await client.head() == 3

    async def test_a_commit_over_a_mebibyte_is_refused_and_its_neighbours_are_not_touched(
        self, client: EventStoreClient
    ) -> None:
        one, refused, two = await asyncio.gather(
            client.append(commit(painted("red"))),
            client.append(commit(painted("x" * MAX_BYTES))),
            client.append(commit(painted("blue"))),
            return_exceptions=True,
        )
        assert isinstance(refused, PayloadTooLarge)
        assert refused.facts["limit"] == MAX_BYTES
        assert not isinstance(one, BaseException)
        assert not isinstance(two, BaseException)
        assert await client.head() == 3

    async def test_large_commits_are_logged_at_once_and_read_back_page_by_page(self, client: EventStoreClient) -> None:
        await asyncio.gather(*(client.append(commit(painted(LARGE))) for _ in range(5)))  # more than a batch, and than a page
        read = [logged async for page in client.stream(0) for logged in page.commits]
        assert [logged.position for logged in read] == [1, 2, 3, 4, 5]
        assert {len(logged.commit.events[0].payload["color"]) for logged in read} == {len(LARGE)}

    async def test_a_crowd_is_logged_in_as_many_batches_as_it_takes(self, client: EventStoreClient) -> None:
        done = await asyncio.gather(
            *(client.append(commit(trued(n, str(uuid.UUID(int=n, version=4))))) for n in range(self.many))
        )
        assert sorted(each.events[0].position for each in done) == list(range(1, self.many + 1))

    @pytest.mark.parametrize("text", ["k" * (MAX_NAME + 1), "k" * 2_000_000, "\ud800"], ids=["long", "huge", "surrogate"])
    async def test_a_key_that_nobody_can_look_up_is_refused(self, client: EventStoreClient, text: str) -> None:
        with pytest.raises((BadRequest, PayloadTooLarge)):
            await client.append(commit(painted("red"), key=text))
        await client.append(commit(painted("red"), key="k" * MAX_NAME))
        assert await client.head() == 2
