"""What a command may also read by way of a fact of its own service."""

from __future__ import annotations

from typing import Any

from blossm import Fact


async def state(fact: Fact[Any]) -> list[Any]:
    found = await fact.aggregate(domain=fact.query["domain"])
    return [found.number, found.state]


async def ask(fact: Fact[Any]) -> list[list[Any]]:
    query = fact.query
    return [[found.root, found.number] for found in await fact.query_aggregates({query["field"]: query["value"]})]
