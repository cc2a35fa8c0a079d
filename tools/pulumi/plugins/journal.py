"""What was really done at a provider, and where it is asked to fail: both as the environment says."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

FILE, FAIL = "BLOSSM_OFFLINE_JOURNAL", "BLOSSM_OFFLINE_FAIL"


class AskedToFail(Exception):
    """What the environment asked for: not a mistake of anybody's."""


@dataclass(frozen=True, slots=True)
class Entry:
    did: str  # create, update or delete
    type: str
    name: str


class Journal:
    """One line for each thing that was done; previews do nothing."""

    def __init__(self, *, file: str, fail: str) -> None:
        self._file = Path(file) if file else None
        self._fail, self._done = fail, 0

    @classmethod
    def of_environment(cls) -> Journal:
        return cls(file=os.environ.get(FILE, ""), fail=os.environ.get(FAIL, ""))

    def write(self, entry: Entry) -> None:
        """Raises AskedToFail instead at the `n`th entry, or at `create wake-ups-shop`: what is done, and to which resource."""
        self._done += 1
        if self._fail in (str(self._done), f"{entry.did} {entry.name}"):
            raise AskedToFail(f"{entry.did} {entry.name}: failed, as {FAIL} asked")
        if self._file:
            with self._file.open("a") as file:  # one short write: two providers share the file
                file.write(json.dumps(asdict(entry)) + "\n")


def entries(file: Path) -> Iterator[Entry]:
    """What a journal says, oldest first."""
    for line in file.read_text().splitlines() if file.exists() else ():
        yield Entry(**json.loads(line))
