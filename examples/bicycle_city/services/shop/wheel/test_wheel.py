from blossm import NotFound
from blossm.testing import given

BICYCLE = "7d1c1c1e-6f2e-4c53-9a43-0a6d0f5b0003"


def test_a_mounted_wheel_wears_out() -> None:
    given(("mounted", {"bicycle": BICYCLE, "place": 1})).when("shop.wheel.wear_out").then(("worn_out", {}))


def test_a_wheel_that_was_never_mounted_does_not() -> None:
    given().when("shop.wheel.wear_out", root="7d1c1c1e-6f2e-4c53-9a43-0a6d0f5b0004").refused(NotFound)
