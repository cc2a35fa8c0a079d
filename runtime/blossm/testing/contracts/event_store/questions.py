"""Questions: the roots whose current state has a value, in fields that an event store declares."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from blossm.core.errors import BadRequest
from blossm.ports import EventStoreClient
from blossm.testing.contracts.event_store.given import Given
from blossm.testing.contracts.log_store import BLUE, RED, commit
from blossm.testing.contracts.shop import GREEN, painted, sold


class Questions(Given):
    """Part of the suite."""

    async def test_roots_are_found_by_their_current_state(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red", RED), painted("red", BLUE), painted("green", GREEN)))
        await client.append(commit(painted("blue", BLUE), sold("ada@x.example", GREEN)))
        found = await client.query_aggregates("bicycle", {"color": "red"})
        assert [(aggregate.root, aggregate.number) for aggregate in found.value] == [(RED, 1)]
        assert found.head == 6
        both = await client.query_aggregates("bicycle", {"color": "green", "owner.email": "ada@x.example"})
        assert [aggregate.root for aggregate in both.value] == [GREEN]
        assert (await client.query_aggregates("bicycle", {"color": "black"})).value == ()

    async def test_a_question_never_gets_an_old_answer(self, client: EventStoreClient) -> None:
        for n in range(7):  # more than a snapshot takes
            await client.append(commit(painted(f"{n}")))
            found = await client.query_aggregates("bicycle", {"color": f"{n}"})
            assert [aggregate.number for aggregate in found.value] == [n + 1]

    @pytest.mark.parametrize(
        ("domain", "where", "path"),
        [
            ("bicycle", {"coats": 1}, "where.coats"),
            ("wheel", {"turns": 1}, "where.turns"),
            ("bicycle", {}, "where"),
            ("bicycle", {"color": 1}, "where.color"),
            ("bicycle", {"color": {"$gt": ""}}, "where.color"),
            ("bicycle", {"color": None}, "where.color"),
        ],
    )
    async def test_only_declared_indexes_answer(
        self, client: EventStoreClient, domain: str, where: dict[str, Any], path: str
    ) -> None:
        with pytest.raises(BadRequest) as caught:
            await client.query_aggregates(domain, where)
        assert [field.path for field in caught.value.fields] == [path]

    async def test_many_roots_are_all_found(self, client: EventStoreClient) -> None:
        roots = [str(uuid.UUID(int=n, version=4)) for n in range(self.many)]
        for start in range(0, self.many, 500):
            await client.append(commit(*(painted("red", root) for root in roots[start : start + 500])))
        found = await client.query_aggregates("bicycle", {"color": "red"})
        assert [aggregate.root for aggregate in found.value] == sorted(roots)
