"""A process that is really killed, at any point: what it acknowledged is there, once and whole."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import apsw
import msgspec

from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.core.commit import LoggedCommit

KILLS = 15
SCRIPT = Path(__file__).with_name("appending.py")


def acknowledged_until_killed(file: Path, *, after: int) -> dict[str, list[int]]:
    """What a process acknowledged, key → positions, before and while it was killed after so many."""
    with subprocess.Popen([sys.executable, str(SCRIPT), str(file)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(after)]
        process.kill()
        lines += process.stdout.readlines()
    said = [msgspec.json.decode(line) for line in lines if line.endswith(b"\n")]
    assert len(said) >= after
    return {each["key"]: each["positions"] for each in said}


async def whole(file: Path) -> list[LoggedCommit]:
    store = SqliteLogStore.open(file, service="shop", network="city.example")
    commits: list[LoggedCommit] = []
    while (page := await store.read(commits[-1].end - 1 if commits else 0, 500)).commits:
        commits += page.commits
    assert await store.head() == (commits[-1].end if commits else 1)
    await store.close()
    return commits


async def test_what_was_acknowledged_survives_sigkill_once_and_whole(tmp_path: Path) -> None:
    file = tmp_path / "shop.log"
    chance = random.Random(20250101)
    acknowledged: dict[str, list[int]] = {}
    for _ in range(KILLS):
        acknowledged |= acknowledged_until_killed(file, after=chance.randint(1, 150))
        commits = await whole(file)
        by_key = {logged.commit.key: logged for logged in commits}
        assert len(by_key) == len(commits)
        for key, positions in acknowledged.items():
            logged = by_key[key]
            assert list(range(logged.position, logged.end)) == positions
        assert [logged.position for logged in commits] == [1, *(logged.end for logged in commits[:-1])]
        numbers: Counter[str] = Counter()
        for logged in commits:
            assert [event.payload["n"] for event in logged.commit.events] == list(range(1, len(logged.numbers) + 1))
            for event, number in zip(logged.commit.events, logged.numbers, strict=True):
                numbers[event.root] += 1
                assert number == numbers[event.root]
    connection = apsw.Connection(str(file))
    assert connection.pragma("integrity_check") == "ok"
    connection.close()
    assert len(acknowledged) >= KILLS
