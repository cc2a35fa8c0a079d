from typing import Any

from blossm import Fact


async def statistics(fact: Fact) -> dict[str, Any]:
    bicycles = await fact.query_aggregates({"sold": False}, domain="shop.bicycle")
    mechanics = await fact.query_aggregates({"employed": True}, domain="staff.mechanic")
    return {"bicycles": len(bicycles), "mechanics": len(mechanics)}
