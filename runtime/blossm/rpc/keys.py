"""Keys: by one a caller proves who it is, and to one callee only.

Each callee has a secret. A caller's key for it is the caller's name, signed with that secret:
`command/shop.bicycle.paint:9f86d0…`. Who holds it can't make another caller's, nor one for another callee.
The operator's key passes everywhere. A callee knows only the digest of it, so that it can't pass itself off as the operator.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import get_args

from blossm.core.errors import Unauthenticated
from blossm.model.network import Kind, Ref
from blossm.procedures.callers import Caller

Metadata = Iterable[tuple[str, str | bytes]]
Identify = Callable[[Metadata], Caller]

OPERATOR = "operator"
_KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
_LONGEST = 1024


def key_for(caller: Ref, secret: bytes) -> str:
    """The key by which a callee with this secret knows the caller."""
    name = f"{caller.kind}/{caller.address}"
    return f"{name}:{_signed(name, secret)}"


def operator_key(token: str) -> str:
    return f"{OPERATOR}:{token}"


def digest_of(token: str) -> str:
    """What a callee knows of the operator's token."""
    return sha256(token.encode()).hexdigest()


def identify(secret: bytes, *, operator: str) -> Identify:
    """Tells who a call's metadata is of, to a callee with this secret. `operator`: the digest of its token; empty: none.

    It raises Unauthenticated for everything but one good key.
    """

    known: dict[str | bytes, Caller] = {}  # good keys only, so there are as many as callers

    def identified(metadata: Metadata) -> Caller:
        keys = [value for name, value in metadata if name == "authorization"]
        if len(keys) != 1:
            raise _refused("came without a key" if not keys else "has several keys")
        if (key := keys[0]) not in known:
            known[key] = _caller(key, secret, operator)
        return known[key]

    return identified


def _caller(header: str | bytes, secret: bytes, operator: str) -> Caller:
    if not isinstance(header, str) or not header.isascii() or len(header) > _LONGEST:
        raise _refused("has a key that is none")
    scheme, _, key = header.partition(" ")
    name, _, proof = key.partition(":")
    if scheme.lower() != "bearer" or not name:
        raise _refused("has a key that is none")
    if name == OPERATOR:
        if operator and hmac.compare_digest(digest_of(proof), operator):
            return None
    elif hmac.compare_digest(proof, _signed(name, secret)):
        kind, _, address = name.partition("/")
        if kind in _KINDS:
            return Ref(_KINDS[kind], address)
    raise _refused("has a key that does not pass here")


def _signed(name: str, secret: bytes) -> str:
    return hmac.digest(secret, name.encode(), "sha256").hex()


def _refused(problem: str) -> Unauthenticated:
    return Unauthenticated(f"the call {problem}", help="send the metadata `authorization: Bearer <key>`")
