"""What an appender knows of its log: the whole of it up to the head, cached exactly and in bounded memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

from blossm.core.commit import LoggedCommit, RootKey
from blossm.core.errors import Internal

K = TypeVar("K")
V = TypeVar("V")


class Prefix:
    """The log up to `head`. What is cached is exact; what is not has to be looked up.

    `committed` is the time of the last commit, which never goes back.
    """

    def __init__(self, *, head: int, committed: str, capacity: int = 100_000) -> None:
        self.head = head
        self.committed = committed
        self._capacity = capacity
        self._numbers: dict[RootKey, int] = {}
        self._positions: dict[str, int] = {}
        self._keys: dict[str, None] = {}

    def add(self, logged: LoggedCommit) -> None:
        """One more durable commit. Raises Internal when it does not follow the last one: the log has a hole."""
        if logged.position != self.head:
            raise Internal(
                f"the log has a hole: a commit stands at position {logged.position}, the one before ends at {self.head - 1}",
                facts={"position": logged.position, "expected": self.head},
            )
        for ordinal, (event, number) in enumerate(zip(logged.commit.events, logged.numbers, strict=True)):
            key = (event.domain, event.root)
            self._numbers.pop(key, None)  # the latest written come last, so that the oldest are forgotten first
            self._numbers[key] = number
            self._positions[event.domain] = logged.position + ordinal
        self._keys[logged.commit.key] = None
        self.head = logged.end
        self.committed = logged.committed

    def number(self, key: RootKey) -> int:
        """The latest number of a root that is known."""
        return self._numbers[key]

    def position(self, domain: str) -> int:
        """The last position of a domain that is known, 0 for none."""
        return self._positions[domain]

    def knows_key(self, key: str) -> bool:
        """Whether a recent commit has this key. False proves nothing."""
        return key in self._keys

    def unknown_roots(self, keys: Collection[RootKey]) -> list[RootKey]:
        return [key for key in keys if key not in self._numbers]

    def unknown_domains(self, domains: Collection[str]) -> list[str]:
        return [domain for domain in domains if domain not in self._positions]

    def learn_roots(self, keys: Collection[RootKey], latest: Mapping[RootKey, int]) -> None:
        """What a look-up of `keys` found; a root that it left out has no event."""
        for key in keys:
            self._numbers[key] = latest.get(key, 0)

    def learn_domains(self, domains: Collection[str], latest: Mapping[str, int]) -> None:
        for domain in domains:
            self._positions[domain] = latest.get(domain, 0)

    def trim(self) -> None:
        """Forget the oldest over the capacity. Not between a look-up and its use."""
        _trim(self._numbers, self._capacity)
        _trim(self._keys, self._capacity)


def _trim(cache: dict[K, V], capacity: int) -> None:
    while len(cache) > capacity:
        del cache[next(iter(cache))]
