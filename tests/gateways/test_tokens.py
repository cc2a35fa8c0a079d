from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from tests.gateways.city import CHALLENGE, GARAGE, HOST, KEY, City, bearer

from blossm.core.errors import Unavailable
from blossm.model.network import Issuer
from blossm.procedures.doors.tokens import MAX_TOKEN, TRUST

RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})
STRANGER = ECKey.generate_key("P-256", {"kid": "key-1"})
SIGNED_IN = "/register"

pytestmark = pytest.mark.ways("in process", because="what a token is worth is decided at the door")


async def ask(city: City, token: str, path: str = SIGNED_IN) -> httpx.Response:
    return await city.commands.post(path, headers=bearer(token))


def told(answer: httpx.Response) -> str:
    """The answer to a token that can't be trusted: always the same shape, and never the token itself."""
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "UNAUTHENTICATED"
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith(f'Bearer realm="c.bicycle.shop.{HOST}"')
    return challenge.partition("error=")[2].strip('"')


def signed(city: City, key: Key, *, alg: str, kid: str | None = None) -> str:
    header = {"alg": alg, **({"kid": kid} if kid else {})}
    return jwt.encode(header, city.claims(), key, registry=JWSRegistry(algorithms=[alg]))


def raw(header: Any, claims: Any, signature: bytes = b"") -> str:
    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    return f"{part(json.dumps(header).encode())}.{part(json.dumps(claims).encode())}.{part(signature)}"


# ---------------------------------------------------------------- good ones


@pytest.mark.parametrize(("key", "alg"), [(KEY, "ES256"), (RSA, "RS256"), (ED, "Ed25519")])
async def test_the_believed_algorithms_are_believed(city: City, key: Key, alg: str) -> None:
    city.keys.sets["access"] = [key]
    assert (await ask(city, signed(city, key, alg=alg, kid=key.kid))).status_code == 200


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
async def test_eddsa_is_believed_under_its_older_name(city: City) -> None:
    city.keys.sets["access"] = [ED]
    assert (await ask(city, signed(city, ED, alg="EdDSA", kid="ed"))).status_code == 200


async def test_a_token_that_names_no_key_is_tried_with_those_that_fit(city: City) -> None:
    city.keys.sets["access"] = [RSA, STRANGER, KEY]
    assert (await ask(city, signed(city, KEY, alg="ES256"))).status_code == 200


async def test_an_audience_may_be_one_of_several(city: City) -> None:
    assert (await ask(city, city.token(aud=["other", "city"]))).status_code == 200


async def test_clocks_may_differ_by_a_minute(city: City) -> None:
    now = int(city.clock.now().timestamp())
    assert (await ask(city, city.token(exp=now - 59))).status_code == 200
    assert (await ask(city, city.token(nbf=now + 59))).status_code == 200


async def test_the_scheme_is_read_in_any_case(city: City) -> None:
    answer = await city.commands.post(SIGNED_IN, headers={"Authorization": f"bearer  {city.token()}"})
    assert answer.status_code == 200


async def test_headers_that_nobody_here_reads_do_no_harm(city: City) -> None:
    assert (await ask(city, city.token(header={"cty": "x", "x5t": "abc"}))).status_code == 200


# ---------------------------------------------------------------- where none is needed


async def test_a_token_is_not_read_where_the_entry_is_public(city: City) -> None:
    assert (await city.commands.post("/ring", headers={"Authorization": "nonsense"})).status_code == 200
    assert city.asked.claims == {}
    assert (await city.commands.post("/ring", headers=city.signed())).status_code == 200
    assert city.asked.claims == {}


async def test_a_token_is_optional_but_must_then_be_valid(city: City) -> None:
    assert (await city.commands.post("/look")).status_code == 200
    assert city.asked.claims == {}
    assert (await ask(city, city.token(), "/look")).status_code == 200
    assert city.asked.claims["sub"] == "ada"
    assert told(await ask(city, city.token(exp=1), "/look")) == "invalid_token"


async def test_a_missing_token_is_told_without_an_error_code(city: City) -> None:
    assert told(await city.commands.post(SIGNED_IN)) == ""
    assert not city.behind.commands.asked


# ---------------------------------------------------------------- attacks


async def test_none_is_no_algorithm(city: City) -> None:
    for name in ("none", "None", "NONE", "nOnE", ""):
        for header in ({"alg": name}, {"alg": name, "kid": "key-1"}):
            assert told(await ask(city, raw(header, city.claims()))) == "invalid_token"


async def test_a_public_key_is_no_shared_secret(city: City) -> None:
    pem = KEY.as_pem(private=False)
    for alg in ("HS256", "HS384", "HS512"):
        for secret in (pem, json.dumps(KEY.as_dict(private=False)).encode(), b""):
            head, body, _ = raw({"alg": alg, "kid": "key-1"}, city.claims()).split(".")
            signature = hmac.new(secret, f"{head}.{body}".encode(), getattr(hashlib, f"sha{alg[2:]}")).digest()
            forged = f"{head}.{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
            assert told(await ask(city, forged)) == "invalid_token"


