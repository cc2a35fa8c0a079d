async def paint(fact):
    return 1
