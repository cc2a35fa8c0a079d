"""A root's state: as of now, a number, a time."""

from __future__ import annotations

from typing import Any

import pytest

from blossm.adapters.memory.clock import FakeClock
from blossm.adapters.memory.states import MemoryStateStore
from blossm.core.commit import NewEvent
from blossm.core.errors import BadRequest, Internal, NotFound
from blossm.ports import EventStoreClient, LogStore, StateStore
from blossm.testing.contracts import shop
from blossm.testing.contracts.event_store.given import Given
from blossm.testing.contracts.log_store import BLUE, RED, commit, placed
from blossm.testing.contracts.shop import broken, event_stores, painted, sold, trued


class Aggregates(Given):
    """Part of the suite."""

    async def test_a_root_without_events_has_number_0_and_no_state(self, client: EventStoreClient) -> None:
        reading = await client.aggregate("bicycle", RED)
        assert (reading.value.number, reading.value.state, reading.value.position, reading.head) == (0, {}, 0, 1)

    async def test_payloads_are_laid_over_each_other(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red"), sold("ada@x.example"), painted("blue", coats=3)))
        reading = await client.aggregate("bicycle", RED)
        assert reading.value.state == {"color": "blue", "coats": 3, "owner": {"email": "ada@x.example"}}
        assert (reading.value.number, reading.value.position, reading.head) == (3, 3, 4)

    async def test_a_state_is_known_at_any_number_and_time(self, client: EventStoreClient, clock: FakeClock) -> None:
        times = []
        for n in range(12):
            clock.advance(60)
            times.append((await client.append(commit(painted(f"{n}")))).committed)
        for n in range(13):
            aggregate = (await client.aggregate("bicycle", RED, number=n)).value
            assert (aggregate.number, aggregate.state.get("color")) == (n, f"{n - 1}" if n else None)
        for n, time in enumerate(times, start=1):
            assert (await client.aggregate("bicycle", RED, time=time)).value.number == n
        assert (await client.aggregate("bicycle", RED, time="2025-01-01T01:01:30+01:00")).value.number == 1
        assert (await client.aggregate("bicycle", RED, time="2024-12-31T00:00:00Z")).value.number == 0

    @pytest.mark.parametrize("asked", [{"time": "yesterday"}, {"time": "2025-01-01T00:00:00"}, {"number": -1}])
    async def test_a_time_or_number_that_is_none_is_refused(self, client: EventStoreClient, asked: dict[str, Any]) -> None:
        with pytest.raises(BadRequest):
            await client.aggregate("bicycle", RED, **asked)

    async def test_an_unknown_domain_and_a_root_that_is_no_uuid_are_refused(self, client: EventStoreClient) -> None:
        with pytest.raises(NotFound):
            await client.aggregate("moon", RED)
        with pytest.raises(BadRequest):
            await client.aggregate("bicycle", "7")
        with pytest.raises(BadRequest):
            await client.count("bicycle", "7")

    async def test_a_fold_may_set_what_no_payload_carries(self, client: EventStoreClient) -> None:
        counting = NewEvent("bicycle", RED, "counted", 1, {})
        await client.append(commit(*[counting] * 17))
        assert (await client.aggregate("bicycle", RED)).value.state == {"count": 17}
        found = await client.query_aggregates("bicycle", {"count": 17})
        assert [aggregate.root for aggregate in found.value] == [RED]

    async def test_a_fold_that_breaks_names_event_action_and_line(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red"), NewEvent("bicycle", RED, "broken", 1, {})))
        with pytest.raises(Internal) as caught:
            await client.aggregate("bicycle", RED)
        facts = caught.value.facts
        assert (facts["action"], facts["number"], facts["position"], facts["root"]) == ("broken", 2, 2, RED)
        assert facts["file"] == shop.__file__
        assert facts["line"] == broken.__code__.co_firstlineno + 1
        assert "KeyError" in caught.value.message
        assert (await client.aggregate("bicycle", RED, number=1)).value.state["color"] == "red"

    async def test_old_payloads_are_lifted_when_they_are_read(self, client: EventStoreClient, log: LogStore) -> None:
        old = commit(NewEvent("bicycle", RED, "painted", 1, {"colour": "red"}), trued())
        await log.insert_at(1, placed(old))
        assert (await client.aggregate("bicycle", RED)).value.state == {"color": "red", "coats": 1}
        (event,) = await client.root("bicycle", RED)
        assert (event.version, event.payload) == (2, {"color": "red", "coats": 1})
        (read,) = (await client.read(0)).commits
        assert [(each.version, each.payload) for each in read.commit.events] == [(2, event.payload), (1, {"turns": 1})]
        assert (read.position, read.numbers, read.commit.id) == (1, (1, 1), old.id)
        assert (await log.root("bicycle", RED))[0].payload == {"colour": "red"}

    async def test_states_that_were_lost_change_no_answer(
        self, client: EventStoreClient, log: LogStore, clock: FakeClock
    ) -> None:
        for n in range(7):  # more than a snapshot takes
            await client.append(commit(painted(f"{n}"), painted("red", BLUE)))
        before = await client.aggregate("bicycle", RED), await client.query_aggregates("bicycle", {"color": "red"})
        anew = event_stores(log, MemoryStateStore(), clock=clock)
        assert (await anew.aggregate("bicycle", RED), await anew.query_aggregates("bicycle", {"color": "red"})) == before
        await anew.close()

    async def test_states_that_another_fold_made_are_not_used(
        self, client: EventStoreClient, log: LogStore, states: StateStore, clock: FakeClock
    ) -> None:
        for n in range(7):
            await client.append(commit(painted(f"{n}")))
        await client.query_aggregates("bicycle", {"color": "6"})
        anew = event_stores(log, states, clock=clock, source="another")
        assert (await anew.aggregate("bicycle", RED)).value.state["color"] == "6"
        assert [found.number for found in (await anew.query_aggregates("bicycle", {"color": "6"})).value] == [7]
        await anew.close()
