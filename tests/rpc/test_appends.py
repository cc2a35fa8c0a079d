"""Appends on their way: which go together, what each caller hears, and that each caller's end is its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.rpc.served_shop import NETWORK, event_stores, served

from blossm.adapters.memory.log import MemoryLogStore
from blossm.core.commit import Appended, Commit
from blossm.core.errors import BlossmError, Conflict, DeadlineExceeded, Internal, ResourceExhausted, Unavailable
from blossm.rpc.calling import appends as protocol
from blossm.rpc.calling.appends import Appends
from blossm.rpc.calling.line import BrokenOff, Line
from blossm.rpc.envelope.commit import Commits
from blossm.rpc.status import message_of
from blossm.rpc.types import Types
from blossm.rpc.v1 import event_store_pb2 as pb
from blossm.testing.contracts.log_store import commit
from blossm.testing.contracts.shop import painted

COMMITS = Commits(Types(NETWORK), service="shop")


class ALine(Line):
    """A line to a log that answers when it is told to."""

    def __init__(self, *, open: bool = False) -> None:
        self.sent: list[list[str]] = []  # the keys of each request
        self.gate = asyncio.Event()
        self.before_again: Any = None
        self.sending = asyncio.Event()
        self.answers: Callable[[pb.AppendRequest], Awaitable[pb.AppendResponse]] = self._logged
        if open:
            self.gate.set()

    async def ask(self, method: str, request: Any, answer: Any, *, before_again: Any = None, **more: Any) -> Any:
        assert (method, more) == ("/blossm.rpc.v1.EventStoreService/Append", {"timeout": None, "again": True})
        self.before_again = before_again
        self.sent.append([each.commit.key for each in request.appends])
        self.sending.set()
        await self.gate.wait()
        return await self.answers(request)

    async def _logged(self, request: pb.AppendRequest) -> pb.AppendResponse:
        return pb.AppendResponse(results=[{"appended": {"committed": each.commit.key}} for each in request.appends])


def appending(key: str, *, size: int = 1) -> pb.Appending:
    return pb.Appending(commit=COMMITS.commit_to_wire(commit(painted("x" * size), key=key)))


async def begun(appends: Appends, *keys: str, size: int = 1) -> list[asyncio.Task[Appended]]:
    """These appends, all of them on their way."""
    tasks = [asyncio.create_task(appends.append(appending(key, size=size))) for key in keys]
    await asyncio.sleep(0)
    return tasks


async def under_way(line: ALine, appends: Appends) -> list[asyncio.Task[Appended]]:
    """One append that the log is busy with."""
    tasks = await begun(appends, "first")
    await line.sending.wait()
    return tasks


@pytest.fixture
def line() -> ALine:
    return ALine()


@pytest.fixture
def appends(line: ALine) -> Appends:
    return Appends(line, service="shop")


async def test_appends_that_come_while_one_is_in_flight_go_together_in_their_order(line: ALine, appends: Appends) -> None:
    tasks = await under_way(line, appends) + await begun(appends, *"abcdef")
    line.gate.set()
    answers = await asyncio.gather(*tasks)
    assert line.sent == [["first"], list("abcdef")]
    assert [answer.committed for answer in answers] == ["first", *"abcdef"]


async def test_appends_that_come_at_once_go_together(line: ALine, appends: Appends) -> None:
    line.gate.set()
    await asyncio.gather(*await begun(appends, *"abc"))
    await asyncio.gather(*await begun(appends, *"de"))
    assert line.sent == [list("abc"), list("de")]


async def test_who_was_answered_may_append_again_at_once(line: ALine, appends: Appends) -> None:
    line.gate.set()
    async with asyncio.timeout(10):
        for n in range(5):
            await appends.append(appending(f"{n}"))
    assert len(line.sent) == 5


async def test_a_request_is_bounded_in_commits(line: ALine, appends: Appends) -> None:
    tasks = await under_way(line, appends) + await begun(appends, *(f"{n}" for n in range(1_200)))
    line.gate.set()
    await asyncio.gather(*tasks)
    assert [len(keys) for keys in line.sent] == [1, 500, 500, 200]


async def test_a_request_is_bounded_in_bytes(line: ALine, appends: Appends) -> None:
    tasks = await under_way(line, appends) + await begun(appends, *(f"{n}" for n in range(5)), size=900_000)
    line.gate.set()
    await asyncio.gather(*tasks)
    assert [len(keys) for keys in line.sent] == [1, 2, 2, 1]


async def test_more_may_not_wait_than_is_good(line: ALine, appends: Appends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "QUEUE_COMMITS", 2)
    tasks = await under_way(line, appends) + await begun(appends, "a", "b")
    with pytest.raises(ResourceExhausted) as caught:
        await appends.append(appending("c"))
    assert caught.value.facts["waiting"] == 2
    line.gate.set()
    await asyncio.gather(*tasks)
    assert line.sent == [["first"], ["a", "b"]]


async def test_who_stops_waiting_stops_nobody_else(line: ALine, appends: Appends) -> None:
    (sent,) = await under_way(line, appends)
    waits, goes, stays = await begun(appends, "waits", "goes", "stays")
    sent.cancel()
    goes.cancel()
    line.gate.set()
    answers = await asyncio.gather(sent, waits, goes, stays, return_exceptions=True)
    assert [type(answer) for answer in answers] == [asyncio.CancelledError, Appended, asyncio.CancelledError, Appended]
    assert line.sent == [["first"], ["waits", "stays"]]


async def test_what_was_sent_is_logged_whoever_stops_waiting() -> None:
    stores = event_stores()
    reached, go = asyncio.Event(), asyncio.Event()

    class Slow:
        async def append(self, commit: Commit, **more: Any) -> Appended:
            reached.set()
            await go.wait()
            return await stores.append(commit, **more)

        def __getattr__(self, name: str) -> Any:
            return getattr(stores, name)

    slow: Any = Slow()
    async with served({"shop": slow}) as shop, shop.client() as client:
        task = asyncio.create_task(client.append(commit(painted("red"), key="k")))
        await reached.wait()
        task.cancel()
        go.set()
        assert (await client.append(commit(painted("red"), key="k"))).repeated
    assert await stores.head() == 2
    await stores.close()


async def test_each_hears_its_own_error(line: ALine, appends: Appends) -> None:
    async def mixed(request: pb.AppendRequest) -> pb.AppendResponse:
        conflict = message_of(Conflict("it moved", facts={"is": 2}))
        return pb.AppendResponse(results=[{"error": conflict}, {"appended": {"committed": "now"}}])

    line.answers = mixed
    line.gate.set()
    lost, won = await asyncio.gather(*await begun(appends, "a", "b"), return_exceptions=True)
    assert isinstance(lost, Conflict)
    assert lost.facts == {"is": 2}
    assert isinstance(won, Appended)


@pytest.mark.parametrize(
    ("first", "told"), [(BrokenOff("it broke"), DeadlineExceeded), (Unavailable("nobody there"), Unavailable)]
)
async def test_a_commit_that_is_not_logged_the_second_time_may_have_been_the_first_time(
    line: ALine, appends: Appends, first: BlossmError, told: type[BlossmError]
) -> None:
    async def away(request: pb.AppendRequest) -> pb.AppendResponse:
        line.before_again(first)
        return pb.AppendResponse(results=[{"error": message_of(Unavailable("the log is away"))}])

    line.answers = away
    line.gate.set()
    with pytest.raises(told):
        await appends.append(appending("a"))


@pytest.mark.parametrize(
    ("error", "told", "words"),
    [
        (BrokenOff("it broke"), DeadlineExceeded, "outcome is unknown"),
        (Unavailable("nobody there"), Unavailable, "nobody there"),
        (Conflict("odd", facts={"a": 1}), Conflict, "odd"),
        (RuntimeError("a bug"), Internal, "a bug"),
    ],
)
async def test_what_befalls_a_request_each_of_its_callers_hears(
    line: ALine, appends: Appends, error: Exception, told: type[BlossmError], words: str
) -> None:
    async def fail(request: pb.AppendRequest) -> pb.AppendResponse:
        raise error

    line.answers = fail
    line.gate.set()
    one, two = await asyncio.gather(*await begun(appends, "a", "b"), return_exceptions=True)
    for each in (one, two):
        assert type(each) is told
        assert words in str(each)
    assert one is not two
    line.answers = line._logged
    assert (await appends.append(appending("c"))).committed == "c"


async def test_an_answer_for_fewer_commits_than_were_sent_is_none(line: ALine, appends: Appends) -> None:
    async def one(request: pb.AppendRequest) -> pb.AppendResponse:
        return pb.AppendResponse(results=[{"appended": {}}])

    line.answers = one
    line.gate.set()
    answers = await asyncio.gather(*await begun(appends, "a", "b"), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Internal, Internal]


async def test_when_the_channel_is_closed_nobody_waits_for_ever() -> None:
    reached = asyncio.Event()

    class Stuck:
        async def append(self, commit: Commit, **more: Any) -> Appended:
            reached.set()
            await asyncio.Event().wait()
            raise AssertionError

    stuck: Any = Stuck()
    async with served({"shop": stuck}) as shop:
        async with shop.client() as client:
            sent = asyncio.create_task(client.append(commit(painted("red"))))
            await reached.wait()
            waiting = asyncio.create_task(client.append(commit(painted("red"))))
            await asyncio.sleep(0)
        answers = await asyncio.wait_for(asyncio.gather(sent, waiting, return_exceptions=True), 10)
    assert [type(answer) for answer in answers] == [DeadlineExceeded, Unavailable]


async def test_many_callers_share_a_request_and_a_write_in_their_order() -> None:
    class Counting(MemoryLogStore):
        writes = 0

        async def insert_at(self, position: int, commits: Any) -> Any:
            self.writes += 1
            return await super().insert_at(position, commits)

    log = Counting(service="shop", network="city.example")
    stores = event_stores(log=log)
    async with served({"shop": stores}) as shop, shop.client() as client:
        answers = await asyncio.gather(*(client.append(commit(painted("red"))) for _ in range(200)))
        assert shop.server.counts["/blossm.rpc.v1.EventStoreService/Append"].requests == 1
    assert [answer.events[0].position for answer in answers] == list(range(1, 201))
    assert log.writes <= 2
    await stores.close()
