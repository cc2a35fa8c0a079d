"""Keys: a callee knows its callers by them, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blossm.core.errors import Unauthenticated
from blossm.model.network import Ref
from blossm.rpc.keys import digest_of, identify, key_for, operator_key

SECRET = b"a secret of the callee"
SELL = Ref("command", "shop.bicycle.sell")
WHO = identify(SECRET, operator=digest_of("t0k:en"))


def bearer(key: str | bytes) -> list[tuple[str, str | bytes]]:
    return [("user-agent", "any"), ("authorization", f"Bearer {key}" if isinstance(key, str) else key)]


def test_a_caller_is_known_by_its_key() -> None:
    for _ in range(2):
        assert WHO(bearer(key_for(SELL, SECRET))) == SELL


def test_the_operator_is_known_by_its_token() -> None:
    assert WHO(bearer(operator_key("t0k:en"))) is None


def test_the_word_before_the_key_may_be_of_either_case() -> None:
    assert WHO([("authorization", f"bearer {key_for(SELL, SECRET)}")]) == SELL


PROOF = key_for(SELL, SECRET).partition(":")[2]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer :",
        f"Basic {key_for(SELL, SECRET)}",
        key_for(SELL, SECRET),
        f"Bearer  {key_for(SELL, SECRET)}",
        f"Bearer {key_for(SELL, SECRET)} ",
        f"Bearer {key_for(SELL, SECRET)}0",
        f"Bearer {key_for(SELL, SECRET)[:-1]}",
        f"Bearer {key_for(SELL, SECRET).upper()}",
        f"Bearer {key_for(SELL, b'the secret of another callee')}",
        f"Bearer command/shop.bicycle.paint:{PROOF}",
        f"Bearer command/shop.bicycle.sell:{'0' * 64}",
        "Bearer command/shop.bicycle.sell:",
        f"Bearer :{PROOF}",
        "Bearer operator:",
        "Bearer operator:t0k",
        f"Bearer operator:{digest_of('t0k:en')}",
        "Bearer command/shop.bicycle.sell:☂",
        b"Bearer \xff\xfe",
        "Bearer " + "x" * 100_000,
    ],
)
def test_what_is_no_good_key_is_nobody(header: str | bytes) -> None:
    with pytest.raises(Unauthenticated):
        WHO([("authorization", header)])


def test_who_has_no_key_is_nobody() -> None:
    with pytest.raises(Unauthenticated, match="without a key"):
        WHO([("user-agent", "any")])


def test_who_has_two_keys_is_nobody() -> None:
    key = ("authorization", f"Bearer {key_for(SELL, SECRET)}")
    with pytest.raises(Unauthenticated, match="several"):
        WHO([key, key])


def test_a_signed_name_that_is_of_no_procedure_is_nobody() -> None:
    odd: Any = Ref("visitor", "x")  # type: ignore[arg-type]
    with pytest.raises(Unauthenticated):
        WHO(bearer(key_for(odd, SECRET)))


def test_where_there_is_no_operator_nobody_is() -> None:
    with pytest.raises(Unauthenticated):
        identify(SECRET, operator="")(bearer(operator_key("")))


@given(st.text() | st.binary())
def test_anything_else_is_nobody(header: str | bytes) -> None:
    with pytest.raises(Unauthenticated):
        WHO([("authorization", header)])
    with pytest.raises(Unauthenticated):
        WHO(bearer(header))
