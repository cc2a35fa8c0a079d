"""Reading as a command does: everything at one head, and what was read is kept."""

from __future__ import annotations

from typing import Any

from blossm.core.read_set import Question, ReadSet
from blossm.ports import EventStoreClient


async def loaded(client: EventStoreClient, reads: ReadSet, root: str) -> ReadSet:
    """Also a bicycle."""
    found = await client.aggregate("bicycle", root, head=reads.head)
    return reads.with_root("bicycle", root, found.value.number, head=found.head)


async def asked(client: EventStoreClient, reads: ReadSet, **where: Any) -> ReadSet:
    """Also a question to the bicycles, with its answer."""
    found = await client.query_aggregates("bicycle", where, head=reads.head)
    question = Question("bicycle", where, {aggregate.root: aggregate.number for aggregate in found.value})
    return reads.with_question(question, head=found.head)
