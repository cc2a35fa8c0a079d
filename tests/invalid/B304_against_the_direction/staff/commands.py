async def notify(command):
    return []