async def test_a_shared_secret_in_a_key_set_is_not_believed(city: City) -> None:
    secret = OctKey.generate_key(256, {"kid": "oct"})
    city.keys.sets["access"] = [secret]
    token = jwt.encode({"alg": "HS256", "kid": "oct"}, city.claims(), secret)
    assert told(await ask(city, token)) == "invalid_token"


@pytest.mark.parametrize("alg", ["ES384", "ES512", "RS384", "RS512", "PS256", "ES256K", "Ed448", 7, None, ["ES256"]])
async def test_other_algorithms_are_not_believed(city: City, alg: Any) -> None:
    assert told(await ask(city, raw({"alg": alg, "kid": "key-1"}, city.claims(), b"x" * 64))) == "invalid_token"


async def test_a_key_of_another_kind_checks_nothing(city: City) -> None:
    city.keys.sets["access"] = [RSA, ED, KEY]
    for kid in ("rsa", "ed"):
        assert told(await ask(city, signed(city, KEY, alg="ES256", kid=kid))) == "invalid_token"


async def test_a_key_for_encryption_checks_nothing(city: City) -> None:
    city.keys.sets["access"] = [ECKey.import_key({**KEY.as_dict(private=True), "use": "enc"})]
    assert told(await ask(city, city.token())) == "invalid_token"


async def test_a_short_rsa_key_is_not_believed(city: City) -> None:
    with pytest.warns(UserWarning, match="2048"):
        weak = RSAKey.generate_key(1024, {"kid": "weak"})
    token = signed(city, weak, alg="RS256", kid="weak")
    city.keys.sets["access"] = [weak]
    assert told(await ask(city, token)) == "invalid_token"


async def test_a_key_that_the_token_brings_along_is_not_believed(city: City) -> None:
    for header in ({"jwk": STRANGER.as_dict(private=False)}, {"jku": "https://evil.example/jwks.json"}, {"kid": "key-1"}):
        token = city.token(key=STRANGER, header=header)
        assert told(await ask(city, token)) == "invalid_token"


async def test_a_critical_header_that_nobody_knows_is_refused(city: City) -> None:
    assert (
        told(await ask(city, raw({"alg": "ES256", "kid": "key-1", "crit": ["exp2"], "exp2": 1}, city.claims())))
        == "invalid_token"
    )


async def test_a_changed_token_is_refused(city: City) -> None:
    head, body, signature = city.token().split(".")
    other = raw({}, city.claims(sub="eve")).split(".")[1]
    for forged in (
        f"{head}.{other}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}.{signature[:-4]}",
        f"{head}.{body}.{signature[::-1]}",
    ):
        assert told(await ask(city, forged)) == "invalid_token"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"iss": ["https://id.bicyclecity.example"]},
        {"aud": "other"},
        {"aud": None},
        {"aud": []},
        {"aud": {"city": 1}},
        {"exp": 1},
        {"exp": None},
        {"exp": "2099-01-01"},
        {"exp": True},
        {"nbf": 4_000_000_000},
        {"iat": 4_000_000_000},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "a" * 256},
        {"context": []},
        {"context": {"garage": "main street"}},
        {"context": {"garage": None}},
        {"context": {"Garage!": GARAGE}},
        {"roles": "mechanic"},
        {"roles": [7]},
        {"permissions": "*:*:*"},
        {"permissions": {"shop:bicycle:paint": True}},
    ],
)
async def test_claims_that_are_not_for_here_are_refused(city: City, changes: dict[str, Any]) -> None:
    assert told(await ask(city, city.token(**changes))) == "invalid_token"
    assert not city.behind.commands.asked


@pytest.mark.parametrize(
    "token",
    ["x", "a.b", "a.b.c", "....", "a.b.c.d.e", "eyJhbGciOiJFUzI1NiJ9..", "A" * 50_000, raw([], []), raw({"alg": "ES256"}, [])],
)
async def test_garbage_is_refused(city: City, token: str) -> None:
    assert told(await ask(city, token)) == "invalid_token"


async def test_a_token_is_bounded_in_size(city: City) -> None:
    assert told(await ask(city, city.token(note="x" * MAX_TOKEN))) == "invalid_token"


async def test_claims_that_are_there_twice_are_refused(city: City) -> None:
    body = json.dumps(city.claims())[:-1] + ', "sub": "eve"}'
    head = raw({"alg": "ES256", "kid": "key-1"}, {}).split(".")[0]
    token = f"{head}.{base64.urlsafe_b64encode(body.encode()).rstrip(b'=').decode()}.{'A' * 86}"
    assert told(await ask(city, token)) == "invalid_token"


@pytest.mark.parametrize(
    "value", ["Basic YTpi", "Bearer", "Bearer a b", "Token abc", "", "Bearer a.b.c, Bearer d.e.f", "Bearer ä"]
)
async def test_anything_but_one_bearer_token_is_refused(city: City, value: str) -> None:
    assert told(await city.commands.post("/look", headers={b"Authorization": value.encode()})) == "invalid_request"


