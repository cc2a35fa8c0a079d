"""A log in memory: what SQLite promises, but for durability."""

from __future__ import annotations

import bisect
from collections.abc import Collection, Iterable, Sequence
from typing import Literal

import msgspec

from blossm.core.commit import LoggedCommit, RootKey
from blossm.core.event import LoggedEvent
from blossm.ports import ReadPage

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(LoggedCommit).decode

PAGE_BYTES = 4 * 1024 * 1024


class MemoryLogStore:
    """Implements `ports.LogStore`. Commits are kept encoded, so that nobody can change what is logged."""

    def __init__(self, *, service: str, network: str) -> None:
        self._service = service
        self._network = network
        self._head = 1
        self._commits: list[bytes] = []
        self._starts: list[int] = []  # the position of each commit's first event
        self._keys: dict[str, int] = {}  # key → index of its commit
        self._roots: dict[RootKey, list[int]] = {}  # → the positions of its events
        self._domains: dict[str, list[int]] = {}

    async def head(self) -> int:
        return self._head

    async def insert_at(
        self, position: int, commits: Sequence[LoggedCommit]
    ) -> Literal["inserted", "taken", "unknown"]:
        keys = [logged.commit.key for logged in commits]
        if position != self._head or len(set(keys)) < len(keys) or any(key in self._keys for key in keys):
            return "taken"
        for logged in commits:
            self._keys[logged.commit.key] = len(self._commits)
            self._commits.append(_encode(logged))
            self._starts.append(self._head)
            for position, event in enumerate(logged.commit.events, start=self._head):
                self._roots.setdefault((event.domain, event.root), []).append(position)
                self._domains.setdefault(event.domain, []).append(position)
            self._head = logged.end
        return "inserted"

    async def latest(self, roots: Collection[RootKey]) -> dict[RootKey, int]:
        return {key: len(self._roots[key]) for key in roots if key in self._roots}

    async def latest_in(self, domains: Collection[str]) -> dict[str, int]:
        return {domain: self._domains[domain][-1] for domain in domains if domain in self._domains}

    async def by_key(self, keys: Collection[str]) -> dict[str, LoggedCommit]:
        return {key: _decode(self._commits[self._keys[key]]) for key in keys if key in self._keys}

    async def read(self, after: int, limit: int, *, domains: Collection[str] | None = None) -> ReadPage:
        found: list[LoggedCommit] = []
        size = 0
        for index in self._concerned(after, domains):
            if len(found) == limit or size > PAGE_BYTES:
                return ReadPage(tuple(found), found[-1].end - 1 if found else after)
            size += len(self._commits[index])
            found.append(_decode(self._commits[index]))
        return ReadPage(tuple(found), max(after, self._head - 1))

    def _concerned(self, after: int, domains: Collection[str] | None) -> Iterable[int]:
        """The indexes of the commits that end after a position and have an event of `domains`, in order."""
        if domains is None:
            return range(self._index(after + 1), len(self._commits))
        # A commit may begin before `after`, with its event of the domain.
        first = self._starts[self._index(after + 1)] if after + 1 < self._head else self._head
        positions = (self._domains.get(domain, []) for domain in domains)
        return sorted({self._index(found) for each in positions for found in each[bisect.bisect_left(each, first) :]})

    def _index(self, position: int) -> int:
        """The commit that holds a position; the number of commits for a position at or after the head."""
        return len(self._commits) if position >= self._head else max(0, bisect.bisect_right(self._starts, position) - 1)

    async def root(
        self, domain: str, root: str, *, after: int = 0, until: int | None = None, until_time: str | None = None
    ) -> list[LoggedEvent]:
        positions = self._roots.get((domain, root), [])[max(after, 0) : until if until is None else max(until, 0)]
        events: list[LoggedEvent] = []
        for index in dict.fromkeys(self._index(position) for position in positions):
            logged = _decode(self._commits[index])
            if until_time is not None and logged.committed > until_time:
                break
            wanted = set(positions)
            events += [event for event in logged.events(service=self._service, network=self._network) if event.position in wanted]
        return events

    async def roots(self, domain: str, *, after: int = 0, limit: int = 1000) -> list[tuple[str, int]]:
        last = [(root, positions[-1]) for (of, root), positions in self._roots.items() if of == domain and positions[-1] > after]
        return sorted(last, key=lambda found: found[1])[:limit]

    async def close(self) -> None:
        return
