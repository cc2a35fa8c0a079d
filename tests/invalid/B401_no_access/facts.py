async def price(fact):
    return 1


async def look(fact):
    return 1
