"""What was really done at a provider, and where it is asked to fail: both as the environment says."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
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
    """What was done, oldest first: previews do nothing. In a file it is a line of JSON for each.

    It fails instead at the `n`th entry, or at `create wake-ups-shop`: what would be done, and to which resource.
    Whoever is to know of each entry at once is `heard`.
    """

    def __init__(self, *, file: str = "", fail: str = "") -> None:
        self._file = Path(file) if file else None
        self.fail, self.entries = fail, list[Entry]()
        self.heard: Callable[[Entry], None] | None = None

    @classmethod
    def of_environment(cls) -> Journal:
        return cls(file=os.environ.get(FILE, ""), fail=os.environ.get(FAIL, ""))

    def write(self, entry: Entry) -> None:
        """Raises AskedToFail where it is to fail."""
        if self.fail in (str(len(self.entries) + 1), f"{entry.did} {entry.name}"):
            raise AskedToFail(f"{entry.did} {entry.name}: failed, as it was asked to")
        self.entries.append(entry)
        if self.heard:
            self.heard(entry)
        if self._file:
            with self._file.open("a") as file:  # one short write: two providers share the file
                file.write(json.dumps(asdict(entry)) + "\n")
