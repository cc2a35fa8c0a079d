"""A development token is one that the doors believe, or none is made."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.local.harbour import harbour

from blossm.core.errors import BadRequest
from blossm.local.token import TokenWish, development_token

COMPANY = "0b5e0f6e-6b0d-4f0f-9d3f-3a0c5d1f7a11"


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (TokenWish(sub=""), "the sub is off"),
        (TokenWish(sub="a" * 256), "the sub is off"),
        (TokenWish(sub="a\ud800"), "the sub is off"),
        (TokenWish(context={"company": COMPANY.upper()}), "is off"),
        (TokenWish(context={"Comp any": COMPANY}), "is off"),
        (TokenWish(roles=["pilots"]), "there is no role pilots"),
        (TokenWish(issuer="nobody"), "there is no issuer nobody"),
    ],
)
def test_what_no_door_would_believe_is_refused(tmp_path: Path, wish: TokenWish, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        development_token(harbour(), wish, key=tmp_path / "key")


def test_the_longest_sub_is_fine(tmp_path: Path) -> None:
    wish = TokenWish(sub="ü" * 255, context={"company": COMPANY})
    assert development_token(harbour(), wish, key=tmp_path / "key").count(".") == 2
