async def colors(fact):
    return ["red"]


async def price(fact):
    yield 1
