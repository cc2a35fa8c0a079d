from collections.abc import AsyncIterator
from typing import Any

from lib.prices import price_of

from blossm import Fact, NotFound

DOLLARS_FOR_A_EURO = 1.1


async def price(fact: Fact) -> dict[str, Any]:
    bicycle = await fact.aggregate()
    if not bicycle.number:
        raise NotFound(f"there is no bicycle {fact.root}")
    euros = price_of(frame_color=bicycle.state["frame_color"], wheels=bicycle.state["wheels"])
    currency = fact.query["currency"]
    return {"amount": euros if currency == "EUR" else round(euros * DOLLARS_FOR_A_EURO, 2), "currency": currency}


async def quote(fact: Fact) -> dict[str, Any]:
    rate = await fact.fact("staff.mechanic.rate", root=fact.query["mechanic"])
    return {"amount": rate["hourly"] * fact.query["hours"]}


async def of_color(fact: Fact) -> AsyncIterator[dict[str, Any]]:
    for bicycle in await fact.query_aggregates({"frame_color": fact.query["frame_color"]}):
        yield {"root": bicycle.root, "wheels": bicycle.state["wheels"]}
