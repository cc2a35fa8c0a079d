from __future__ import annotations

import uuid

import pytest

from blossm.core.access import Token, admit, covers, permissions_of, subject_root
from blossm.core.errors import PermissionDenied, Unauthenticated
from blossm.model.network import Access

PAINT, LOOK = "shop:bicycle:paint", "shop:bicycle:look"


def token(subject: str = "ada", **parts: tuple[str, ...]) -> Token:
    return Token(issuer="https://id.example", subject=subject, expires=0.0, **parts)  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", ["public", "optional"])
def test_public_and_optional_entries_let_everybody_in(rule: str) -> None:
    admit(Access(rule=rule), None)  # type: ignore[arg-type]


def test_signed_in_needs_a_token_and_nothing_else() -> None:
    admit(Access(rule="signed_in"), token())
    with pytest.raises(Unauthenticated):
        admit(Access(rule="signed_in"), None)


def test_any_needs_one_of_its_permissions() -> None:
    access = Access(rule="any", permissions=(PAINT, LOOK))
    admit(access, token(), {LOOK})
    with pytest.raises(PermissionDenied):
        admit(access, token(), {"shop:wheel:paint"})
    with pytest.raises(Unauthenticated):
        admit(access, None, {LOOK})


def test_all_needs_every_one_and_names_those_that_are_missing() -> None:
    access = Access(rule="all", permissions=(PAINT, LOOK))
    admit(access, token(), {LOOK, PAINT})
    with pytest.raises(PermissionDenied) as refusal:
        admit(access, token(), {LOOK})
    assert refusal.value.facts == {"permissions": [PAINT]}


@pytest.mark.parametrize("granted", ["shop:bicycle:paint", "shop:bicycle:*", "shop:*:*", "*:*:*"])
def test_a_star_stands_for_one_whole_part_at_the_end(granted: str) -> None:
    assert covers({granted}, PAINT)


@pytest.mark.parametrize(
    "granted",
    ["", "*", "*:*", "shop:*", "shop:bicycle:p*", "*:bicycle:paint", "shop:*:paint", "shop:wheel:*", "shop:bicycle:*:*"],
)
def test_a_star_stands_for_nothing_else(granted: str) -> None:
    assert not covers({granted}, PAINT)


def test_a_token_grants_what_its_claim_and_its_roles_say_together() -> None:
    roles = {"mechanic": (PAINT,)}
    assert permissions_of(token(roles=("mechanic", "unknown"), permissions=(LOOK,)), roles) == {PAINT, LOOK}


def test_a_subject_that_is_a_root_is_its_own() -> None:
    root = str(uuid.uuid4())
    assert subject_root(token(root)) == root


@pytest.mark.parametrize("subject", ["ada", "", "0B4F0D7E-1111-4111-8111-111111111111", "0b4f0d7e111141118111111111111111"])
def test_any_other_subject_gets_a_root_of_its_own_per_issuer(subject: str) -> None:
    root = subject_root(token(subject))
    assert root == str(uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_URL, "https://id.example"), subject))
    assert root != subject_root(Token(issuer="https://other.example", subject=subject, expires=0.0))
