async def paint(command):
    return []
