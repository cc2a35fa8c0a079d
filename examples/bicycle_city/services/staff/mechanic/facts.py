from typing import Any

from blossm import Fact, NotFound


async def rate(fact: Fact) -> dict[str, Any]:
    mechanic = await fact.aggregate()
    if not mechanic.number:
        raise NotFound(f"there is no mechanic {fact.root}")
    return {"hourly": mechanic.state["hourly"]}
