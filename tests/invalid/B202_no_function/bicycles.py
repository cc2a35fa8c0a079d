def registered(event):
    return None
