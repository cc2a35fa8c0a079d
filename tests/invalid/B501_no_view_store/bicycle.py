def painted(event):
    return None
