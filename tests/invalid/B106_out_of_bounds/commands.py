async def paint(command):
    return []


async def sweep(command):
    return []
