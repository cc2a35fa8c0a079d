"""What an appender knows of its log: the whole of it up to the head, cached exactly and in bounded memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Generic, TypeVar

from blossm.core.commit import LoggedCommit, RootKey
from blossm.core.errors import Internal

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A bounded dictionary that forgets what was not used for long: when the young ones are many, the old ones go."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def __contains__(self, key: K) -> bool:
        return key in self._young or key in self._old

    def __len__(self) -> int:
        return len(self._young | self._old)

    def __getitem__(self, key: K) -> V:
        try:
            return self._young[key]
        except KeyError:
            value = self._young[key] = self._old[key]
            return value

    def update(self, items: Mapping[K, V]) -> None:
        self._young.update(items)

    def trim(self) -> None:
        """Forget, where there is too much."""
        if len(self._young) * 2 >= self.capacity:
            self._old, self._young = self._young, {}


class Prefix:
    """The log up to `head`. What is cached is exact; what is not has to be looked up.

    `committed` is the time of the last commit, which never goes back.
    """

    def __init__(self, head: int, committed: str, *, capacity: int) -> None:
        self.capacity = capacity
        self.restart(head, committed)

    def restart(self, head: int, committed: str) -> None:
        """The log goes up to `head`, and nothing else is known of it."""
        self.head = head
        self.committed = committed
        self._numbers: Recent[RootKey, int] = Recent(self.capacity)
        self._keys: Recent[str, None] = Recent(self.capacity)
        self._positions: dict[str, int] = {}  # of all domains of a service, which are few

    def advance(self, *, head: int, committed: str, keys: Iterable[str]) -> None:
        """The log goes up to `head` now, by commits with these keys. What they say of roots and domains is learnt."""
        self.head = head
        self.committed = committed
        self._keys.update(dict.fromkeys(keys))

    def add(self, logged: LoggedCommit) -> None:
        """One more durable commit. Raises Internal when it does not follow the last one: the log has a hole."""
        if logged.position != self.head:
            raise Internal(
                f"the log has a hole: a commit stands at position {logged.position}, the one before ends at {self.head - 1}",
                facts={"position": logged.position, "expected": self.head},
            )
        events = logged.commit.events
        self.learn_roots({(event.domain, event.root): number for event, number in zip(events, logged.numbers, strict=True)})
        self.learn_domains({event.domain: position for position, event in enumerate(events, start=logged.position)})
        self.advance(head=logged.end, committed=logged.committed, keys=[logged.commit.key])

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

    def learn_roots(self, numbers: Mapping[RootKey, int]) -> None:
        """The latest numbers of roots, 0 for those without an event."""
        self._numbers.update(numbers)

    def learn_domains(self, positions: Mapping[str, int]) -> None:
        """The last positions of domains, 0 for those without an event."""
        self._positions.update(positions)

    def trim(self) -> None:
        """Forget what was not used for long. Not between a look-up and its use."""
        self._numbers.trim()
        self._keys.trim()
