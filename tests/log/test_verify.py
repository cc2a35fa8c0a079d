"""`blossm log verify`: everything that is wrong with a log is told, with its position, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from pathlib import Path

import apsw
import msgspec
import pytest
from tests.log.damage import content, cut, size, spoil

from blossm.adapters.memory.log import MemoryLogStore
from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.core.commit import LoggedCommit
from blossm.core.errors import Internal, Unavailable
from blossm.local.logs.checks import Problem, Step
from blossm.local.logs.verify import verify, verify_file
from blossm.ports import LogStore, ReadPage
from blossm.testing.contracts.log_store import BLUE, RED, commit, painted, placed

DAMAGED = "the log is damaged at position"
FAR_AWAY = """
UPDATE commits SET position = 1000000000000 WHERE position = 604;
UPDATE events SET position = 1000000000000, "commit" = 1000000000000 WHERE position = 604
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


def opened(file: Path) -> SqliteLogStore:
    return SqliteLogStore.open(file, service="shop", network="city.example")


def commits() -> list[LoggedCommit]:
    """1 red; 2 red, 3 blue; 4 red; and 600 of wheels."""
    wheels = [commit(painted(BLUE, domain="wheel")) for _ in range(600)]
    return placed(commit(painted(RED)), commit(painted(RED), painted(BLUE)), commit(painted(RED)), *wheels)


async def logged(file: Path) -> None:
    store = opened(file)
    assert await store.insert_at(1, commits()) == "inserted"
    await store.close()


async def problems_of(store: LogStore) -> list[Problem]:
    return [found async for found in verify(store) if isinstance(found, Problem)]


async def problems_after(file: Path, sql: str) -> list[tuple[int, str]]:
    """What is wrong with the log after somebody got at its file."""
    await logged(file)
    connection = apsw.Connection(str(file))
    connection.execute(sql)
    connection.close()
    found = [one async for one in verify_file(file) if isinstance(one, Problem)]
    store = opened(file)
    found += await problems_of(store)
    await store.close()
    return [(problem.position, problem.problem) for problem in found]


async def test_a_sound_log_has_no_problem_and_is_read_to_its_end(file: Path) -> None:
    await logged(file)
    store = opened(file)
    found = [one async for one in verify_file(file)] + [one async for one in verify(store)]
    await store.close()
    assert not [one for one in found if isinstance(one, Problem)]
    assert found[-1] == Step("reading", 604, 604)


async def test_an_empty_log_has_none_either() -> None:
    assert await problems_of(MemoryLogStore(service="shop", network="city.example")) == []


async def test_what_is_logged_meanwhile_does_not_trouble_it(file: Path) -> None:
    await logged(file)
    store = opened(file)
    found = verify(store)
    await anext(found)
    latest = {("bicycle", RED): 3}
    assert await store.insert_at(605, placed(commit(painted(RED)), at=605, numbers=latest)) == "inserted"
    assert not [one async for one in found if isinstance(one, Problem)]
    await store.close()


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("DELETE FROM commits WHERE position = 2", (2, "the log is damaged at position 2: the commit that should")),
        ("DELETE FROM commits WHERE position = 604", (604, "the log is damaged at position 604: the commit that should")),
        ("DELETE FROM events WHERE position = 3", (2, "the log is damaged at position 2: its 2 events are not all there")),
        ("UPDATE events SET payload = '{' WHERE position = 4", (4, "the log is damaged at position 4: its commit can't be read")),
        ("UPDATE commits SET about = '[]' WHERE position = 4", (4, "the log is damaged at position 4: its commit can't be read")),
        ("UPDATE events SET number = 9 WHERE position = 4", (4, f"bicycle {RED} has number 9 after 2")),
        ("UPDATE commits SET committed = '2024-12-31T23:59:59.999999Z' WHERE position = 4", (4, "it was committed at 2024")),
        ("UPDATE commits SET committed = 'today' WHERE position = 4", (4, "its time 'today' is none")),
        ("UPDATE commits SET key = '' WHERE position = 4", (4, "it has no key")),
        (f"UPDATE events SET root = upper('{'a' + RED[1:]}') WHERE position = 604", (604, f"the root 'A{RED[1:]}' is no UUID")),
        ("UPDATE events SET domain = '', number = 1 WHERE position = 604", (604, "an event has domain ''")),
        ("""UPDATE events SET "commit" = 3 WHERE position = 4""", (4, "the event at 4 belongs to no commit")),
        ("DELETE FROM events WHERE position = 604", (604, "the commit at 604 has no events")),
        ("UPDATE commits SET position = -5 WHERE position = 604", (-5, "the commit at -5 has no events")),
        ("UPDATE commits SET events = 0 WHERE position = 4", (4, "the log is damaged at position 4: the commit that should")),
        ("UPDATE commits SET events = -1 WHERE position = 604", (604, "the log is damaged at position 604: the commit that")),
        ("UPDATE commits SET events = 2 WHERE position = 4", (6, "the log is damaged at position 6: the next commit is at 5")),
        (FAR_AWAY, (604, f"{DAMAGED} 604: the commit that should be here is missing, the next is at 1000000000000")),
        ("UPDATE events SET payload = CAST(x'ff' AS TEXT) WHERE position = 4", (4, f"{DAMAGED} 4: its commit can't")),
        ("UPDATE commits SET about = CAST(x'ff' AS TEXT) WHERE position = 4", (4, f"{DAMAGED} 4: the commit there")),
        ("DROP INDEX events_of_domain", (0, "the index events_of_domain is missing")),
        ("CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM events; END", (0, "the trigger t is not as")),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_told_with_its_position(file: Path, sql: str, expected: tuple[int, str]) -> None:
    found = await problems_after(file, sql)
    assert expected[0] in [position for position, _ in found]
    assert any(position == expected[0] and problem.startswith(expected[1]) for position, problem in found), found


