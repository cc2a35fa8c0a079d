from __future__ import annotations

from typing import Any

import pytest
from tests.gateways.city import ACCESS, ADA, BICYCLE, GARAGE, HOST, City, paths

from blossm.core.errors import BadRequest as Refused
from blossm.core.errors import Conflict, FieldProblem, KeyReused, PreconditionFailed
from blossm.core.idempotency import request_key
from blossm.core.position import decode_position
from blossm.core.request import Answer, Cookie, Request


async def test_a_command_answers_with_the_events_that_it_logged(city: City) -> None:
    answer = await city.commands.post(
        "/paint", json={"root": BICYCLE, "payload": {"color": "green"}}, headers=city.signed(roles=["mechanic"])
    )
    assert answer.status_code == 200
    assert answer.json() == {
        "root": BICYCLE,
        "events": [{"action": "painted", "domain": "bicycle", "root": BICYCLE, "number": 2}],
        "tx": city.asked.tx.id,
    }
    assert decode_position(answer.headers["blossm-position"]) == {"shop": 7}


async def test_a_command_is_told_who_asks_and_through_which_door(city: City) -> None:
    await city.commands.post(
        "/paint",
        json={"root": BICYCLE, "payload": {"color": "green"}, "options": {"coats": 2}},
        headers=city.signed(roles=["mechanic"], context={"garage": GARAGE}, email="ada@example"),
    )
    asked = city.asked
    assert (asked.address, asked.root, asked.payload, asked.options) == (
        "shop.bicycle.paint",
        BICYCLE,
        {"color": "green"},
        {"coats": 2},
    )
    assert asked.context == {"garage": GARAGE}
    assert asked.claims["email"] == "ada@example"
    assert asked.tx.claims == {"iss": ACCESS.issuer, "sub": ADA, "roles": ["mechanic"]}  # nothing private in the log
    assert [step.procedure for step in asked.tx.path] == ["command-gateway:c.bicycle.shop"]
    assert asked.deadline == city.clock.monotonic() + 60


async def test_a_reply_may_have_a_response_and_a_status_of_its_own(city: City) -> None:
    async def accepted(request: Request) -> Answer:
        return Answer(response={"ticket": 7}, status=202, tx=request.tx.id)

    city.behind.commands.answers = accepted
    answer = await city.commands.post("/ring", json={})
    assert answer.status_code == 202
    assert answer.json() == {"response": {"ticket": 7}, "events": [], "tx": city.asked.tx.id}
    assert "blossm-position" not in answer.headers


async def test_a_reply_without_content_has_no_body(city: City) -> None:
    async def nothing(request: Request) -> Answer:
        return Answer(status=204)

    city.behind.commands.answers = nothing
    answer = await city.commands.post("/ring")
    assert (answer.status_code, answer.content) == (204, b"")


async def test_cookies_are_for_the_doors_of_the_network_and_no_script(city: City) -> None:
    async def signed_in(request: Request) -> Answer:
        return Answer(
            cookies=(Cookie(name="access", value="a.b.c", max_age=60), Cookie(name="other", value='"; Path=/elsewhere'))
        )

    city.behind.commands.answers = signed_in
    answer = await city.commands.post("/ring")
    first, second = answer.headers.get_list("set-cookie")
    assert first == f"access=a.b.c; Domain={HOST}; HttpOnly; Max-Age=60; Path=/; SameSite=lax; Secure"
    assert second.startswith(r'other="\"\073 Path=/elsewhere";')  # quoted: it adds nothing to the cookie
    local = await city.commands.post("/ring", headers={"Host": "localhost:7400"})
    assert "Domain" not in local.headers["set-cookie"]


async def test_no_body_is_the_same_as_an_empty_one(city: City) -> None:
    assert (await city.commands.post("/ring")).status_code == 200
    assert (city.asked.payload, city.asked.root) == ({}, "")


# ---------------------------------------------------------------- keys


async def test_a_key_means_one_request_per_command_and_principal(city: City) -> None:
    answer = await city.commands.post("/look", headers={**city.signed(), "Idempotency-Key": "mine"})
    assert city.asked.key == request_key("shop.bicycle.look", f"{ACCESS.issuer}|ada", "mine")
    assert answer.headers["idempotency-key"] == "mine"
    await city.commands.post("/look", headers={"Idempotency-Key": "mine"})
    assert city.asked.key == request_key("shop.bicycle.look", "", "mine")


async def test_a_request_without_a_key_gets_one_that_it_can_be_repeated_with(city: City) -> None:
    first = await city.commands.post("/ring")
    key = city.asked.key
    assert city.asked.fresh
    await city.commands.post("/ring", headers={"Idempotency-Key": first.headers["idempotency-key"]})
    assert (city.asked.key, city.asked.fresh) == (key, False)
    await city.commands.post("/ring")
    assert city.asked.key != key


