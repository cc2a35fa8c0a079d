"""Passwords are made from one secret, and stored nowhere by us."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from blossm_infra.preview import SAMPLE
from blossm_infra.settings import StackSettings, settings_of
from blossm_infra.stores.passwords import password_of, version_of

names = st.text(min_size=1, max_size=40)


def _seeded(seed: str) -> StackSettings:
    return settings_of({**SAMPLE, "blossm:databaseSeed": seed}, stack="dev")


ONE, OTHER = _seeded("one secret that is long enough for it"), _seeded("another secret, long enough as well")


@given(names)
def test_the_same_user_has_the_same_password_at_every_deployment(user: str) -> None:
    assert password_of(ONE, user) == password_of(ONE, user)
    assert re.fullmatch(r"[0-9a-f]{64}", password_of(ONE, user))


@given(names, names)
def test_no_two_users_have_one_password(one: str, other: str) -> None:
    assert (password_of(ONE, one) == password_of(ONE, other)) == (one == other)


@given(names)
def test_another_seed_is_another_password_and_says_so_beside_it(user: str) -> None:
    assert password_of(ONE, user) != password_of(OTHER, user)
    assert version_of(ONE) != version_of(OTHER)


def test_a_version_is_a_number_that_every_provider_takes() -> None:
    assert 0 <= version_of(ONE) < 2**31


def test_a_password_does_not_show_the_seed() -> None:
    assert "secret" not in password_of(ONE, "somebody")
    assert "secret" not in repr(ONE)
