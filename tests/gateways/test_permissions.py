from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.gateways.city import BICYCLE, GARAGE, PERMISSIONS, City, opened
from tests.transports import Way

from blossm.core.errors import NotFound, Unavailable


async def test_a_missing_privilege_is_forbidden(city: City) -> None:
    body = {"root": BICYCLE, "payload": {"color": "red"}}
    for claims in ({}, {"roles": ["unknown"]}, {"permissions": ["shop:bicycle:look"]}):
        answer = await city.commands.post("/paint", json=body, headers=city.signed(**claims))
        assert (answer.status_code, answer.json()["code"]) == (403, "PERMISSION_DENIED")
    assert not city.behind.commands.asked


@pytest.mark.parametrize("claims", [{"roles": ["owner"]}, {"roles": ["mechanic"]}, {"permissions": ["*:*:*"]}])
async def test_a_role_or_a_claim_grants_a_privilege(city: City, claims: dict[str, Any]) -> None:
    body = {"root": BICYCLE, "payload": {"color": "red"}}
    assert (await city.commands.post("/paint", json=body, headers=city.signed(**claims))).status_code == 200


async def test_all_privileges_may_be_asked_for(city: City) -> None:
    assert (await city.commands.post("/sell", headers=city.signed(permissions=["shop:bicycle:sell"]))).status_code == 403
    assert (await city.commands.post("/sell", headers=city.signed(roles=["owner"]))).status_code == 200


class TestTheNetworksPermissionsFact:
    @pytest.fixture
    async def city(self, wire: Way) -> AsyncIterator[City]:
        async with opened(City(permissions_fact=PERMISSIONS.address), wire) as city:
            city.behind.permissions.response = {"permissions": ["shop:bicycle:*"]}
            yield city

    async def paint(self, city: City, **claims: Any) -> int:
        body = {"root": BICYCLE, "payload": {"color": "red"}}
        return (await city.commands.post("/paint", json=body, headers=city.signed(**claims))).status_code

    async def test_says_what_a_subject_may_do(self, city: City) -> None:
        assert await self.paint(city, sub=GARAGE) == 200
        [asked] = city.behind.permissions.asked
        assert (asked.address, asked.root) == (PERMISSIONS.address, GARAGE)

    async def test_counts_instead_of_the_token(self, city: City) -> None:
        city.behind.permissions.response = {"permissions": []}
        assert await self.paint(city, roles=["owner"], permissions=["*:*:*"]) == 403

    async def test_is_asked_once_in_a_few_seconds_per_subject(self, city: City) -> None:
        for subject in ("ada", "bob", "ada", "bob"):
            await self.paint(city, sub=subject)
        assert len(city.behind.permissions.asked) == 2
        city.clock.advance(5)
        await self.paint(city)
        assert len(city.behind.permissions.asked) == 3

    async def test_is_not_asked_where_no_permission_matters(self, city: City) -> None:
        await city.commands.post("/register", headers=city.signed())
        assert not city.behind.permissions.asked

    @pytest.mark.parametrize("response", [None, [], {"permissions": "all"}, {"permissions": [1]}])
    async def test_that_answers_nonsense_lets_nobody_in(self, city: City, response: Any) -> None:
        city.behind.permissions.response = response
        assert await self.paint(city) == 500

    async def test_that_is_not_there_is_a_503(self, city: City) -> None:
        city.behind.permissions.error = Unavailable()
        assert await self.paint(city) == 503

    async def test_that_does_not_know_a_subject_grants_it_nothing(self, city: City) -> None:
        city.behind.permissions.error = NotFound()
        assert await self.paint(city) == 403
