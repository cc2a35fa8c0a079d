"""What the way to a fact promises to who asks it, as a suite.

Subclass `FactClientContract` and say in `reach` how `facts`, which stands in for each fact, is reached.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, cast

import pytest

from blossm.adapters.memory.clock import FakeClock
from blossm.core.errors import BlossmError, Conflict
from blossm.core.read_set import Question, ReadSet
from blossm.core.request import FactAnswer, Request
from blossm.ports import FactClient
from blossm.testing.contracts.asked import ANYTHING, ERRORS, PAYLOADS, PRICE, RIDES, Facts, exactly, like, request
from blossm.testing.contracts.log_store import BLUE, RED

Reach = Callable[[str], FactClient]

READS = ReadSet(
    service="shop",
    head=7,
    roots={("bicycle", RED): 0, ("wheel", BLUE): 3},
    questions=(
        Question("bicycle", {"color": "red", "coats": 1.0}, {RED: 1, BLUE: 2}, 6, {RED: (2, 4)}),
        Question("wheel", {}, {}),
    ),
)


class FactClientContract:
    """The suite. `reach` makes the client of a fact by its address; all of them are `facts`."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def facts(self) -> Facts:
        return Facts()

    @pytest.fixture
    def reach(self, facts: Facts, clock: FakeClock) -> Reach:
        raise NotImplementedError

    # ------------------------------------------------------------ at once

    async def test_what_is_asked_arrives_whole(self, reach: Reach, facts: Facts) -> None:
        asked = request(
            PRICE.address,
            payload={"color": "red"},
            context={"garage": RED},
            claims={"sub": "ada"},
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )
        await reach(PRICE.address).read(asked, reads=READS)
        [(arrived, reads)] = facts.asked
        assert exactly(like(arrived)) == exactly(like(asked))
        assert exactly(reads) == exactly(READS)

    @pytest.mark.parametrize("query", PAYLOADS, ids=exactly)
    async def test_a_query_arrives_as_it_is_whether_it_fits_or_not(
        self, reach: Reach, facts: Facts, query: dict[str, Any]
    ) -> None:
        await reach(PRICE.address).read(request(PRICE.address, payload=query))
        assert exactly(facts.asked[0][0].payload) == exactly(query)

    async def test_what_is_left_of_the_time_arrives(self, reach: Reach, facts: Facts, clock: FakeClock) -> None:
        clock.advance(100.0)
        await reach(PRICE.address).read(request(PRICE.address, deadline=112.25))
        assert facts.asked[0][0].deadline - clock.monotonic() == pytest.approx(12.25, abs=0.001)

    @pytest.mark.parametrize("address", [PRICE.address, ANYTHING.address])
    @pytest.mark.parametrize("response", [*PAYLOADS, None, 0, False, "", [], {"amount": 7.5}, [1, 1.0, True]], ids=exactly)
    async def test_any_json_is_an_answer(self, reach: Reach, facts: Facts, address: str, response: Any) -> None:
        async def answers(request: Request) -> FactAnswer:
            return FactAnswer(response=response, reads=READS)

        facts.answers = answers
        answer = await reach(address).read(request(address))
        assert exactly(answer) == exactly(FactAnswer(response=response, reads=READS))

    @pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code())
    async def test_an_error_arrives_as_itself_with_its_facts(self, reach: Reach, facts: Facts, error: BlossmError) -> None:
        async def fails(request: Request) -> FactAnswer:
            raise error

        facts.answers = fails
        with pytest.raises(type(error)) as caught:
            await reach(PRICE.address).read(request(PRICE.address))
        assert exactly(caught.value.as_dict()) == exactly(error.as_dict())

    async def test_who_goes_away_ends_the_fact(self, reach: Reach, facts: Facts) -> None:
        begun, ended = asyncio.Event(), asyncio.Event()

        async def waits(request: Request) -> FactAnswer:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()
            raise AssertionError("it was cancelled")

        facts.answers = waits
        asked = asyncio.ensure_future(reach(PRICE.address).read(request(PRICE.address)))
        await begun.wait()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        async with asyncio.timeout(10):
            await ended.wait()

    # ------------------------------------------------------------ item by item

    def streamed(self, reach: Reach) -> AsyncGenerator[Any, None]:
        return cast(AsyncGenerator[Any, None], reach(RIDES.address).stream(request(RIDES.address)))

    async def test_the_items_of_a_stream_come_in_order_and_as_they_are(self, reach: Reach, facts: Facts) -> None:
        items: list[Any] = [*PAYLOADS, None, 0, False, "", [], *({"color": f"{number}"} for number in range(1_000))]

        async def makes() -> AsyncIterator[Any]:
            for item in items:
                yield item

        facts.makes = makes
        assert exactly([item async for item in self.streamed(reach)]) == exactly(items)

    async def test_a_stream_may_be_empty(self, reach: Reach, facts: Facts) -> None:
        async def makes() -> AsyncIterator[Any]:
            for item in range(0):
                yield item

        facts.makes = makes
        assert [item async for item in self.streamed(reach)] == []

    async def test_an_item_comes_when_it_is_made_and_not_with_the_next(self, reach: Reach, facts: Facts) -> None:
        go_on = asyncio.Event()

        async def makes() -> AsyncIterator[Any]:
            yield {"color": "red"}
            await go_on.wait()
            yield {"color": "blue"}

        facts.makes = makes
        items = self.streamed(reach)
        async with asyncio.timeout(10):
            assert await anext(items) == {"color": "red"}
            go_on.set()
            assert [item async for item in items] == [{"color": "blue"}]

    @pytest.mark.parametrize("before", [0, 1, 3])
    async def test_an_error_comes_after_the_items_that_were_made_before_it(
        self, reach: Reach, facts: Facts, before: int
    ) -> None:
        async def makes() -> AsyncIterator[Any]:
            for number in range(before):
                yield {"color": f"{number}"}
            raise Conflict("the log moved on", facts={"is": 2})

        facts.makes = makes
        items = self.streamed(reach)
        assert [await anext(items) for _ in range(before)] == [{"color": f"{number}"} for number in range(before)]
        with pytest.raises(Conflict) as caught:
            await anext(items)
        assert caught.value.facts == {"is": 2}

    async def test_who_has_enough_ends_the_stream(self, reach: Reach, facts: Facts) -> None:
        ended = asyncio.Event()

        async def makes() -> AsyncIterator[Any]:
            try:
                yield {"color": "red"}
                await asyncio.Event().wait()
            finally:
                ended.set()

        facts.makes = makes
        async with aclosing(self.streamed(reach)) as items:
            await anext(items)
        async with asyncio.timeout(10):
            await ended.wait()

    async def test_who_reads_slowly_makes_the_fact_wait(self, reach: Reach, facts: Facts) -> None:
        """What was made and not read yet is bounded, by bytes, however long the stream is."""
        made: list[int] = []

        async def makes() -> AsyncIterator[Any]:
            for number in range(200):
                made.append(number)
                yield {"color": "x" * 2**18}

        facts.makes = makes
        async with aclosing(self.streamed(reach)) as items:
            await anext(items)
            for _ in range(1_000):  # it may run as far as it can
                await asyncio.sleep(0)
            assert len(made) < 100
