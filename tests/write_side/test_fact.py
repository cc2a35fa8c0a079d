"""A fact: what it gets, what it checks, what it answers, at once or item by item."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.write_side.conftest import MakeShop
from tests.write_side.shop import A, B, Shop

from blossm.adapters.memory.clock import FakeClock
from blossm.core.errors import BadRequest, BlossmError, DeadlineExceeded, Internal, NotFound, PermissionDenied
from blossm.core.read_set import ReadSet

PAINT = """
---
procedure: command
name: paint
root: required
payload: {frame_color: string}
"""


async def fact(shop: MakeShop, code: str, yaml: str = "root: optional", **more: Any) -> Shop:
    """A shop with the fact `price`: its keys, and its function."""
    return await shop(
        yaml=f"{PAINT}\n---\nprocedure: fact\nname: price\n{yaml}\n",
        commands="async def paint(command): return [Event('painted', command.payload)]",
        facts=code,
        **more,
    )


async def refusal(made: Shop, query: dict[str, Any] | None = None, **more: Any) -> BlossmError:
    with pytest.raises(BlossmError) as refused:
        await made.fact("shop.bicycle.price", query, **more)
    return refused.value


async def test_a_fact_answers_about_a_root(shop: MakeShop) -> None:
    made = await fact(
        shop,
        "async def price(fact): return {'amount': (await fact.aggregate()).number, 'currency': fact.query['currency']}",
        "root: required\nquery: {currency: {type: string, default: EUR}}\nresponse: {amount: number, currency: string}",
    )
    await made.call("shop.bicycle.paint", {"frame_color": "red"}, root=A)
    assert await made.fact("shop.bicycle.price", root=A) == {"amount": 1.0, "currency": "EUR"}


async def test_a_query_that_does_not_fit_is_refused_field_by_field(shop: MakeShop) -> None:
    made = await fact(shop, "async def price(fact): ...", "query: {currency: string}")
    error = await refusal(made, {"odd": 1})
    assert {field.path for field in error.fields} == {"query.currency", "query.odd"}


async def test_roots_and_contexts_are_checked_as_for_commands(shop: MakeShop) -> None:
    made = await fact(shop, "async def price(fact): ...", "root: required\ncontexts: [garage]")
    assert isinstance(await refusal(made, context={"garage": A}), BadRequest)
    assert isinstance(await refusal(made, root=A), PermissionDenied)


async def test_a_response_that_does_not_fit_is_an_error_of_the_handler(shop: MakeShop) -> None:
    made = await fact(shop, "async def price(fact): return 'dear'", "response: number")
    with capture_logs() as logs:
        assert isinstance(await refusal(made), Internal)
    assert logs[0]["problem"] == 'the response is off: response must be a number, not "dear"'


async def test_a_plain_function_does_as_well(shop: MakeShop) -> None:
    made = await fact(shop, "def price(fact): return [fact.network, fact.service, fact.domain, fact.claims, fact.context]")
    answer = await made.fact("shop.bicycle.price", claims={"sub": "ada"}, context={"garage": A})
    assert answer == ["dev.city.example", "shop", "bicycle", {"sub": "ada"}, {"garage": A}]


@pytest.mark.parametrize("name", ["log", "call", "new_root", "options"])
def test_a_fact_has_no_way_to_act(name: str) -> None:
    import blossm

    assert hasattr(blossm.Command, name) or name == "options"
    assert not hasattr(blossm.Fact, name)


async def test_an_error_that_the_function_raises_is_the_answer(shop: MakeShop) -> None:
    made = await fact(shop, "async def price(fact): raise NotFound('no such bicycle')")
    assert isinstance(await refusal(made), NotFound)


async def test_a_fact_that_waits_for_ever_meets_its_deadline(shop: MakeShop) -> None:
    clock, waiting = FakeClock(), asyncio.Event()
    made = await fact(
        shop,
        "import asyncio\nasync def price(fact):\n    hooks['waiting'].set()\n    await asyncio.Event().wait()",
        "timeout: 5s",
        clock=clock,
    )
    made.code("services/shop/bicycle/facts.py").hooks["waiting"] = waiting
    asked = asyncio.ensure_future(made.fact("shop.bicycle.price"))
    await waiting.wait()
    clock.advance(5.0)
    with pytest.raises(DeadlineExceeded):
        await asked


READS = """
async def price(fact):
    await fact.aggregate()
    await fact.query_aggregates({"frame_color": "red"})
    return await fact.count(domain="wheel")
