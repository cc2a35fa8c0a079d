"""Development tokens for the people and scripts that try a network."""

from __future__ import annotations

from pathlib import Path

import msgspec

from blossm.core.errors import BadRequest
from blossm.core.root import is_root
from blossm.model.diagnostics import did_you_mean
from blossm.model.network import Network


class TokenWish(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Who the token is for, and what it carries. A negative `ttl` (seconds) makes an expired one."""

    sub: str = "developer"
    roles: list[str] = []
    context: dict[str, str] = {}
    issuer: str = ""
    ttl: int = 3600


def development_token(network: Network, wish: TokenWish, *, key: Path) -> str:
    """A token signed with the key in the file at `key`, made where there is none.

    Raises BadRequest for a role or an issuer that the network does not have, and for what no door would believe.
    """
    from blossm.adapters.development_key import development_key, issue_token  # cryptography, only when it is needed
    from blossm.procedures.doors.tokens import CONTEXT, MAX_SUBJECT, issuer_of

    if not (0 < len(wish.sub) <= MAX_SUBJECT and wish.sub.isprintable()):
        raise BadRequest("the sub is off", help=f"a sub has 1 to {MAX_SUBJECT} printable characters")
    for role in wish.roles:
        if role not in network.roles:
            raise BadRequest(f"there is no role {role}", help=did_you_mean(role, network.roles))
    if wish.issuer and wish.issuer not in network.issuers:
        raise BadRequest(f"there is no issuer {wish.issuer}", help=did_you_mean(wish.issuer, network.issuers))
    for name, root in wish.context.items():
        if not (CONTEXT.fullmatch(name) and is_root(root)):
            raise BadRequest(f"context {name}={root} is off", help="it is NAME=ROOT, and a root is a UUID in lower case")
    return issue_token(
        development_key(key),
        issuer=issuer_of(network, wish.issuer),
        sub=wish.sub,
        roles=wish.roles,
        context=wish.context,
        ttl=wish.ttl,
    )
