"""Tokens at the door: found in a request, checked, and remembered for as long as they may be."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwt import ClaimsOption, JWTClaimsRegistry
from starlette.requests import cookie_parser

from blossm.core.access import Token
from blossm.core.errors import BadRequest, PermissionDenied, Unauthenticated
from blossm.core.root import is_root
from blossm.core.strict_json import parse
from blossm.model.network import Issuer, Network
from blossm.ports import Clock, Keys
from blossm.procedures.doors import signatures
from blossm.procedures.doors.cors import Origins
from blossm.procedures.doors.remembered import Remembered
from blossm.procedures.doors.visit import Visit

MAX_TOKEN = 8 * 1024  # characters
MAX_SUBJECT = 255
SKEW = 60  # seconds by which clocks may differ
TRUST = 300.0  # seconds for which a checked token is not checked again: a key that was withdrawn is believed no longer
REMEMBERED = 10_000
DEVELOPMENT = "development"  # the names of keys that only development believes begin so

_BEARER = re.compile(r"[Bb]earer +([A-Za-z0-9_.-]+)")
CONTEXT = re.compile(r"[a-z][a-z0-9_]{0,62}")
_SAFE = ("GET", "HEAD")


def issuer_of(network: Network, name: str = "") -> Issuer:
    """The issuer that an entry means: the named one, or the network's first.

    A network that names none has in development one of its own, whose tokens `blossm token` makes.
    Raises Unauthenticated where there is no issuer at all: then no token can be trusted.
    """
    if name in network.issuers:
        return network.issuers[name]
    if not name and network.issuers:
        return next(iter(network.issuers.values()))
    if not name and network.environment == "development":
        return Issuer(name=DEVELOPMENT, issuer=f"urn:blossm:{network.host}", audience=network.host)
    raise Unauthenticated("this network believes no issuer")


class Tokens:
    """Finds and checks the tokens of one door's requests."""

    def __init__(self, *, network: Network, keys: Keys, clock: Clock, origins: Origins) -> None:
        self._network = network
        self._check = TokenCheck(network=network, keys=keys, clock=clock)
        self._clock = clock
        self._origins = origins
        self._known: Remembered[tuple[str, bytes], Token] = Remembered(REMEMBERED)

    async def of(self, visit: Visit, *, issuer: str) -> Token | None:
        """The visit's token, None where it brings none.

        Raises Unauthenticated for one that can't be trusted, PermissionDenied for a cookie that another site made the
        browser send, Unavailable when there is no key to check it with.
        """
        meant = issuer_of(self._network, issuer)
        text = bearer(visit) or self._cookie(visit, meant)
        if not text:
            return None
        now = self._clock.now().timestamp()
        known = (meant.name, hashlib.sha256(text.encode()).digest())
        if token := self._known.get(known, now):
            return token
        token = await self._check.token(text, meant)
        self._known.put(known, token, until=min(token.expires + SKEW, now + TRUST))
        return token

    def _cookie(self, visit: Visit, issuer: Issuer) -> str:
        if not issuer.cookie or b"cookie" not in visit.headers:
            return ""
        cookies: dict[str, str] = {}
        for header in visit.headers[b"cookie"]:
            cookies |= cookie_parser(header.decode("latin-1"))
        text = cookies.get(issuer.cookie, "")
        if text and visit.method not in _SAFE and visit.origin not in self._origins:
            raise PermissionDenied("a request by cookie must come from a page of this network", help="send an Origin header")
        return text


class TokenCheck:
    """Tells whether the text of a token is one that an issuer made for this network."""

    def __init__(self, *, network: Network, keys: Keys, clock: Clock) -> None:
        self._environment = network.environment
        self._keys = keys
        self._clock = clock

    async def token(self, text: str, issuer: Issuer) -> Token:
        """What the token says. Raises Unauthenticated, or Unavailable when there is no key to check it with."""
        if len(text) > MAX_TOKEN:
            raise untrusted("the token is too long")
        try:
            signature = signatures.parts(text)
            signatures.algorithm(signature)
            claims = parse(signature.payload or b"", at="token")
        except (JoseError, ValueError, BadRequest) as error:
            raise untrusted("the token is malformed, or signed in a way that is not believed") from error
        if not isinstance(claims, dict) or claims.get("iss") != issuer.issuer:
            raise untrusted("the token is of another issuer")  # before any key of the right one is asked for
        if not signatures.verified(signature, await self._jwks(issuer, signature.headers().get("kid"))):
            raise untrusted("the token's signature is not its issuer's")
        return token_from(claims, issuer, now=self._clock.now().timestamp())

    async def _jwks(self, issuer: Issuer, kid: str | None) -> Mapping[str, Any]:
        of_development = kid is not None and kid.startswith(DEVELOPMENT)
        if of_development and self._environment != "development":
            raise untrusted("a development token is believed in development only")
        jwks = await self._keys.jwks(issuer)
        if kid is None or of_development or signatures.has(jwks, kid):
            return jwks
        return await self._keys.jwks(issuer, fresh=True)  # the issuer may have a new key


def untrusted(message: str) -> Unauthenticated:
    return Unauthenticated(message, facts={"error": "invalid_token"})


def bearer(visit: Visit) -> str:
    """The token of the Authorization header, empty where there is no such header. Raises Unauthenticated."""
    match visit.headers.get(b"authorization"):
        case None:
            return ""
        case [value] if found := _BEARER.fullmatch(value.decode("latin-1").strip()):
            return found[1]
        case _:
            raise Unauthenticated("the Authorization header must be one `Bearer <token>`", facts={"error": "invalid_request"})


def token_from(claims: dict[str, Any], issuer: Issuer, *, now: float) -> Token:
    """The token that signed claims make. Raises Unauthenticated when they do not make one for this network now."""
    options: dict[str, ClaimsOption] = {
        "iss": {"essential": True, "value": issuer.issuer},
        "sub": {"essential": True},
        "exp": {"essential": True},
    }
    if issuer.audience:
        options["aud"] = {"essential": True, "value": issuer.audience}
    rules = JWTClaimsRegistry(now=int(now), leeway=SKEW, **options)
    try:
        rules.validate(claims)
    except ExpiredTokenError as error:
        raise untrusted("the token has expired") from error
    except (JoseError, ValueError, TypeError, OverflowError) as error:
        raise untrusted("the token is not for here, or not for now") from error
    if not _well_formed(claims):
        raise untrusted("the token's sub, context, roles or permissions are malformed")
    return Token(
        issuer=issuer.issuer,
        subject=claims["sub"],
        expires=float(claims["exp"]),
        context=claims.get("context", {}),
        roles=tuple(claims.get("roles", ())),
        permissions=tuple(claims.get("permissions", ())),
        claims=claims,
    )


def _well_formed(claims: Mapping[str, Any]) -> bool:
    context = claims.get("context", {})
    return (
        len(claims["sub"]) <= MAX_SUBJECT
        and isinstance(context, dict)
        and all(CONTEXT.fullmatch(name) and is_root(root) for name, root in context.items())
        and all(
            isinstance(words, list) and all(isinstance(word, str) for word in words)
            for words in (claims.get("roles", []), claims.get("permissions", []))
        )
    )
