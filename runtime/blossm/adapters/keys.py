"""Keys of issuers, asked for over HTTPS and kept for a while."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import orjson

from blossm.core.errors import Unavailable
from blossm.model.network import Issuer
from blossm.ports import Clock

if TYPE_CHECKING:
    import httpx

GOOD_FOR = 300.0  # seconds until a key set is asked for again
STALE_FOR = 3600.0  # seconds for which it still serves while its issuer does not answer
BETWEEN_ASKS = 10.0  # seconds between two questions to one issuer, however many unknown keys come by
TIMEOUT = 3.0
MAX_BYTES = 256 * 1024


class Fetch(Protocol):
    async def __call__(self, url: str) -> bytes:
        """The document at `url`. Raises Unavailable."""


@dataclass(slots=True)
class _Known:
    jwks: Mapping[str, Any] | None = None
    at: float = 0.0  # when it came
    asked: float = float("-inf")


class HttpKeys:
    """The key sets at the issuers' `jwks` addresses.

    One question at a time per issuer, at most one in `BETWEEN_ASKS` seconds. While an issuer does not answer, its last
    key set serves for up to `STALE_FOR`.
    """

    def __init__(self, *, clock: Clock, fetch: Fetch | None = None) -> None:
        self._clock = clock
        self._fetch = fetch or _over_https
        self._known: dict[str, _Known] = defaultdict(_Known)
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def jwks(self, issuer: Issuer, *, fresh: bool = False) -> Mapping[str, Any]:
        if not issuer.jwks:
            raise Unavailable(f"issuer {issuer.name!r} has no key set to ask for")
        known = self._known[issuer.jwks]
        came = known.at
        if not fresh and known.jwks is not None and self._age(known) < GOOD_FOR:
            return known.jwks
        async with self._locks[issuer.jwks]:
            if known.at == came or known.jwks is None:  # nobody else asked while we waited
                await self._ask(issuer, known)
        if known.jwks is None or self._age(known) >= STALE_FOR:
            raise Unavailable(f"the keys of issuer {issuer.name!r} are not to be had")
        return known.jwks

    async def _ask(self, issuer: Issuer, known: _Known) -> None:
        """Ask unless that was done a moment ago; keep what there is when no answer comes."""
        if self._clock.monotonic() - known.asked < BETWEEN_ASKS:
            return
        known.asked = self._clock.monotonic()
        try:
            known.jwks = _key_set(await self._fetch(issuer.jwks))
        except Unavailable:
            return
        known.at = self._clock.monotonic()

    def _age(self, known: _Known) -> float:
        return self._clock.monotonic() - known.at


def _key_set(document: bytes) -> Mapping[str, Any]:
    try:
        jwks = orjson.loads(document)
    except ValueError as error:
        raise Unavailable("the key set is not JSON") from error
    if not isinstance(jwks, dict) or not isinstance(jwks.get("keys"), list):
        raise Unavailable("the key set has no list of keys")
    return jwks


async def _over_https(url: str) -> bytes:
    """Over plain HTTP from this machine only. A client of its own each time: that is once in minutes."""
    import httpx  # a tenth of a second that only a door with a remote issuer spends

    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise Unavailable("keys are asked for over https only")
    try:
        async with asyncio.timeout(TIMEOUT), httpx.AsyncClient(timeout=TIMEOUT) as client, client.stream("GET", url) as response:
            if response.status_code != 200:
                raise Unavailable(f"the issuer answered {response.status_code}")
            return await _bounded(response)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        raise Unavailable("the issuer does not answer") from error


async def _bounded(response: httpx.Response) -> bytes:
    document = b""
    async for chunk in response.aiter_bytes():
        document += chunk
        if len(document) > MAX_BYTES:
            raise Unavailable("the key set is too large")
    return document
