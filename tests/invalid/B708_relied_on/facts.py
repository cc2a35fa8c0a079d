async def paint(fact):
    return None
