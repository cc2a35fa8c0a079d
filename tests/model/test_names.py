"""Names, addresses, host names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blossm.model.names import NAME, address, as_name, door, too_long


def test_an_address_leaves_out_what_is_not_there() -> None:
    assert address("shop", "bicycle", "", "paint") == "shop.bicycle.paint"


def test_a_door_is_named_from_the_nearest_to_the_widest() -> None:
    assert door("c", "bicycle_part", "shop") == "c.bicycle-part.shop"
    assert door("v", "") == "v"


@pytest.mark.parametrize(
    ("text", "name"), [("frameColor", "frame_color"), ("Frame Color", "frame_color"), ("2nd", ""), ("item2", "item2"), ("é", "")]
)
def test_a_text_is_near_to_a_name(text: str, name: str) -> None:
    assert as_name(text) == name


def test_a_host_name_has_bounds() -> None:
    assert too_long("c.bicycle.shop.city.example") == ""
    assert "64 letters" in too_long("a" * 64 + ".example")
    assert "65 letters" in too_long("a" * 57 + ".example")


@given(st.text())
def test_a_suggested_name_is_a_name(text: str) -> None:
    assert as_name(text) == "" or NAME.fullmatch(as_name(text))
