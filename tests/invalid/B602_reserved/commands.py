async def healthz(command):
    return []
