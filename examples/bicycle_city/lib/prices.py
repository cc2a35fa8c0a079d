"""What things cost, in euros. Code of this network that several domains share."""

FRAME = 120.0
WHEEL = 40.0
RED_IS_FASTER = 15.0


def price_of(*, frame_color: str, wheels: int) -> float:
    return FRAME + WHEEL * wheels + (RED_IS_FASTER if frame_color == "red" else 0.0)
