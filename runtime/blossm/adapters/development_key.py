"""The local key: it signs the tokens of `blossm token`, and is believed in development only."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from blossm.core.errors import Unavailable
from blossm.core.idempotency import new_id
from blossm.model.network import Environment, Issuer
from blossm.ports import Keys

_PRIVATE = ("d",)


def development_key(path: Path) -> dict[str, Any]:
    """The private key (a JWK) in the file at `path`, made where there is none, for its owner's eyes only.

    Two that make it at once end up with the same one. Raises Unavailable when the file holds no such key.
    """
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{new_id()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(orjson.dumps(_new()))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # unlike a rename, never over a key that came first
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
    return _read(path)


def _new() -> dict[str, Any]:
    key = ECKey.generate_key("P-256")
    return {**key.as_dict(private=True), "kid": f"development-{key.thumbprint()[:12]}"}


def _read(path: Path) -> dict[str, Any]:
    try:
        key: dict[str, Any] = orjson.loads(path.read_bytes())
        signs = "kid" in key and ECKey.import_key(key).private_key is not None  # asked for, its numbers are looked at
    except (JoseError, ValueError, TypeError, LookupError, AttributeError):  # whatever lies there instead
        key, signs = {}, False
    if not signs:
        raise Unavailable(f"{path} holds no key", help="remove the file: a new key is made, and old tokens end")
    return key


def issue_token(
    key: Mapping[str, Any],
    *,
    issuer: Issuer,
    sub: str,
    roles: Sequence[str] = (),
    permissions: Sequence[str] = (),
    context: Mapping[str, str] | None = None,
    ttl: int = 3600,
    now: float | None = None,
) -> str:
    """A token signed with the local key, from `now` (seconds since 1970) on. A negative `ttl` makes one that has expired."""
    now = int(time.time() if now is None else now)
    claims: dict[str, Any] = {
        "iss": issuer.issuer,
        **({"aud": issuer.audience} if issuer.audience else {}),
        "sub": sub,
        "iat": min(now, now + ttl),
        "exp": now + ttl,
        "jti": new_id(),
        **({"roles": list(roles)} if roles else {}),
        **({"permissions": list(permissions)} if permissions else {}),
        **({"context": dict(context)} if context else {}),
    }
    return jwt.encode({"alg": "ES256", "kid": key["kid"]}, claims, ECKey.import_key(dict(key)))


class DevelopmentKeys:
    """Another `Keys`, and beside it the local key for every issuer. It can be made in development only.

    The issuers themselves are asked only about keys that are not the local one, so that a machine without a network
    can work with local tokens.
    """

    def __init__(self, *, key: Mapping[str, Any], environment: Environment, others: Keys | None = None) -> None:
        if environment != "development":
            raise ValueError(f"the local key is believed in development only, not in {environment}")
        self._public = {name: value for name, value in key.items() if name not in _PRIVATE}
        self._others = others

    async def jwks(self, issuer: Issuer, *, fresh: bool = False) -> Mapping[str, Any]:
        others: Sequence[Any] = ()
        if fresh and self._others is not None and issuer.jwks:
            others = (await self._others.jwks(issuer, fresh=True))["keys"]
        return {"keys": [self._public, *others]}
