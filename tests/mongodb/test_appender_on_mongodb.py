"""The appender on MongoDB: several of them, repeats, conflicts, and servers that fail or are killed."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest
from tests.mongodb.fixtures import Databases
from tests.mongodb.server import killable_emulator

from blossm.adapters.clock import SystemClock
from blossm.adapters.memory.bus import MemoryBus
from blossm.adapters.mongodb.client import Database
from blossm.adapters.mongodb.log import MongoLogStore
from blossm.core.appender import Appender
from blossm.core.commit import Appended, Commit, Expectation, LoggedCommit
from blossm.core.errors import DeadlineExceeded, Unavailable
from blossm.model.indexes import log_plan
from blossm.testing.contracts.log_store import BLUE, RED, commit, painted

ROOTS = [str(uuid.UUID(int=n, version=4)) for n in range(100, 108)]
KILLS, COMMITS = 2, 3
NOT_DURABLE = {"code": 64, "errmsg": "waiting for replication timed out"}


@asynccontextmanager
async def appending(database: Database) -> AsyncIterator[Appender]:
    """One process that appends."""
    store = await MongoLogStore.open(database, service="shop", network="city.example")
    appender = Appender(store=store, clock=SystemClock(), bus=MemoryBus(), service="shop")
    yield appender
    await appender.close()


async def whole(database: Database) -> list[LoggedCommit]:
    """The log, read by somebody new from its beginning; a hole would be told."""
    store = await MongoLogStore.open(database, service="shop", network="city.example")
    commits: list[LoggedCommit] = []
    while page := (await store.read(commits[-1].end - 1 if commits else 0, 500)).commits:
        commits += page
    return commits


def is_once_and_whole(commits: Iterable[LoggedCommit], answers: dict[str, Appended]) -> None:
    """Every acknowledged commit is there once where its answer says, and each root's numbers go up by one."""
    by_key: dict[str, LoggedCommit] = {}
    numbers: dict[tuple[str, str], int] = {}
    for logged in commits:
        assert by_key.setdefault(logged.commit.key, logged) is logged
        for event, number in zip(logged.commit.events, logged.numbers, strict=True):
            key = (event.domain, event.root)
            numbers[key] = numbers.get(key, 0) + 1
            assert number == numbers[key]
    for told, answer in answers.items():
        logged = by_key[told]
        assert [event.position for event in answer.events] == list(range(logged.position, logged.end))
        assert [event.number for event in answer.events] == list(logged.numbers)


@pytest.fixture
async def database(mongodbs: Databases) -> Database:
    return await mongodbs.having(log_plan(()))


@pytest.fixture
async def failing_database(emulated: Databases) -> Database:
    return await emulated.having(log_plan(()))


# ---------------------------------------------------------------- as it should be


async def test_what_waits_goes_in_one_insert(database: Database, mongodbs: Databases) -> None:
    async with appending(database) as appender:
        await asyncio.gather(*(appender.append(commit(painted(root))) for root in ROOTS))
    (sent,) = mongodbs.monitor.named("insert")
    assert len(sent.command["documents"]) == len(ROOTS)


async def test_appenders_in_several_processes_make_one_log(database: Database, mongodbs: Databases) -> None:
    answers: dict[str, Appended] = {}

    async def caller(appender: Appender) -> None:
        for root in ROOTS[:5]:
            mine = commit(painted(root), painted(BLUE, domain="wheel"))
            answers[mine.key] = await appender.append(mine)

    async with (
        appending(database) as one,
        appending(mongodbs.again(database)) as two,
        appending(mongodbs.again(database)) as three,
    ):
        await asyncio.gather(*(caller(appender) for appender in (one, two, three) for _ in range(3)))
    assert len(answers) == 45
    is_once_and_whole(await whole(database), answers)


async def test_of_two_processes_that_expect_one_number_one_is_told_of_the_other(database: Database, mongodbs: Databases) -> None:
    new = Expectation(roots={("bicycle", RED): 0})
    async with appending(database) as one, appending(mongodbs.again(database)) as two:
        told = await asyncio.gather(one.append(commit(), new), two.append(commit(), new), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in told) == ["Appended", "Conflict"]
    assert len(await whole(database)) == 1


