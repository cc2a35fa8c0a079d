from collections.abc import AsyncIterator

from blossm import Fact


async def numbers(fact: Fact) -> AsyncIterator[dict[str, int]]:
    for number in range(fact.query["up_to"]):
        yield {"number": number}
