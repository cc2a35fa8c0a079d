"""Reading: in order, from any place, as far as the head, and on with it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from blossm.core.view import Checkpoint
from blossm.ports import EventStoreClient
from blossm.testing.contracts.event_store.given import Given
from blossm.testing.contracts.log_store import BLUE, RED, commit
from blossm.testing.contracts.shop import painted, trued

SOON = 10.0  # seconds in which what is logged is seen


class Reading(Given):
    """Part of the suite."""

    async def test_a_root_is_counted(self, client: EventStoreClient) -> None:
        assert (await client.count("wheel", RED)).value == 0
        await client.append(commit(trued(), trued(), trued(1, BLUE)))
        reading = await client.count("wheel", RED)
        assert (reading.value, reading.head) == (2, 4)

    async def test_the_log_is_read_in_order_and_says_how_far(self, client: EventStoreClient) -> None:
        for n in range(5):
            await client.append(commit(painted(f"{n}")))
        page = await client.read(2, limit=2)
        assert ([logged.position for logged in page.commits], page.scanned) == ([3, 4], 4)
        assert (await client.read(0, domains=["wheel"])).scanned == 5

    async def test_who_reads_rare_domains_is_told_how_far_there_was_nothing(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red")))
        await client.append(commit(trued(), painted("blue")))
        await client.append(commit(painted("green")))
        page = await client.read(0, domains=["wheel"])
        assert ([logged.position for logged in page.commits], page.scanned) == ([2], 4)
        assert len(page.commits[0].commit.events) == 2
        assert (await client.read(3, domains=["wheel"])).scanned == 4

    async def test_a_commit_comes_whole_also_to_a_reader_that_begins_in_its_middle(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red"), painted("blue"), painted("green")))
        assert [logged.position for logged in (await client.read(1)).commits] == [1]
        assert (await client.read(3)).commits == ()

    async def test_reading_page_by_page_misses_nothing_and_doubles_nothing(self, client: EventStoreClient) -> None:
        made = [commit(*[painted(f"{n}")] * (n % 3 + 1)) for n in range(12)]
        for each in made:
            await client.append(each)
        read: list[str] = []
        after = 0
        while (page := await client.read(after, limit=5)).commits:
            read += [logged.commit.id for logged in page.commits]
            after = page.scanned
        assert read == [each.id for each in made]
        assert after == await client.head() - 1

    async def test_a_stream_ends_at_the_head(self, client: EventStoreClient) -> None:
        for n in range(3):
            await client.append(commit(painted(f"{n}")))
        assert [logged.position async for page in client.stream(1) for logged in page.commits] == [2, 3]
        assert [page async for page in client.stream(3)] == []

    async def test_a_follower_gets_what_is_there_and_what_comes_as_it_comes(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red")))
        async with asyncio.timeout(SOON), aclosing(client.stream(0, follow=True)) as pages:
            assert [logged.position for logged in (await anext(pages)).commits] == [1]
            for n in (2, 3):
                await client.append(commit(painted("blue")))
                assert [logged.position for logged in (await anext(pages)).commits] == [n]

    async def test_a_follower_of_a_rare_domain_moves_on_with_the_head(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red")))
        async with asyncio.timeout(SOON), aclosing(client.stream(0, domains=["wheel"], follow=True)) as pages:
            page = await anext(pages)
            assert (page.commits, page.scanned) == ((), 1)
            await client.append(commit(trued()))
            assert [logged.position for logged in (await anext(pages)).commits] == [2]

    async def test_a_roots_events_come_in_order_from_any_number(self, client: EventStoreClient) -> None:
        for n in range(4):
            await client.append(commit(painted(f"{n}"), painted("blue", BLUE)))
        assert [event.number for event in await client.root("bicycle", RED)] == [1, 2, 3, 4]
        assert [event.payload["color"] for event in await client.root("bicycle", RED, after=2)] == ["2", "3"]
        assert await client.root("bicycle", RED, after=4) == []
        assert [event.number for event in await client.root("bicycle", RED, after=1, until=3)] == [2, 3]
        assert await client.root("bicycle", RED, until=0) == []

    async def test_the_head_is_the_position_of_the_next_event(self, client: EventStoreClient) -> None:
        assert await client.head() == 1
        await client.append(commit(painted("red"), painted("blue")))
        assert await client.head() == 3

    async def test_a_reader_knows_its_place_again_by_position_and_commit(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red"), painted("blue")))
        last = commit(trued())
        await client.append(last)
        checkpoint = Checkpoint(3, last.id)
        assert await client.commit_at(checkpoint.position) == checkpoint.commit_id

    @pytest.mark.parametrize("position", [0, 1, 3, 99], ids=["before all", "within a commit", "after all", "far away"])
    async def test_where_no_commit_ends_no_place_is_known(self, client: EventStoreClient, position: int) -> None:
        await client.append(commit(painted("red"), painted("blue")))
        assert await client.commit_at(position) == ""

    async def test_a_log_that_lost_its_tail_and_grew_another_is_noticed_by_its_readers(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red")))
        lost = Checkpoint(2, commit(painted("blue")).id)  # before the backup was restored
        assert await client.commit_at(lost.position) == ""
        await client.append(commit(painted("green")))
        assert await client.commit_at(lost.position) not in ("", lost.commit_id)
