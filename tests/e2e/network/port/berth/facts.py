from blossm import Fact, NotFound


async def ship(fact: Fact) -> dict[str, str]:
    berth = await fact.aggregate()
    if "ship" not in berth.state:
        raise NotFound("no ship lies there")
    return {"ship": berth.state["ship"]}
