def painted_1_to_2(payload):
    return payload


def painted_3_to_4(payload):
    return payload
