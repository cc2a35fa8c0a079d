"""Who may use a gateway's entry: decided from the entry's access, the token, and the subject's permissions."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, assert_never

from blossm.core.errors import PermissionDenied, Unauthenticated
from blossm.core.root import is_root
from blossm.model.network import Access


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token that was found to be true. `expires` is in seconds since 1970."""

    issuer: str
    subject: str
    expires: float
    context: Mapping[str, str] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    claims: Mapping[str, Any] = field(default_factory=dict)

    @property
    def principal(self) -> str:
        return f"{self.issuer}|{self.subject}"


def kept(claims: Mapping[str, Any]) -> dict[str, Any]:
    """The claims that the log keeps of who asked."""
    return {name: claims[name] for name in ("iss", "sub", "roles", "permissions") if name in claims}


def reads_token(access: Access) -> bool:
    """Whether the entry looks at a token at all."""
    return access.rule != "public"


def needs_permissions(access: Access) -> bool:
    return access.rule in ("any", "all")


def admit(access: Access, token: Token | None, permissions: Collection[str] = ()) -> None:
    """Return if the entry lets this caller in.

    Raises Unauthenticated where a token is needed and there is none, PermissionDenied where a privilege is missing.
    """
    match access.rule:
        case "public" | "optional":
            return
        case "signed_in":
            _signed_in(token)
        case "any":
            _signed_in(token)
            if not any(covers(permissions, wanted) for wanted in access.permissions):
                raise PermissionDenied("needs one of these permissions", facts={"permissions": list(access.permissions)})
        case "all":
            _signed_in(token)
            if missing := [wanted for wanted in access.permissions if not covers(permissions, wanted)]:
                raise PermissionDenied("needs all of these permissions", facts={"permissions": missing})
        case _:
            assert_never(access.rule)


def _signed_in(token: Token | None) -> None:
    if token is None:
        raise Unauthenticated("needs a token", help="send the header `Authorization: Bearer <token>`")


def covers(granted: Collection[str], wanted: str) -> bool:
    """Whether the granted permissions hold `wanted`.

    A `*` stands for one whole part, at the end only: `shop:bicycle:*`, `shop:*:*` and `*:*:*` hold `shop:bicycle:paint`.
    """
    if wanted in granted:
        return True
    parts = wanted.split(":")
    return any(":".join(parts[:kept] + ["*"] * (len(parts) - kept)) in granted for kept in range(len(parts)))


def permissions_of(token: Token, roles: Mapping[str, Collection[str]]) -> frozenset[str]:
    """What a token grants by itself: its claim's permissions and those of its roles. An unknown role grants nothing."""
    return frozenset(token.permissions).union(*(roles.get(role, ()) for role in token.roles))


def subject_root(token: Token) -> str:
    """The root under which a network's permissions fact knows a subject: its `sub`, or a UUID made of issuer and `sub`."""
    if is_root(token.subject):
        return token.subject
    return str(uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_URL, token.issuer), token.subject))
