def paimt(command):
    return []