async def test_no_reader_steps_over_a_last_commit_that_is_missing(file: Path) -> None:
    await problems_after(file, "DELETE FROM commits WHERE position = 604")
    store = opened(file)
    with pytest.raises(Internal, match="damaged at position 604: the head is 605, and there is no commit"):
        await store.read(600, 10)
    with pytest.raises(Internal, match="damaged at position 604"):
        await store.read(603, 1)
    await store.close()


async def test_a_root_with_an_event_that_can_not_be_read_says_so(file: Path) -> None:
    await problems_after(file, "UPDATE events SET payload = '[]' WHERE position = 3")
    store = opened(file)
    with pytest.raises(Internal, match="damaged at position 3: it can't be read"):
        await store.root("bicycle", BLUE)
    await store.close()


async def test_all_problems_are_told_and_what_follows_a_hole_is_read(file: Path) -> None:
    found = await problems_after(
        file,
        "DELETE FROM commits WHERE position IN (50, 51, 52, 300);"
        "UPDATE events SET payload = '' WHERE position = 550;"
        "UPDATE commits SET key = '' WHERE position = 560",
    )
    holes = [problem for problem in found if "damaged" in problem[1]]
    assert [position for position, _ in holes] == [50, 300, 550]
    assert (560, "it has no key") in found
    assert [position for position, problem in found if "belongs to no commit" in problem] == [50, 51, 52, 300]
    assert [position for position, problem in found if "has number" in problem] == [53, 301, 551]


async def test_a_table_that_is_gone_is_told(file: Path) -> None:
    await logged(file)
    connection = apsw.Connection(str(file))
    connection.execute("DROP TABLE commits")
    connection.close()
    found = [one.problem async for one in verify_file(file) if isinstance(one, Problem)]
    assert "the table commits is missing" in found


async def test_two_commits_with_one_key_are_told() -> None:
    store = MemoryLogStore(service="shop", network="city.example")
    first, *rest, last = placed(commit(painted(RED), key="one"), commit(painted(RED)), commit(painted(RED)))
    assert await store.insert_at(1, [first, *rest, last]) == "inserted"
    double = msgspec.structs.replace(last, commit=msgspec.structs.replace(last.commit, key="one"))
    store._commits[-1] = msgspec.json.encode(double)
    assert await problems_of(store) == [Problem(3, "its key is that of the commit at 1")]


async def test_a_damaged_page_is_told_in_sqlites_words(file: Path) -> None:
    await logged(file)
    spoil(file, 3)
    found = [one async for one in verify_file(file) if isinstance(one, Problem)]
    assert found
    assert all(one.problem.startswith("SQLite: ") for one in found)


@pytest.mark.parametrize("left", [0, 1, 511])
async def test_a_file_of_which_nothing_is_left_is_told_and_not_taken_for_a_new_log(file: Path, left: int) -> None:
    await logged(file)
    cut(file, left)
    assert [one.problem async for one in verify_file(file) if isinstance(one, Problem)] == [f"{left} bytes of the file are left"]
    with pytest.raises(Unavailable, match=f"is damaged: {left} bytes of it are left"):
        opened(file)


async def test_a_file_that_was_cut_is_told(file: Path) -> None:
    await logged(file)
    cut(file, size(file) // 2)
    assert [one.problem async for one in verify_file(file) if isinstance(one, Problem)] == [
        "SQLite: database disk image is malformed"
    ]
    with pytest.raises(Unavailable, match="is damaged"):
        opened(file)


async def test_to_verify_a_file_changes_nothing_in_it(file: Path) -> None:
    store = opened(file)
    await store.insert_at(1, commits())
    before = content(file)
    assert [one async for one in verify_file(file) if isinstance(one, Problem)] == []
    assert content(file) == before
    assert f"{file.name}-wal" in before
    await store.close()


class Failing(MemoryLogStore):
    async def read(self, after: int, limit: int, *, domains: Collection[str] | None = None) -> ReadPage:
        raise Unavailable("the server is gone")


async def test_a_store_that_does_not_answer_is_no_problem_of_the_log() -> None:
    store = Failing(service="shop", network="city.example")
    await store.insert_at(1, placed(commit()))
    with pytest.raises(Unavailable, match="the server is gone"):
        await problems_of(store)


async def steps_of(found: AsyncIterator[Step | Problem]) -> list[Step]:
    return [one async for one in found if isinstance(one, Step)]


async def test_how_far_it_is_goes_up_to_the_head() -> None:
    store = MemoryLogStore(service="shop", network="city.example")
    await store.insert_at(1, commits())
    steps = await steps_of(verify(store))
    assert [(step.done, step.total) for step in steps] == [(0, 604), (501, 604), (604, 604)]