async def test_two_authorization_headers_are_refused(city: City) -> None:
    header = ("Authorization", f"Bearer {city.token()}")
    assert told(await city.commands.post(SIGNED_IN, headers=[header, header])) == "invalid_request"


# ---------------------------------------------------------------- issuers


async def test_the_issuer_that_an_entry_names_is_meant(city: City) -> None:
    challenge = city.token(iss=CHALLENGE.issuer)
    assert (await ask(city, challenge, "/answer")).status_code == 200
    assert told(await ask(city, city.token(), "/answer")) == "invalid_token"
    assert told(await ask(city, challenge)) == "invalid_token"


async def test_another_issuers_token_asks_for_no_keys(city: City) -> None:
    await ask(city, city.token(iss="https://evil.example"))
    assert city.keys.asked == []


async def test_a_network_without_issuers_believes_nobody() -> None:
    city = City(issuers={})
    assert told(await ask(city, city.token())) == ""


# ---------------------------------------------------------------- keys


async def test_an_unknown_key_is_asked_for_once(city: City) -> None:
    assert told(await ask(city, city.token(header={"kid": "new"}))) == "invalid_token"
    assert city.keys.asked == [("access", False), ("access", True)]


async def test_keys_that_are_none_stand_in_nobodys_way(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    fit = {"kty": "EC", "crv": "P-256", "kid": "key-1"}
    odd: list[Any] = ["key", None, {}, fit, {**fit, "x": "AA", "y": "AA"}, {**fit, "x": 7, "y": []}, KEY.as_dict(private=False)]

    async def jwks(issuer: Issuer, *, fresh: bool = False) -> Mapping[str, Any]:
        return {"keys": odd}

    monkeypatch.setattr(city.keys, "jwks", jwks)
    assert (await ask(city, city.token())).status_code == 200
    odd.pop()
    assert told(await ask(city, city.token(sub="bob"))) == "invalid_token"


async def test_a_known_key_is_not_asked_for_again(city: City) -> None:
    await ask(city, city.token())
    assert city.keys.asked == [("access", False)]


async def test_a_token_is_checked_once_for_as_long_as_it_is_trusted(city: City) -> None:
    token = city.token(exp=int(city.clock.now().timestamp()) + 3600)
    for _ in range(3):
        assert (await ask(city, token)).status_code == 200
    assert len(city.keys.asked) == 1
    city.keys.sets["access"] = [STRANGER]  # the key was withdrawn
    city.clock.advance(TRUST)
    assert told(await ask(city, token)) == "invalid_token"


async def test_a_token_that_was_good_expires(city: City) -> None:
    token = city.token(exp=int(city.clock.now().timestamp()) + 10)
    assert (await ask(city, token)).status_code == 200
    city.clock.advance(71)
    assert told(await ask(city, token)) == "invalid_token"


async def test_without_a_key_nobody_can_tell(city: City) -> None:
    city.keys.error = Unavailable("https://internal.example/jwks does not answer")
    answer = await ask(city, city.token())
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert "internal.example" not in answer.text


async def test_a_development_key_is_refused_anywhere_else(city: City) -> None:
    key = ECKey.generate_key("P-256", {"kid": "development-abc"})
    city.keys.sets["access"] = [key]
    token = city.token(key=key, header={"kid": "development-abc"})
    assert told(await ask(city, token)) == "invalid_token"
    at_home = City(environment="development")
    at_home.keys.sets["access"] = [key]
    assert (await ask(at_home, token)).status_code == 200


# ---------------------------------------------------------------- cookies


async def test_a_token_may_come_in_the_issuers_cookie(city: City) -> None:
    headers = {"Cookie": f"theme=dark; access={city.token(context={'garage': GARAGE})}"}
    assert (await city.views.get("/mine", headers=headers)).status_code == 200


@pytest.mark.parametrize("origin", [f"https://{HOST}", "https://app.example", f"https://c.bicycle.shop.{HOST}"])
async def test_a_cookie_changes_things_only_from_a_page_of_the_network(city: City, origin: str) -> None:
    headers = {"Cookie": f"access={city.token()}", "Origin": origin}
    assert (await city.commands.post(SIGNED_IN, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "origin", [None, "null", "https://evil.example", f"http://{HOST}", f"https://evil.{HOST}", "http://localhost:3000"]
)
async def test_a_cookie_from_anywhere_else_changes_nothing(city: City, origin: str | None) -> None:
    headers = {"Cookie": f"access={city.token()}", **({"Origin": origin} if origin else {})}
    assert (await city.commands.post(SIGNED_IN, headers=headers)).status_code == 403
    assert not city.behind.commands.asked


async def test_the_header_counts_before_the_cookie(city: City) -> None:
    headers = {**city.signed(sub="ada"), "Cookie": f"access={city.token(sub='eve')}"}
    await city.commands.post(SIGNED_IN, headers=headers)
    assert city.asked.claims["sub"] == "ada"


async def test_another_issuers_cookie_is_no_token(city: City) -> None:
    headers = {"Cookie": f"access={city.token()}", "Origin": f"https://{HOST}"}
    assert told(await city.commands.post("/answer", headers=headers)) == ""
