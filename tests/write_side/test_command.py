"""A command: what it gets, what it checks, what it logs and what it answers."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.write_side.conftest import MakeShop
from tests.write_side.shop import A, B, Shop

from blossm.core.errors import (
    BadRequest,
    BlossmError,
    Internal,
    NotFound,
    PayloadTooLarge,
    PermissionDenied,
    PreconditionFailed,
)
from blossm.core.idempotency import derived_root
from blossm.core.request import Cookie

PAINT = """
---
procedure: command
name: paint
payload: {frame_color: {type: string, in: [red, green, blue]}, wheels: {type: integer, default: 2}}
"""


async def command(shop: MakeShop, code: str, *, yaml: str = "root: required", **more: Any) -> Shop:
    """A shop with the command `paint`: its keys, and its function."""
    return await shop(yaml=f"---\nprocedure: command\nname: paint\n{yaml}", commands=code, **more)


async def refusal(shop: Shop, payload: dict[str, Any] | None = None, **more: Any) -> BlossmError:
    with pytest.raises(BlossmError) as refused:
        await shop.call("shop.bicycle.paint", payload, **more)
    return refused.value


async def test_a_command_logs_the_events_that_its_function_returns(shop: MakeShop) -> None:
    code = "async def paint(command): return [Event('painted', {'frame_color': command.payload['frame_color']})]"
    made = await shop(yaml=PAINT, commands=code)
    answer = await made.call("shop.bicycle.paint", {"frame_color": "green"}, root=A)
    (event,) = await made.events()
    assert (event.action, event.root, event.payload, event.number) == ("painted", A, {"frame_color": "green"}, 1)
    assert answer.events[0].position == event.position == answer.position == 1
    assert (answer.root, answer.service, answer.tx, answer.status) == (A, "shop", "tx-1", 200)


async def test_all_fields_that_are_off_are_named_and_nothing_is_logged(shop: MakeShop) -> None:
    made = await shop(yaml=PAINT, commands="async def paint(command): return [Event('sold')]")
    error = await refusal(made, {"frame_color": "purple", "wheels": "two", "odd": 1}, root=A)
    assert isinstance(error, BadRequest)
    assert {field.path for field in error.fields} == {"payload.frame_color", "payload.wheels", "payload.odd"}
    assert not await made.events()


async def test_the_function_gets_defaults_and_normal_values(shop: MakeShop) -> None:
    made = await shop(yaml=PAINT, commands="async def paint(command): return Reply(response=command.payload)")
    assert (await made.call("shop.bicycle.paint", {"frame_color": "red"})).response == {"frame_color": "red", "wheels": 2}
    assert (await made.call("shop.bicycle.paint", {"frame_color": "red", "wheels": 3.0})).response["wheels"] == 3


async def test_a_payload_is_normalized_by_the_user_between_two_checks(shop: MakeShop) -> None:
    made = await command(
        shop,
        """
        def normalize_paint(payload):
            return {**payload, "frame_color": payload["frame_color"].strip()}

        async def paint(command):
            return Reply(response=command.payload)
        """,
        yaml="payload: {frame_color: {type: string, min_length: 1}, wheels: {type: integer, default: 2}}",
    )
    assert (await made.call("shop.bicycle.paint", {"frame_color": " red "})).response == {"frame_color": "red", "wheels": 2}
    error = await refusal(made, {"frame_color": "  "})
    assert [field.path for field in error.fields] == ["payload.frame_color"]


async def test_a_normalizer_that_returns_no_payload_is_broken(shop: MakeShop) -> None:
    made = await command(shop, "def normalize_paint(payload): ...\nasync def paint(command): ...", yaml="")
    with capture_logs() as logs:
        assert isinstance(await refusal(made), Internal)
    assert logs[0]["problem"] == "returned NoneType, not a payload (a dict)"


@pytest.mark.parametrize(
    ("rule", "given", "problem"),
    [
        ("required", "", "is required"),
        ("required", "not-a-uuid", "must be a UUID in lower case"),
        ("optional", A.upper(), "must be a UUID in lower case"),
        ("new", A, "can't be given: the runtime makes it"),
        ("none", A, "can't be given"),
        ("{context: garage}", B, "is the garage of the caller's token, and can't be given"),
    ],
)
async def test_a_root_that_the_command_does_not_take_is_refused(shop: MakeShop, rule: str, given: str, problem: str) -> None:
    made = await command(shop, "async def paint(command): ...", yaml=f"root: {rule}")
    error = await refusal(made, root=given, context={"garage": A})
    assert [(field.path, field.problem) for field in error.fields] == [("root", problem)]


async def test_a_new_root_is_made_of_the_requests_key(shop: MakeShop) -> None:
    made = await command(shop, "async def paint(command): return [Event('sold')]", yaml="root: new")
    assert (await made.call("shop.bicycle.paint", key="k")).root == derived_root("k", 0)


async def test_the_root_may_be_a_context_of_the_token(shop: MakeShop) -> None:
    made = await command(shop, "async def paint(command): return [Event('sold')]", yaml="root: {context: garage}")
    assert (await made.call("shop.bicycle.paint", context={"garage": A})).root == A
    assert (await made.call("shop.bicycle.paint", root=A, context={"garage": A})).root == A
    assert isinstance(await refusal(made), PermissionDenied)


async def test_a_context_that_the_token_lacks_is_refused(shop: MakeShop) -> None:
    made = await command(shop, "async def paint(command): return Reply(response=command.context)", yaml="contexts: [garage]")
    error = await refusal(made)
    assert isinstance(error, PermissionDenied)
    assert error.facts == {"contexts": ["garage"]}
    assert (await made.call("shop.bicycle.paint", context={"garage": A})).response == {"garage": A}


async def test_a_command_knows_who_asked_and_where_it_is(shop: MakeShop) -> None:
    made = await command(
        shop,
        """
        async def paint(command):
            return Reply([Event("sold")], response=[
                command.root, command.claims, command.options, command.env, command.network, command.service, command.domain,
                command.tx.id, command.id == command.tx.path[-1].id, command.tx.path[-1].procedure,
            ])
        """,
        yaml='root: required\nenv: {SHINE: "yes"}',
    )
    answer = await made.call("shop.bicycle.paint", root=A, claims={"sub": "ada"}, options={"fast": True})
    assert answer.response == [
        A, {"sub": "ada"}, {"fast": True}, {"SHINE": "yes"}, "dev.city.example", "shop", "bicycle",
        "tx-1", True, "command:shop.bicycle.paint",
    ]  # fmt: skip
    (event,) = await made.events()
    assert [step.procedure for step in event.tx.path] == ["command:shop.bicycle.paint"]
    assert event.tx.claims == {"sub": "ada"}


async def test_an_events_root_and_domain_are_the_commands_own_unless_it_says_so(shop: MakeShop) -> None:
    made = await command(
        shop,
        f"""
        async def paint(command):
            return [Event("sold"), Event("mounted", {{"place": 1}}, root="{B.upper()}", domain="wheel")]
        """,
        yaml="root: required\nlogs: [bicycle, wheel]",
    )
    await made.call("shop.bicycle.paint", root=A)
    assert [(event.domain, event.root) for event in await made.events()] == [("bicycle", A), ("wheel", B)]


BOTH = "root: required\nlogs: [bicycle, wheel]"


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("return [Event('sold'), Event('mounted', {'place': 'x'}, domain='wheel')]", "events[1].payload.place must be"),
        ("await command.log([Event('mounted', domain='wheel')])", "events[0].payload.place is required"),
        ("return [Event('stolen')]", "events[0].action bicycle has no action stolen"),
        ("return [Event('sold')] * 1001", "a commit may have 1000 events, this one has 1001"),
    ],
)
async def test_events_that_their_stores_refuse_are_an_error_of_the_handler(shop: MakeShop, code: str, problem: str) -> None:
    """The client is told of no field: it has sent none of them. The log names them."""
    made = await command(shop, f"async def paint(command): {code}", yaml=BOTH)
    with capture_logs() as logs:
        error = await refusal(made, root=A)
    assert error.as_dict() == {"code": "INTERNAL", "message": "a handler failed", "facts": {"id": logs[0]["id"]}}
    assert problem in logs[0]["problem"]
    assert not await made.events()


@pytest.mark.ways("in process", because="the cause of an error stays where it is")
async def test_who_runs_a_command_in_the_same_process_sees_the_cause_of_its_failure(shop: MakeShop) -> None:
    made = await command(shop, "async def paint(command): return [Event('stolen')]")
    error = await refusal(made, root=A)
    assert isinstance(error.__cause__, BadRequest)
    assert "bicycle has no action stolen" in str(error.__cause__)


async def test_more_than_a_commit_may_hold_is_too_large(shop: MakeShop) -> None:
    """Whatever made it so large: what the client sent may well be the reason."""
    made = await command(shop, "async def paint(command): return [Event('painted', {'frame_color': 'x' * 2**20})]")
    assert isinstance(await refusal(made, root=A), PayloadTooLarge)


async def test_an_event_without_any_root_is_told_of_new_root(shop: MakeShop) -> None:
    made = await command(shop, "async def paint(command): return [Event('sold')]", yaml="")
    error = await refusal(made)
    assert isinstance(error, BadRequest)
    assert "new_root()" in error.help


async def test_a_domain_that_the_command_may_not_log_to_is_told_with_the_key_to_write(shop: MakeShop) -> None:
    made = await command(shop, "async def paint(command): return [Event('mounted', {'place': 1}, domain='wheel')]")
    error = await refusal(made, root=A)
    assert isinstance(error, PermissionDenied)
    assert error.help.startswith("write `logs: [bicycle, wheel]` to it (services/shop/bicycle/blossm.yaml:")


async def test_a_domain_that_there_is_none_of_is_told_with_the_one_that_was_meant(shop: MakeShop) -> None:
    error = await refusal(await command(shop, "async def paint(command): return [Event('sold', domain='weel')]"), root=A)
    assert isinstance(error, NotFound)
    assert error.help == "did you mean shop.wheel?"


@pytest.mark.parametrize(
    ("line", "kind", "words"),
    [
        ("await command.aggregate(domain='staff.mechanic')", PermissionDenied, "write `reads: [staff.mechanic]` to it"),
        ("await command.call('staff.mechanic.notify')", PermissionDenied, "write `calls: [staff.mechanic.notify]` to it"),
        ("await command.fact('price')", PermissionDenied, "write `reads: [shop.bicycle.price]` to it"),
        ("await command.aggregate(domain='wheels')", NotFound, "did you mean shop.wheel?"),
        ("await command.call('staff.mechanic.notified')", NotFound, "did you mean staff.mechanic.notify?"),
    ],
)
async def test_what_the_yaml_does_not_name_can_not_be_reached(
    shop: MakeShop, line: str, kind: type[BlossmError], words: str
) -> None:
    made = await shop(
        yaml="---\nprocedure: command\nname: paint\nroot: required\n---\nprocedure: fact\nname: price\n",
        commands=f"async def paint(command): {line}",
        facts="async def price(fact): ...",
    )
    error = await refusal(made, root=A)
    assert isinstance(error, kind)
    assert words in error.help


async def test_event_stores_of_its_own_service_may_always_be_read(shop: MakeShop) -> None:
    made = await command(shop, "async def paint(command): return Reply(response=await command.count(domain='wheel'))")
    assert (await made.call("shop.bicycle.paint", root=A)).response == 0


async def test_states_and_questions_are_read(shop: MakeShop) -> None:
    made = await command(
        shop,
        """
        async def paint(command):
            bicycle = await command.aggregate()
            if not bicycle.number:
                return [Event("registered", {"frame_color": "red"})]
            red = await command.query_aggregates({"frame_color": "red"})
            return Reply(response=[bicycle.state, bicycle.number, await command.count(), [found.root for found in red]])
        """,
    )
    await made.call("shop.bicycle.paint", root=A)
    assert (await made.call("shop.bicycle.paint", root=A)).response == [{"frame_color": "red"}, 1, 1, [A]]


@pytest.mark.parametrize("where", ["{}", "[]", "{'wheels': 1}", "{'frame_color': object()}"])
async def test_a_question_that_no_index_answers_is_refused(shop: MakeShop, where: str) -> None:
    made = await command(shop, f"async def paint(command): await command.query_aggregates({where})")
    assert isinstance(await refusal(made, root=A), BadRequest)


async def test_reading_without_a_root_is_refused(shop: MakeShop) -> None:
    made = await command(shop, "async def paint(command): await command.aggregate()", yaml="")
    (field,) = (await refusal(made)).fields
    assert (field.path, field.problem) == ("root", "is required: the request has none")


@pytest.mark.parametrize("code", ["...", "return []", "return ()", "return Reply()"])
async def test_a_command_may_log_nothing(shop: MakeShop, code: str) -> None:
    made = await command(shop, f"async def paint(command): {code}")
    answer = await made.call("shop.bicycle.paint", root=A)
    assert (answer.response, answer.events, answer.position, answer.root) == (None, (), 0, A)


async def test_a_reply_has_a_response_a_status_and_cookies(shop: MakeShop) -> None:
    made = await command(
        shop,
        "async def paint(command): return Reply([Event('sold')], {'ok': 1}, 201, [Cookie(name='a', value='b')])",
        yaml="root: required\nresponse: {ok: number}",
    )
    answer = await made.call("shop.bicycle.paint", root=A)
    assert (answer.response, answer.status, answer.cookies) == ({"ok": 1.0}, 201, (Cookie(name="a", value="b"),))


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("return Reply(response={'ok': 'yes'})", 'the response is off: response.ok must be a number, not "yes"'),
        ("return Reply([Event('sold')])", "the response is off: response must be an object, not null"),
        ("return 'sold'", "returned str, not a list of events or a Reply"),
        ("return Reply(response={'ok': 1}, status=42)", "replied with status 42"),
        ("return Reply(response={'ok': 1}, status=201.0)", "replied with status 201.0"),
        ("return Reply(response={'ok': 1}, cookies=['a=b'])", "replied with cookies that are no Cookies"),
        ("return Reply(response={'ok': 1}, cookies=None)", "replied with cookies that are no Cookies"),
    ],
)
async def test_an_answer_that_does_not_fit_is_an_error_of_the_handler(shop: MakeShop, code: str, problem: str) -> None:
    made = await command(shop, f"async def paint(command): {code}", yaml="root: required\nresponse: {ok: number}")
    with capture_logs() as logs:
        error = await refusal(made, root=A)
    assert isinstance(error, Internal)
    assert error.facts == {"id": logs[0]["id"]}
    assert logs[0]["problem"] == problem
    assert not await made.events()


async def test_what_is_no_event_is_an_error_of_the_handler(shop: MakeShop) -> None:
    made = await command(shop, "async def paint(command): return ['sold']")
    with capture_logs() as logs:
        assert isinstance(await refusal(made, root=A), Internal)
    assert "a command logs Events, not str" in logs[0]["problem"]


async def test_an_error_that_the_function_raises_is_the_answer(shop: MakeShop) -> None:
    made = await command(shop, "async def paint(command): raise PreconditionFailed('it is sold')")
    assert isinstance(await refusal(made, root=A), PreconditionFailed)


async def test_a_plain_function_does_as_well(shop: MakeShop) -> None:
    made = await command(shop, "def paint(command): return [Event('sold')]")
    await made.call("shop.bicycle.paint", root=A)
    assert await made.actions() == ["sold"]


async def test_a_payload_that_is_no_json_is_refused_like_any_other(shop: MakeShop) -> None:
    made = await shop(yaml=PAINT, commands="async def paint(command): ...")
    error = await refusal(made, {"frame_color": object()})
    assert [field.path for field in error.fields] == ["payload.frame_color"]


async def test_an_async_function_in_a_plain_decorator_does_as_well(shop: MakeShop) -> None:
    made = await command(
        shop,
        """
        def plainly(function):
            return lambda command: function(command)

        @plainly
        async def paint(command):
            return [Event("sold")]
        """,
    )
    await made.call("shop.bicycle.paint", root=A)
    assert await made.actions() == ["sold"]


async def test_our_errors_out_of_a_task_group_are_the_answer(shop: MakeShop) -> None:
    made = await command(
        shop,
        """
        import asyncio
        async def paint(command):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(command.aggregate(domain="wheels"))
                tasks.create_task(command.count(domain="wheels"))
        """,
    )
    assert isinstance(await refusal(made, root=A), NotFound)


async def test_what_a_function_does_to_claims_and_options_nobody_else_sees(shop: MakeShop) -> None:
    """The claims of a token are remembered at the doors, and those of the request are in the log."""
    made = await command(
        shop,
        """
        async def paint(command):
            command.claims["roles"].append("admin")
            command.tx.claims["sub"] = "eve"
            command.options["marks"].append(1)
            return [Event("sold")]
        """,
    )
    claims: dict[str, Any] = {"roles": ["mechanic"]}
    options: dict[str, Any] = {"marks": []}
    await made.call("shop.bicycle.paint", root=A, claims=claims, options=options)
    assert (claims, options) == ({"roles": ["mechanic"]}, {"marks": []})
    assert [event.tx.claims for event in await made.events()] == [{"sub": "ada"}]


async def test_commands_that_call_each_other_without_end_are_stopped(shop: MakeShop) -> None:
    made = await command(
        shop, "async def paint(command): await command.call('paint', root=command.root)", yaml="root: required\ncalls: [paint]"
    )
    with capture_logs() as logs:
        assert isinstance(await refusal(made, root=A), Internal)
    assert "50 procedures that call each other: … > command:shop.bicycle.paint" in logs[0]["problem"]


@pytest.mark.parametrize(
    "cookie", ["name=1, value='b'", "name='a b', value='c'", "name='a', value='€'", "name='a', value='b', max_age=1.5"]
)
async def test_a_cookie_that_no_header_can_carry_is_found_before_anything_is_logged(shop: MakeShop, cookie: str) -> None:
    made = await command(shop, f"async def paint(command): return Reply([Event('sold')], cookies=[Cookie({cookie})])")
    assert isinstance(await refusal(made, root=A), Internal)
    assert not await made.events()


async def test_an_error_with_fields_that_are_none_is_an_error_of_the_handler(shop: MakeShop) -> None:
    made = await command(shop, "async def paint(command): raise BadRequest('it is off', fields=['wheels'])")
    assert isinstance(await refusal(made, root=A), Internal)