"""


async def asked(made: Shop, reads: ReadSet) -> ReadSet:
    return (await made.asked("shop.bicycle.price", root=A, reads=reads)).reads


async def test_an_asker_of_the_same_service_is_told_what_was_read(shop: MakeShop) -> None:
    made = await fact(shop, READS)
    await made.call("shop.bicycle.paint", {"frame_color": "red"}, root=A)
    reads = await asked(made, ReadSet("shop"))
    assert (reads.service, reads.head) == ("shop", 2)
    assert reads.roots == {("bicycle", A): 1, ("wheel", A): 0}
    assert [(question.domain, question.answer) for question in reads.questions] == [("bicycle", {A: 1})]


async def test_an_asker_of_another_service_is_told_nothing(shop: MakeShop) -> None:
    made = await fact(shop, READS)
    assert await asked(made, ReadSet("staff", 7)) == ReadSet()


async def test_a_fact_may_ask_another_and_passes_on_what_it_read(shop: MakeShop) -> None:
    made = await shop(
        yaml="---\nprocedure: fact\nname: price\nreads: [color]\n---\nprocedure: fact\nname: color\nroot: required\n",
        facts=f"""
        async def price(fact):
            return await fact.fact("color", root="{B}")

        async def color(fact):
            return (await fact.aggregate()).number
        """,
    )
    assert (await asked(made, ReadSet("shop"))).roots == {("bicycle", B): 0}


async def test_a_fact_of_the_network_reads_all_services(shop: MakeShop) -> None:
    network = "network: city.example\n---\nprocedure: fact\nname: statistics\nreads: [shop.bicycle, staff.mechanic]\n"
    made = await shop(
        files={
            "blossm.yaml": network,
            "facts.py": f"""
            async def statistics(fact):
                return [await fact.count("{A}", domain="shop.bicycle"), await fact.count("{A}", domain="staff.mechanic")]
            """,
        }
    )
    await made.call("staff.mechanic.notify", {"text": "hi"}, root=A)
    assert await made.fact("statistics") == [0, 1]


async def test_a_fact_without_a_domain_must_name_one(shop: MakeShop) -> None:
    network = "network: city.example\n---\nprocedure: fact\nname: statistics\nreads: [shop.bicycle]\n"
    made = await shop(files={"blossm.yaml": network, "facts.py": f"async def statistics(fact): await fact.count('{A}')"})
    with pytest.raises(BadRequest, match="has no domain of its own"):
        await made.fact("statistics")


STREAM = "stream: true\nresponse: {place: integer}"


async def test_a_streamed_fact_gives_its_items_one_by_one(shop: MakeShop) -> None:
    made = await fact(shop, "async def price(fact):\n    for place in (1.0, 2): yield {'place': place}", STREAM)
    assert [item async for item in made.stream("shop.bicycle.price")] == [{"place": 1}, {"place": 2}]


async def test_an_item_that_does_not_fit_ends_the_stream(shop: MakeShop) -> None:
    made = await fact(shop, "async def price(fact):\n    yield {'place': 1}\n    yield {'place': 'x'}", STREAM)
    items = made.stream("shop.bicycle.price")
    assert await anext(items) == {"place": 1}
    with pytest.raises(Internal):
        await anext(items)


async def test_a_stream_checks_its_query_first(shop: MakeShop) -> None:
    made = await fact(shop, "async def price(fact):\n    yield 1", "stream: true\nquery: {a: string}")
    with pytest.raises(BadRequest):
        await anext(made.stream("shop.bicycle.price"))


async def test_a_streamed_fact_is_not_read_nor_a_plain_one_streamed(shop: MakeShop) -> None:
    made = await fact(shop, "async def price(fact):\n    yield 1", "stream: true")
    assert "stream_fact" in (await refusal(made)).help


async def test_a_plain_fact_is_not_streamed(shop: MakeShop) -> None:
    made = await fact(shop, "async def price(fact): ...")
    with pytest.raises(BadRequest, match="is not streamed"):
        await anext(made.stream("shop.bicycle.price"))


async def test_a_command_reads_a_stream(shop: MakeShop) -> None:
    made = await shop(
        yaml="---\nprocedure: command\nname: sum\nreads: [places]\n---\nprocedure: fact\nname: places\nstream: true\n",
        commands="async def sum(command): return Reply(response=[item async for item in command.stream_fact('places')])",
        facts="async def places(fact):\n    yield 1\n    yield 2",
    )
    assert (await made.call("shop.bicycle.sum")).response == [1, 2]