@pytest.mark.parametrize("key", ["", "a" * 256, "two words", "caf\u00e9"])
async def test_a_key_with_odd_characters_is_refused(city: City, key: str) -> None:
    answer = await city.commands.post("/ring", headers={b"Idempotency-Key": key.encode()})
    assert answer.status_code == 400
    assert paths(answer) == ["Idempotency-Key"]
    assert not city.behind.commands.asked


async def test_two_keys_are_refused(city: City) -> None:
    answer = await city.commands.post("/ring", headers=[("Idempotency-Key", "a"), ("Idempotency-Key", "b")])
    assert (answer.status_code, paths(answer)) == (400, ["idempotency-key"])


# ---------------------------------------------------------------- bodies


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"null", b"1", b'"text"', b'{"payload": {"a": 1, "a": 2}}', b'{"payload": NaN}', b"\xff"]
)
async def test_a_body_that_is_no_object_of_json_is_refused(city: City, body: bytes) -> None:
    answer = await city.commands.post("/ring", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert not city.behind.commands.asked


async def test_everything_that_is_off_about_a_body_is_named(city: City) -> None:
    answer = await city.commands.post("/ring", json={"payload": [], "options": None, "root": 7, "paylaod": {}})
    assert answer.status_code == 400
    assert answer.json()["code"] == "BAD_REQUEST"
    assert paths(answer) == ["payload", "options", "root", "paylaod"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", ""])
async def test_a_body_of_another_kind_is_refused(city: City, kind: str) -> None:
    answer = await city.commands.post("/ring", content=b"{}", headers={"Content-Type": kind} if kind else {})
    assert (answer.status_code, answer.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=UTF-8"])
async def test_json_is_taken_however_it_is_named(city: City, kind: str) -> None:
    assert (await city.commands.post("/ring", content=b"{}", headers={"Content-Type": kind})).status_code == 200


async def test_a_body_over_a_mebibyte_is_refused(city: City) -> None:
    headers = {"Content-Type": "application/json"}
    assert (await city.commands.post("/ring", content=b" " * 2**20 + b"{}", headers=headers)).status_code == 413
    assert (await city.commands.post("/ring", content=b" " * (2**20 - 2) + b"{}", headers=headers)).status_code == 200


async def test_a_chunked_body_over_a_mebibyte_is_refused(city: City) -> None:
    async def chunks() -> Any:
        for _ in range(17):
            yield b" " * 2**16

    answer = await city.commands.post("/ring", content=chunks(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["facts"]) == (413, {"limit": 2**20})
    assert not city.behind.commands.asked


# ---------------------------------------------------------------- roots and contexts


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("paint", {"payload": {"color": "red"}}),
        ("paint", {"root": "none", "payload": {"color": "red"}}),
        ("paint", {"root": "", "payload": {"color": "red"}}),
        ("paint", {"root": BICYCLE.upper(), "payload": {"color": "red"}}),
        ("paint", {"root": BICYCLE + "\n", "payload": {"color": "red"}}),
        ("register", {"root": BICYCLE}),
        ("ring", {"root": BICYCLE}),
        ("look", {"root": "x"}),
        ("leave", {"root": BICYCLE}),
    ],
)
async def test_a_root_that_the_command_can_not_have_is_refused(city: City, name: str, body: dict[str, Any]) -> None:
    answer = await city.commands.post(f"/{name}", json=body, headers=city.signed(roles=["mechanic"], context={"garage": GARAGE}))
    assert (answer.status_code, paths(answer)) == (400, ["root"])
    assert not city.behind.commands.asked


async def test_a_command_on_a_context_gets_its_root_from_the_token(city: City) -> None:
    await city.commands.post("/leave", headers=city.signed(context={"garage": GARAGE}))
    assert city.asked.root == GARAGE


@pytest.mark.parametrize("name", ["park", "leave"])
async def test_a_token_without_the_context_is_not_enough(city: City, name: str) -> None:
    answer = await city.commands.post(f"/{name}", headers=city.signed(context={"shop": GARAGE}))
    assert (answer.status_code, answer.json()["facts"]) == (403, {"contexts": ["garage"]})
    assert not city.behind.commands.asked


async def test_a_root_in_the_path_of_a_command_is_refused(city: City) -> None:
    assert (await city.commands.post(f"/look/{BICYCLE}")).status_code == 400


# ---------------------------------------------------------------- what the command raises


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Refused("no", fields=[FieldProblem("payload.color", "must be red, green or blue")]), 400),
        (Conflict("the bicycle moved on", facts={"root": BICYCLE, "was": 1, "is": 2}), 409),
        (PreconditionFailed("it is sold"), 412),
        (KeyReused("that key was another request's"), 422),
    ],
)
async def test_what_a_command_raises_is_the_answer(city: City, error: Any, status: int) -> None:
    async def refuse(request: Request) -> Answer:
        raise error

    city.behind.commands.answers = refuse
    answer = await city.commands.post("/ring")
    assert answer.status_code == status
    assert answer.json()["detail"] == error.message
    assert answer.json()["code"] == error.code()
    assert answer.json().get("facts", {}) == error.facts