async def test_a_key_that_another_process_has_logged_answers_the_same(database: Database, mongodbs: Databases) -> None:
    async with appending(database) as one, appending(mongodbs.again(database)) as two:
        first = await one.append(commit(key="once"))
        await two.append(commit(painted(BLUE)))
        again = await two.append(commit(key="once"))
    assert (again.events, again.repeated) == (first.events, True)
    assert len(await whole(database)) == 2


async def test_a_key_that_two_processes_log_at_once_is_logged_once(database: Database, mongodbs: Databases) -> None:
    async with appending(database) as one, appending(mongodbs.again(database)) as two:
        answers = await asyncio.gather(*(appender.append(commit(key="once")) for appender in (one, two)))
    assert answers[0].events == answers[1].events
    assert len(await whole(database)) == 1


# ---------------------------------------------------------------- servers that fail


FAULTS = {
    "an election": {"errorCode": 10107},
    "an election that the driver may not repeat": {"errorCode": 11602, "errorLabels": []},
    "a shutdown": {"errorCode": 91},
    "a broken connection": {"closeConnection": True},
    "a majority that is late": {"writeConcernError": NOT_DURABLE},
    "something nobody knows": {"errorCode": 424242},
}


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_nothing_acknowledged_is_lost_or_doubled_by_inserts_that_fail(
    failing_database: Database, emulated: Databases, fault: dict[str, object], times: int
) -> None:
    answers: dict[str, Appended] = {}

    async def caller(appender: Appender, root: str) -> None:
        for n in range(3):
            mine = commit(painted(root, n=n), painted(BLUE, domain="wheel"))
            answers[mine.key] = await appender.append(mine)

    async with (
        emulated.failing("insert", times=times, after=1, **fault),
        appending(failing_database) as one,
        appending(emulated.again(failing_database)) as two,
    ):
        await asyncio.gather(*(caller(appender, root) for appender in (one, two) for root in ROOTS[:3]))
    commits = await whole(failing_database)
    assert len(commits) == len(answers) == 18
    is_once_and_whole(commits, answers)


async def test_reads_that_fail_hurt_nobody_but_those_who_wait_for_them(failing_database: Database, emulated: Databases) -> None:
    async with appending(failing_database) as appender:
        await appender.append(commit())
        async with emulated.failing("find", times=2, closeConnection=True):
            with pytest.raises(Unavailable):
                await appender.append(commit(painted(BLUE)))
        appended = await appender.append(commit(painted(BLUE)))
    assert [(event.position, event.number) for event in appended.events] == [(2, 1)]


# ---------------------------------------------------------------- servers that are killed


async def until_acknowledged(appender: Appender, mine: Commit) -> Appended:
    """As a caller does who wants it done: the same again until there is an answer."""
    while True:
        try:
            return await appender.append(mine)
        except (Unavailable, DeadlineExceeded):
            continue


async def test_what_was_acknowledged_is_there_after_the_server_was_killed() -> None:
    answers: dict[str, Appended] = {}
    with killable_emulator("--sync-on-commit") as server:
        databases = Databases(server.uri)
        database = await databases.having(log_plan(()))
        for _ in range(KILLS):
            enough, before = asyncio.Event(), len(answers)

            async def caller(appender: Appender, root: str, enough: asyncio.Event, before: int) -> None:
                for _ in range(COMMITS):
                    mine = commit(painted(root), painted(BLUE, domain="wheel"))
                    answers[mine.key] = await until_acknowledged(appender, mine)
                    if len(answers) > before + COMMITS:
                        enough.set()

            async with appending(database) as one, appending(databases.again(database)) as two, asyncio.TaskGroup() as callers:
                for appender in (one, two):
                    for root in ROOTS[:3]:
                        callers.create_task(caller(appender, root, enough, before))
                await enough.wait()
                server.kill()
                server.start()
            is_once_and_whole(await whole(database), answers)
        assert len(answers) == KILLS * COMMITS * 6
        await databases.close()
