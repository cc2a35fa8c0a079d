"""A process that is really killed, at any point: what it acknowledged is there, once and whole."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest
from tests.log.appending import Order

from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.core.commit import LoggedCommit

KILLS = 30  # of each manner to append
BEGINNINGS = 60
MOST = 30  # acknowledgements before a kill
LONGEST = 0.003  # seconds after them: some writes
SCRIPT = Path(__file__).with_name("appending.py")
MANNERS: dict[str, dict[str, Any]] = {
    "as it comes": {},
    "while the WAL is written back": {"checkpoint": 4},
    "while the file grows": {"note": 20_000, "checkpoint": 50},
    "with batches of many commits": {"callers": 150, "note": 10},
    "with synchronous=NORMAL": {"synchronous": "NORMAL"},
}


class Killed(Exception):
    """What was acknowledged is not there as it should be."""


class Appending:
    """A process from which those are forked that append, and are killed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def until_killed(self, order: Order) -> dict[str, list[int]]:
        """What was acknowledged in time: key → positions."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(order).decode() + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "killed\n"
        said = Path(order.said)
        lines = said.read_bytes().splitlines(keepends=True) if said.exists() else []
        said.unlink(missing_ok=True)
        whole = [msgspec.json.decode(line) for line in lines if line.endswith(b"\n")]
        return {each["key"]: each["positions"] for each in whole}


@pytest.fixture(scope="module")
def appending() -> Iterator[Appending]:
    with subprocess.Popen(
        [sys.executable, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Appending(process)


def an_order(file: Path, chance: random.Random, **settings: Any) -> Order:
    """To append, and to be killed by chance."""
    drawn = {"after": chance.randint(0, MOST), "seconds": chance.uniform(0, LONGEST), "seed": chance.getrandbits(32)}
    return msgspec.convert({"file": str(file), "said": f"{file}.said", **drawn, **settings}, Order)


class Witness:
    """Remembers what was in a log and what was acknowledged, and looks at it again after each kill."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.commits: list[LoggedCommit] = []
        self.places: dict[str, list[int]] = {}
        self.numbers: Counter[str] = Counter()
        self.unsaid = 0  # commits that are there although nobody was told

    @property
    def end(self) -> int:
        return self.commits[-1].end if self.commits else 1

    async def look(self, acknowledged: dict[str, list[int]]) -> None:
        """Look at what is new. Raises Killed."""
        store = SqliteLogStore.open(self.file, service="shop", network="city.example")
        try:
            before = len(self.commits)
            while (page := await store.read(self.end - 1, 500)).commits:
                for logged in page.commits:
                    self._take(logged)
            if await store.head() != self.end:
                raise Killed(f"the head is {await store.head()}, and the last commit ends at {self.end}")
        finally:
            await store.close()
        for key, positions in acknowledged.items():
            if self.places.get(key) != positions:
                raise Killed(f"{key} was acknowledged at {positions}, and is at {self.places.get(key)}")
        self.unsaid += len(self.commits) - before - len(acknowledged)

    def _take(self, logged: LoggedCommit) -> None:
        if logged.position != self.end or logged.commit.key in self.places:
            raise Killed(f"the commit at {logged.position} is out of place, or there twice")
        if [event.payload["n"] for event in logged.commit.events] != list(range(1, len(logged.numbers) + 1)):
            raise Killed(f"the commit at {logged.position} is not whole")
        for event, number in zip(logged.commit.events, logged.numbers, strict=True):
            self.numbers[event.root] += 1
            if number != self.numbers[event.root]:
                raise Killed(f"{event.root} has number {number} after {self.numbers[event.root] - 1}")
        self.commits.append(logged)
        self.places[logged.commit.key] = list(range(logged.position, logged.end))

    async def look_at_all_again(self) -> None:
        """What was there once is there for ever, and SQLite finds nothing wrong with the file."""
        again = Witness(self.file)
        await again.look({})
        assert again.commits == self.commits
        connection = apsw.Connection(str(self.file))
        assert connection.pragma("integrity_check") == "ok"
        connection.close()


@pytest.mark.parametrize("manner", MANNERS)
async def test_what_was_acknowledged_survives_sigkill_once_and_whole(
    tmp_path: Path, appending: Appending, manner: str
) -> None:
    file, chance = tmp_path / "shop.log", random.Random(manner)
    witness = Witness(file)
    for _ in range(KILLS):
        await witness.look(appending.until_killed(an_order(file, chance, **MANNERS[manner])))
    await witness.look_at_all_again()
    assert witness.unsaid > 0  # some were killed between a commit and its acknowledgement


async def test_a_log_that_was_killed_while_it_began_begins_again(tmp_path: Path, appending: Appending) -> None:
    chance = random.Random("beginning")
    there, longest = 0, 0.002
    for number in range(BEGINNINGS):
        folder = tmp_path / str(number)
        folder.mkdir()
        file = folder / "shop.log"
        said = appending.until_killed(an_order(file, chance, after=0, seconds=chance.uniform(0, longest)))
        there += file.exists()
        longest *= 0.8 if file.exists() else 1.25  # about when it begins, on any machine
        await Witness(file).look(said)
    assert 0 < there < BEGINNINGS


async def test_an_acknowledgement_that_comes_before_its_commit_is_found_out(
    tmp_path: Path, appending: Appending
) -> None:
    file, chance = tmp_path / "shop.log", random.Random("early")
    witness = Witness(file)

    async def kills() -> None:
        for _ in range(KILLS):
            await witness.look(appending.until_killed(an_order(file, chance, early=True)))

    with pytest.raises(Killed, match="was acknowledged at"):
        await kills()
