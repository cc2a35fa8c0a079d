"""What a log promises about its commits, checked one after the other."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from blossm.core.commit import MAX_EVENTS, LoggedCommit

MAX_VERSION = 2**31 - 1  # of an action, on the wire

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as the log promises. `position` 0: it is about the whole; `line`: of a file, where there is one."""

    position: int
    problem: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """How far it is: `done` of `total` (0: nobody knows), counted in `unit`."""

    doing: str
    done: int
    total: int
    unit: str = "events"


class Checks:
    """Takes commits in the order of the log.

    Keeps the latest number of every root: about 200 bytes for each.
    """

    def __init__(self) -> None:
        self.end = 1  # where the next commit should be
        self._committed = ""
        self._numbers: dict[str, int] = {}
        self._after_gap = False

    def skip(self) -> None:
        """What is missing before the next commit was told already."""
        self._after_gap = True

    def problems(self, logged: LoggedCommit) -> Iterator[str]:
        """What is wrong with the next commit, beside what was wrong before."""
        if logged.position != self.end and not self._after_gap:
            yield f"the last commit ended before position {self.end}, and this one begins at {logged.position}"
        self._after_gap = False
        self.end = logged.end
        yield from self._times(logged)
        events, numbers = logged.commit.events, logged.numbers
        if not 1 <= len(events) <= MAX_EVENTS or len(numbers) != len(events):
            yield f"it has {len(events)} events and {len(numbers)} numbers"
        if not logged.commit.key:
            yield "it has no key"
        for event, number in zip(events, numbers, strict=False):
            if not _UUID.fullmatch(event.root):
                yield f"the root {event.root!r} is no UUID in lower case"
            if not event.domain or not event.action or not 1 <= event.version <= MAX_VERSION:
                yield f"an event has domain {event.domain!r}, action {event.action!r} and version {event.version}"
            root = f"{event.domain}/{event.root}"
            last = self._numbers.get(root, 0)
            if number != last + 1:
                yield f"{event.domain} {event.root} has number {number} after {last}"
            self._numbers[root] = number

    def _times(self, logged: LoggedCommit) -> Iterator[str]:
        if not _is_time(logged.committed):
            yield f"its time {logged.committed!r} is none"
        elif logged.committed < self._committed:
            yield f"it was committed at {logged.committed}, and one before it at {self._committed}"
        else:
            self._committed = logged.committed


def _is_time(text: str) -> bool:
    try:
        return _TIME.fullmatch(text) is not None and bool(datetime.fromisoformat(text))
    except ValueError:
        return False


class Keys:
    """Finds keys that occur twice, in 16 bytes a commit."""

    def __init__(self) -> None:
        self._hashes = array("q")
        self._positions = array("q")

    def add(self, key: str, position: int) -> None:
        self._hashes.append(hash(key))
        self._positions.append(position)

    def suspects(self) -> Iterator[tuple[int, int]]:
        """Positions of commits that may have one key: their hashes are the same."""
        order = sorted(range(len(self._hashes)), key=self._hashes.__getitem__)
        for one, other in pairwise(order):
            if self._hashes[one] == self._hashes[other]:
                yield self._positions[one], self._positions[other]
