async def paint(command):
    return []


async def sell(command):
    return []


async def look(command):
    return []


async def ring(command):
    return []
