"""Appends: one commit is one place in one order, whole or not at all."""

from __future__ import annotations

import asyncio
import uuid

import msgspec

from blossm.adapters.memory.clock import FakeClock
from blossm.core.commit import Commit, EventRef, StoredReply
from blossm.core.event import Step, Tx
from blossm.ports import EventStoreClient
from blossm.testing.contracts.event_store.given import Given
from blossm.testing.contracts.log_store import AT, BLUE, RED, commit
from blossm.testing.contracts.shop import painted, trued


class Appends(Given):
    """Part of the suite."""

    async def test_positions_have_no_gaps_and_numbers_count_the_events_of_a_root(self, client: EventStoreClient) -> None:
        first = await client.append(commit(painted("red"), painted("blue", BLUE), painted("green")))
        second = await client.append(commit(painted("black", BLUE)))
        assert [(event.root, event.number, event.position) for event in (*first.events, *second.events)] == [
            (RED, 1, 1),
            (BLUE, 1, 2),
            (RED, 2, 3),
            (BLUE, 2, 4),
        ]

    async def test_several_domains_are_one_commit(self, client: EventStoreClient) -> None:
        done = await client.append(commit(painted("red"), trued(), trued(2, BLUE)))
        assert [(event.domain, event.number, event.position) for event in done.events] == [
            ("bicycle", 1, 1),
            ("wheel", 1, 2),
            ("wheel", 1, 3),
        ]
        assert len((await client.read(0)).commits) == 1

    async def test_an_answer_names_each_event_and_when_it_was_logged(self, client: EventStoreClient, clock: FakeClock) -> None:
        clock.advance(60)
        done = await client.append(commit(painted("red"), trued(1, BLUE)))
        assert done.events == (EventRef("painted", "bicycle", RED, 1, 1), EventRef("trued", "wheel", BLUE, 1, 2))
        assert (done.committed, done.repeated) == ("2025-01-01T00:01:00.000000Z", False)

    async def test_many_callers_at_once_make_one_order_without_gaps_or_doubles(self, client: EventStoreClient) -> None:
        roots = [str(uuid.UUID(int=n, version=4)) for n in range(5)]
        made = [commit(painted("red", roots[n % 5]), trued(n, roots[n % 3])) for n in range(40)]
        done = await asyncio.gather(*(client.append(each) for each in made))
        assert sorted(event.position for each in done for event in each.events) == list(range(1, 81))
        logged = (await client.read(0)).commits
        assert [each.position for each in logged] == list(range(1, 81, 2))
        assert {each.commit.id for each in logged} == {each.id for each in made}
        for root in roots:
            assert [event.number for event in await client.root("bicycle", root)] == list(range(1, 9))

    async def test_an_append_without_expectations_always_succeeds(self, client: EventStoreClient) -> None:
        for n in range(5):
            assert (await client.append(commit(painted("red")))).events[0].number == n + 1

    async def test_a_commit_is_read_back_with_all_that_it_was_logged_with(self, client: EventStoreClient) -> None:
        claims = {"iss": "https://x.example", "sub": "ada", "roles": ["painter"], "permissions": ["shop:bicycle:paint"]}
        steps = (Step("command-gateway:c.bicycle.shop", "1", AT), Step("command:shop.bicycle.paint", "2", AT))
        whole = Commit(
            id="id",
            key="key",
            fingerprint="print",
            events=(painted("red", coats=2),),
            reply=StoredReply(201, {"ok": [None]}, RED),
            tx=Tx("tx", steps, claims),
            context={"garage": BLUE},
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            created=AT,
        )
        await client.append(whole)
        (logged,) = (await client.read(0)).commits
        assert (logged.position, logged.numbers, logged.commit) == (1, (1,), whole)
        (event,) = await client.root("bicycle", RED)
        assert (event.context, event.tx, event.created, event.committed) == (whole.context, whole.tx, AT, logged.committed)

    async def test_no_two_events_have_one_id_though_a_client_sends_a_commits_id_twice(self, client: EventStoreClient) -> None:
        one = commit(painted("red"), painted("blue"), key="a")
        await client.append(one)
        await client.append(msgspec.structs.replace(one, key="b"))
        ids = [event.id for event in await client.root("bicycle", RED)]
        assert len(set(ids)) == len(ids) == 4
