async def painted(state, event):
    return state
