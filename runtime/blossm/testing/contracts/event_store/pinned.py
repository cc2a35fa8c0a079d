"""Pinned heads: all that one attempt of a command reads is as of one moment."""

from __future__ import annotations

import pytest

from blossm.core.errors import Conflict
from blossm.ports import EventStoreClient
from blossm.testing.contracts.event_store.given import Given
from blossm.testing.contracts.log_store import BLUE, RED, commit
from blossm.testing.contracts.shop import GREEN, painted, trued


class Pinned(Given):
    """Part of the suite."""

    async def test_what_is_read_at_a_pinned_head_is_as_of_that_head(self, client: EventStoreClient) -> None:
        head = (await client.append(commit(painted("red"), trued()))).events[-1].position + 1
        await client.append(commit(painted("green", BLUE), trued(1, BLUE)))
        assert (await client.aggregate("bicycle", RED, head=head)).value.state["color"] == "red"
        assert (await client.aggregate("bicycle", GREEN, head=head)).value.number == 0
        assert (await client.count("wheel", RED, head=head)).value == 1
        found = await client.query_aggregates("bicycle", {"color": "green"}, head=head)
        assert (found.value, found.head) == ((), head)

    async def test_a_root_that_moved_since_the_pinned_head_is_a_conflict_at_once(self, client: EventStoreClient) -> None:
        head = (await client.append(commit(painted("red"), trued()))).events[-1].position + 1
        await client.append(commit(painted("green"), trued()))
        for reading in (
            client.aggregate("bicycle", RED, head=head),
            client.count("wheel", RED, head=head),
            client.query_aggregates("bicycle", {"color": "red"}, head=head),
        ):
            with pytest.raises(Conflict) as caught:
                await reading
            assert (caught.value.facts["expected"], caught.value.facts["is"]) == (1, 2)

    async def test_a_past_state_can_be_read_at_a_pinned_head_whatever_came_since(self, client: EventStoreClient) -> None:
        head = (await client.append(commit(painted("red"), painted("blue")))).events[-1].position + 1
        await client.append(commit(painted("green")))
        assert (await client.aggregate("bicycle", RED, head=head, number=1)).value.state["color"] == "red"
        assert (await client.aggregate("bicycle", RED, head=head, number=9)).value.number == 2
