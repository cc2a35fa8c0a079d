from __future__ import annotations

import asyncio
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from tests.gateways.city import ACCESS, KEY, City, bearer

from blossm.adapters.development_key import DevelopmentKeys, development_key, issue_token
from blossm.adapters.keys import BETWEEN_ASKS, GOOD_FOR, MAX_BYTES, STALE_FOR, HttpKeys
from blossm.adapters.memory.clock import FakeClock
from blossm.core.errors import Unavailable
from blossm.procedures.doors.tokens import issuer_of

SET = orjson.dumps({"keys": [KEY.as_dict(private=False)]})


class Issuers:
    """Answers with a document, or with what went wrong."""

    def __init__(self) -> None:
        self.answer: bytes | Unavailable = SET
        self.asked: list[str] = []

    async def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        await asyncio.sleep(0)
        if isinstance(self.answer, Unavailable):
            raise self.answer
        return self.answer


class TestHttpKeys:
    @pytest.fixture(autouse=True)
    def _keys(self) -> None:
        self.clock, self.issuers = FakeClock(), Issuers()
        self.keys = HttpKeys(clock=self.clock, fetch=self.issuers)

    async def test_are_asked_for_once_and_then_known(self) -> None:
        for _ in range(3):
            assert await self.keys.jwks(ACCESS) == orjson.loads(SET)
        assert self.issuers.asked == [ACCESS.jwks]

    async def test_are_asked_for_once_when_many_wait(self) -> None:
        await asyncio.gather(*(self.keys.jwks(ACCESS) for _ in range(20)))
        assert len(self.issuers.asked) == 1

    async def test_are_asked_for_again_after_a_while(self) -> None:
        await self.keys.jwks(ACCESS)
        self.clock.advance(GOOD_FOR)
        self.issuers.answer = b'{"keys": []}'
        assert await self.keys.jwks(ACCESS) == {"keys": []}

    async def test_are_asked_for_at_a_bounded_rate_however_many_unknown_keys_come_by(self) -> None:
        await self.keys.jwks(ACCESS)
        self.clock.advance(BETWEEN_ASKS)
        for _ in range(50):
            await self.keys.jwks(ACCESS, fresh=True)
        assert len(self.issuers.asked) == 2

    async def test_serve_on_for_a_while_when_the_issuer_is_silent(self) -> None:
        await self.keys.jwks(ACCESS)
        self.issuers.answer = Unavailable()
        self.clock.advance(STALE_FOR - 1)
        assert await self.keys.jwks(ACCESS) == orjson.loads(SET)
        self.clock.advance(1)
        with pytest.raises(Unavailable):
            await self.keys.jwks(ACCESS)

    async def test_come_back_when_the_issuer_does(self) -> None:
        self.issuers.answer = Unavailable()
        for _ in range(5):
            with pytest.raises(Unavailable):
                await self.keys.jwks(ACCESS)
        assert len(self.issuers.asked) == 1
        self.issuers.answer = SET
        self.clock.advance(BETWEEN_ASKS)
        assert await self.keys.jwks(ACCESS) == orjson.loads(SET)

    @pytest.mark.parametrize("document", [b"", b"<html>", b"[]", b"{}", b'{"keys": {}}'])
    async def test_that_are_no_key_set_are_none(self, document: bytes) -> None:
        self.issuers.answer = document
        with pytest.raises(Unavailable):
            await self.keys.jwks(ACCESS)


