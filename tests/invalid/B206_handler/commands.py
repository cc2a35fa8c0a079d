async def paint(command):
    return []


async def sell(command):
    return []
