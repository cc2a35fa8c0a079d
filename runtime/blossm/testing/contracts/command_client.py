"""What the way to a command promises to who calls it, as a suite.

Subclass `CommandClientContract` and say in `client` how `commands`, which stands in for the command, is reached.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from blossm.adapters.memory.clock import FakeClock
from blossm.core.commit import EventRef
from blossm.core.errors import BadRequest, BlossmError, Internal
from blossm.core.request import Answer, Cookie, Request
from blossm.ports import CommandClient
from blossm.testing.contracts.asked import ERRORS, PAINT, PAYLOADS, Commands, exactly, like, request
from blossm.testing.contracts.log_store import RED


class CommandClientContract:
    """The suite. `client` reaches `commands` as the command PAINT, by `clock`."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def commands(self) -> Commands:
        return Commands()

    @pytest.fixture
    def client(self, commands: Commands, clock: FakeClock) -> CommandClient:
        raise NotImplementedError

    # ------------------------------------------------------------ what is asked

    async def test_a_request_arrives_whole(self, client: CommandClient, commands: Commands) -> None:
        asked = request(
            PAINT.address,
            payload={"color": "red"},
            options={"fast": True, "by": [1, 1.5, None]},
            context={"garage": RED},
            claims={"sub": "ada", "level": 1.0},
            key="k",
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )
        await client.call(asked)
        assert exactly(like(commands.asked[0])) == exactly(like(asked))

    async def test_whether_its_key_is_fresh_arrives(self, client: CommandClient, commands: Commands) -> None:
        await client.call(request(PAINT.address, key="k", fresh=True))
        await client.call(request(PAINT.address, key="k"))
        assert [asked.fresh for asked in commands.asked] == [True, False]

    @pytest.mark.parametrize("payload", PAYLOADS, ids=exactly)
    async def test_a_payload_arrives_as_it_is_whether_it_fits_or_not(
        self, client: CommandClient, commands: Commands, payload: dict[str, Any]
    ) -> None:
        await client.call(request(PAINT.address, payload=payload))
        assert exactly(commands.asked[0].payload) == exactly(payload)

    async def test_what_is_left_of_the_time_arrives(self, client: CommandClient, commands: Commands, clock: FakeClock) -> None:
        clock.advance(100.0)
        await client.call(request(PAINT.address, deadline=112.25))
        assert commands.asked[0].deadline - clock.monotonic() == pytest.approx(12.25, abs=0.001)

    # ------------------------------------------------------------ what is answered

    async def test_an_answer_comes_back_whole(self, client: CommandClient, commands: Commands) -> None:
        answer = Answer(
            response={"color": "red", "coats": 2},
            root=RED,
            events=(EventRef("painted", "bicycle", RED, 1, 7), EventRef("painted", "bicycle", RED, 2, 8)),
            cookies=(Cookie(name="a", value="b", max_age=0), Cookie(name="c", value="")),
            tx="tx",
            status=201,
            service="shop",
            position=8,
        )

        async def answers(request: Request) -> Answer:
            return answer

        commands.does = answers
        assert exactly(await client.call(request(PAINT.address))) == exactly(answer)

    @pytest.mark.parametrize("response", [*PAYLOADS, None, 0, False, "", [], [1, 1.0]], ids=exactly)
    async def test_any_response_comes_back_as_it_is(self, client: CommandClient, commands: Commands, response: Any) -> None:
        async def answers(request: Request) -> Answer:
            return Answer(response=response)

        commands.does = answers
        assert exactly((await client.call(request(PAINT.address))).response) == exactly(response)

    @pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code())
    async def test_an_error_arrives_as_itself_with_its_facts(
        self, client: CommandClient, commands: Commands, error: BlossmError
    ) -> None:
        async def fails(request: Request) -> Answer:
            raise error

        commands.does = fails
        with pytest.raises(type(error)) as caught:
            await client.call(request(PAINT.address))
        assert exactly(caught.value.as_dict()) == exactly(error.as_dict())
        assert len(commands.asked) == 1

    async def test_what_is_no_json_is_refused_where_it_lies(self, client: CommandClient, commands: Commands) -> None:
        async def refuses(request: Request) -> Answer:
            raise BadRequest("the payload is off")

        commands.does = refuses
        with pytest.raises(BadRequest):
            await client.call(request(PAINT.address, payload={"color": object()}))

    async def test_an_answer_that_is_no_json_is_not_the_callers_fault(
        self, client: CommandClient, commands: Commands
    ) -> None:
        """In process it is for the caller to find out; what can't be sent is an error of the callee."""

        async def answers(request: Request) -> Answer:
            return Answer(response=object())

        commands.does = answers
        with suppress(Internal):
            await client.call(request(PAINT.address))
        commands.does = None
        assert await client.call(request(PAINT.address)) == Answer()

    # ------------------------------------------------------------ many, and those that go away

    async def test_each_of_many_at_once_gets_its_own_answer(self, client: CommandClient, commands: Commands) -> None:
        all_there = asyncio.Event()

        async def answers(request: Request) -> Answer:
            if len(commands.asked) == 50:
                all_there.set()
            await all_there.wait()
            return Answer(response=request.payload)

        commands.does = answers
        calls = [client.call(request(PAINT.address, payload={"color": f"{number}"})) for number in range(50)]
        answers_ = await asyncio.gather(*calls)
        assert [answer.response["color"] for answer in answers_] == [f"{number}" for number in range(50)]

    async def test_who_goes_away_ends_the_command(self, client: CommandClient, commands: Commands) -> None:
        begun, ended = asyncio.Event(), asyncio.Event()

        async def waits(request: Request) -> Answer:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()
            raise AssertionError("it was cancelled")

        commands.does = waits
        asked = asyncio.ensure_future(client.call(request(PAINT.address)))
        await begun.wait()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        async with asyncio.timeout(10):
            await ended.wait()
        commands.does = None
        assert await client.call(request(PAINT.address)) == Answer()