class TestAskingOverHttps:
    """The real client, with a transport that answers in the issuer's place."""

    async def ask(self, monkeypatch: pytest.MonkeyPatch, answer: Any, url: str = ACCESS.jwks) -> bytes:
        def client(*, timeout: float) -> httpx.AsyncClient:
            return real(timeout=timeout, transport=httpx.MockTransport(answer))

        real = httpx.AsyncClient
        monkeypatch.setattr(httpx, "AsyncClient", client)
        issuer = type(ACCESS)(name="access", issuer="x", jwks=url)
        return orjson.dumps(await HttpKeys(clock=FakeClock()).jwks(issuer))

    async def test_a_key_set_comes_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert await self.ask(monkeypatch, lambda request: httpx.Response(200, content=SET)) == SET

    @pytest.mark.parametrize("status", [301, 404, 500])
    async def test_only_a_200_counts(self, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
        with pytest.raises(Unavailable):
            await self.ask(monkeypatch, lambda request: httpx.Response(status, content=SET, headers={"Location": "/"}))

    async def test_a_huge_document_is_not_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(Unavailable):
            await self.ask(monkeypatch, lambda request: httpx.Response(200, content=b" " * MAX_BYTES + SET))

    async def test_silence_is_no_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def silent(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectTimeout("nobody there")

        with pytest.raises(Unavailable):
            await self.ask(monkeypatch, silent)

    async def test_plain_http_is_for_this_machine_only(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(Unavailable):
            await HttpKeys(clock=FakeClock()).jwks(type(ACCESS)(name="access", issuer="x", jwks="http://id.example/jwks"))
        assert await self.ask(monkeypatch, lambda request: httpx.Response(200, content=SET), "http://localhost:1/jwks") == SET


class TestTheDevelopmentKey:
    def test_is_made_once_for_its_owners_eyes(self, tmp_path: Path) -> None:
        path = tmp_path / "state" / "key.json"
        made = development_key(path)
        assert development_key(path) == made
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [file.name for file in path.parent.iterdir()] == ["key.json"]
        assert made["kid"].startswith("development-")

    def test_that_came_first_stays(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "key.json"
        first = development_key(tmp_path / "first.json")

        def too_late(draft: Path, target: Path) -> None:
            target.write_bytes(orjson.dumps(first))
            raise FileExistsError

        monkeypatch.setattr("blossm.adapters.development_key.os.link", too_late)
        assert development_key(path) == first

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{}",
            b"[]",
            b'{"kty": "EC"}',
            b'{"kty": "EC", "crv": "P-256", "x": "aa", "y": "bb", "d": "cc", "kid": "k"}',
            b'{"kty": "EC", "crv": "P-256", "x": 1, "y": 2, "d": 3, "kid": 4}',
            b'{"kty": "EC", "crv": "P-999", "x": "aa", "y": "bb", "d": "cc", "kid": "k"}',
        ],
    )
    def test_that_is_none_is_told_with_its_path(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "key.json"
        path.write_bytes(content)
        with pytest.raises(Unavailable, match=r"key\.json holds no key"):
            development_key(path)

    def test_is_believed_in_development_only(self, tmp_path: Path) -> None:
        key = development_key(tmp_path / "key.json")
        for environment in ("staging", "sandbox", "production"):
            with pytest.raises(ValueError, match="development only"):
                DevelopmentKeys(key=key, environment=environment)

    async def test_is_shown_without_its_private_half(self, tmp_path: Path) -> None:
        keys = DevelopmentKeys(key=development_key(tmp_path / "key.json"), environment="development")
        [shown] = (await keys.jwks(ACCESS))["keys"]
        assert "d" not in shown

    async def test_stands_beside_those_of_the_issuers(self, tmp_path: Path) -> None:
        issuers = Issuers()
        others = HttpKeys(clock=FakeClock(), fetch=issuers)
        keys = DevelopmentKeys(key=development_key(tmp_path / "key.json"), environment="development", others=others)
        await keys.jwks(ACCESS)
        assert issuers.asked == []  # local tokens work without a network
        assert [key["kid"][:5] for key in (await keys.jwks(ACCESS, fresh=True))["keys"]] == ["devel", "key-1"]


class TestADevelopmentToken:
    @pytest.fixture(autouse=True)
    def _key(self, tmp_path: Path) -> None:
        self.key = development_key(tmp_path / "key.json")
        self.keys = DevelopmentKeys(key=self.key, environment="development")

    async def status(self, city: City, *, ttl: int = 60, roles: Sequence[str] = ("owner",)) -> int:
        now = city.clock.now().timestamp()
        token = issue_token(self.key, issuer=issuer_of(city.network), sub="ada", roles=roles, ttl=ttl, now=now)
        return (await city.commands.post("/sell", headers=bearer(token))).status_code

    async def test_opens_the_doors_at_home(self) -> None:
        city = City(environment="development", keys=self.keys)
        assert await self.status(city) == 200
        assert await self.status(city, roles=()) == 403

    async def test_may_be_made_expired(self) -> None:
        assert await self.status(City(environment="development", keys=self.keys), ttl=-3600) == 401

    async def test_of_a_former_key_opens_nothing_and_asks_no_issuer(self, tmp_path: Path) -> None:
        issuers = Issuers()
        others = HttpKeys(clock=FakeClock(), fetch=issuers)
        fresh = development_key(tmp_path / "fresh.json")
        city = City(environment="development", keys=DevelopmentKeys(key=fresh, environment="development", others=others))
        assert await self.status(city) == 401
        assert issuers.asked == []

    async def test_opens_nothing_elsewhere(self) -> None:
        assert await self.status(City(environment="staging")) == 401
        assert await self.status(City(environment="staging", keys=self.keys)) == 401  # not even where it is known

    async def test_needs_no_issuer_in_the_yaml(self) -> None:
        assert await self.status(City(environment="development", keys=self.keys, issuers={})) == 200
