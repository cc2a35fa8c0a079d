"""Signatures of tokens: which algorithms are believed, and which key of a key set may have made one.

joserfc does the cryptography. What is decided here is that a token can't choose how it is checked: the algorithm must
be asymmetric, and the key must be of the algorithm's own kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import orjson
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import JWKRegistry, Key
from joserfc.jws import CompactSignature, JWSRegistry, extract_compact, validate_compact

MAX_KEYS = 32  # of one key set
_RSA_MODULUS = 342  # characters of base64url: 2048 bits

# EdDSA over Ed25519 is what RFC 9864 calls Ed25519.
ALGORITHMS: Mapping[str, Mapping[str, str]] = {
    "ES256": {"kty": "EC", "crv": "P-256"},
    "RS256": {"kty": "RSA"},
    "EdDSA": {"kty": "OKP", "crv": "Ed25519"},
    "Ed25519": {"kty": "OKP", "crv": "Ed25519"},
}
_SAME = {"EdDSA": ("EdDSA", "Ed25519"), "Ed25519": ("EdDSA", "Ed25519")}


class _Registry(JWSRegistry):
    """The algorithms above and no others; headers that nobody here reads are allowed unless they are critical."""

    max_header_length = 4096
    max_payload_length = 16_384

    def get_alg(self, name: str) -> Any:
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError(f"{name!r} is not believed")
        return self.algorithms[name]


REGISTRY = _Registry(strict_check_header=False)


def parts(token: str) -> CompactSignature:
    """The token taken apart, nothing checked yet. Raises JoseError, ValueError."""
    return extract_compact(token.encode("ascii"), registry=REGISTRY)


def algorithm(signature: CompactSignature) -> str:
    """Raises JoseError for what is not believed: `none`, and everything with a shared secret."""
    name = signature.headers()["alg"]
    REGISTRY.check_header(signature.headers())
    if not isinstance(name, str):
        raise UnsupportedAlgorithmError("the algorithm is no text")
    REGISTRY.get_alg(name)
    return name


def has(jwks: Mapping[str, Any], kid: str) -> bool:
    return any(key.get("kid") == kid for key in _keys(jwks))


def verified(signature: CompactSignature, jwks: Mapping[str, Any]) -> bool:
    """Whether a key of the set made the signature: the one that the token names, or any where it names none."""
    alg, kid = algorithm(signature), signature.headers().get("kid")
    fitting = (key for key in _keys(jwks) if _fits(key, alg) and (kid is None or key.get("kid") == kid))
    return any(_made(key, signature) for key in fitting)


def _keys(jwks: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    keys = jwks.get("keys")
    if isinstance(keys, list):
        yield from (key for key in keys[:MAX_KEYS] if isinstance(key, dict))


def _fits(key: Mapping[str, Any], alg: str) -> bool:
    if any(key.get(name) != value for name, value in ALGORITHMS[alg].items()):
        return False
    if key.get("use", "sig") != "sig" or key.get("alg", alg) not in _SAME.get(alg, (alg,)):
        return False
    return key["kty"] != "RSA" or len(str(key.get("n", ""))) >= _RSA_MODULUS


def _made(key: dict[str, Any], signature: CompactSignature) -> bool:
    try:
        return validate_compact(signature, _imported(orjson.dumps(key)), registry=REGISTRY)
    except (JoseError, ValueError):  # a key that is none, or a signature that has not even the length of one
        return False


@lru_cache(maxsize=256)
def _imported(key: bytes) -> Key:
    public = {name: value for name, value in orjson.loads(key).items() if name not in ("alg", "d")}
    return JWKRegistry.import_key(public)
