"""Uniqueness: one e-mail, one account, by a question in the read set. The recipe is in docs/handlers.md."""

from __future__ import annotations

import asyncio
import uuid

from blossm.core.errors import Conflict
from blossm.core.read_set import NO_READS
from blossm.ports import EventStoreClient
from blossm.testing.contracts.event_store.asker import asked
from blossm.testing.contracts.event_store.given import Given
from blossm.testing.contracts.log_store import commit
from blossm.testing.contracts.shop import sold


class Uniqueness(Given):
    """Part of the suite."""

    async def test_one_email_one_account_however_many_ask_at_once(self, client: EventStoreClient) -> None:
        async def sign_up(root: str) -> bool:
            for _ in range(20):
                reads = await asked(client, NO_READS, **{"owner.email": "ada@x.example"})
                if reads.questions[0].answer:
                    return False
                try:
                    await client.append(commit(sold("ada@x.example", root)), reads=reads)
                except Conflict:
                    continue
                return True
            raise AssertionError("never got an answer")

        signed = await asyncio.gather(*(sign_up(str(uuid.UUID(int=n, version=4))) for n in range(8)))
        assert sum(signed) == 1
        assert len((await client.query_aggregates("bicycle", {"owner.email": "ada@x.example"})).value) == 1

    async def test_of_two_sign_ups_that_saw_the_same_nothing_exactly_one_wins(self, client: EventStoreClient) -> None:
        reads = await asked(client, NO_READS, **{"owner.email": "ada@x.example"})
        roots = [str(uuid.UUID(int=n, version=4)) for n in range(2)]
        done = await asyncio.gather(
            *(client.append(commit(sold("ada@x.example", root)), reads=reads) for root in roots), return_exceptions=True
        )
        assert [isinstance(each, Conflict) for each in done].count(True) == 1
        owners = await client.query_aggregates("bicycle", {"owner.email": "ada@x.example"})
        assert len(owners.value) == 1

    async def test_sign_ups_with_different_names_are_not_in_each_others_way(self, client: EventStoreClient) -> None:
        readings = [await asked(client, NO_READS, **{"owner.email": f"{n}@x.example"}) for n in range(4)]
        await asyncio.gather(
            *(
                client.append(commit(sold(f"{n}@x.example", str(uuid.UUID(int=n, version=4)))), reads=reads)
                for n, reads in enumerate(readings)
            )
        )
        assert await client.head() == 5
