"""States in memory of roots that were loaded lately, so that a root in use is not read and folded from its first event.

A state at a number stays what it is for ever: events are only added. So a kept state is a place to begin a fold at, as a
saved one is, and what came after it, by whomever, is read from the log each time.
"""

from __future__ import annotations

from typing import Any

import msgspec

from blossm.core.commit import RootKey
from blossm.core.event import Aggregate

BYTES = 32 * 1024 * 1024
LARGEST = 256 * 1024  # bytes of a state that is kept: a few of those should not push out all others
ENTRY = 500  # bytes that an entry takes beside its state

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class RecentStates:
    """A bounded number of bytes; what was not used for longest goes first. Kept encoded, so that nobody can change them."""

    def __init__(self, *, capacity: int = BYTES) -> None:
        self._capacity = capacity
        self._size = 0
        self._kept: dict[RootKey, tuple[int, int, bytes]] = {}  # → number, position, state

    def get(self, domain: str, root: str) -> Aggregate | None:
        """The kept state of a root, a copy."""
        key = (domain, root)
        if (kept := self._kept.pop(key, None)) is None:
            return None
        self._kept[key] = kept  # the last one now
        number, position, state = kept
        return Aggregate(root, _decode(state), number, position)

    def keep(self, domain: str, aggregate: Aggregate) -> None:
        """Keep a copy of this state, unless a newer one of its root is kept, or it is large."""
        key, state = (domain, aggregate.root), _encode(aggregate.state)
        if len(state) > LARGEST:
            return
        if (kept := self._kept.get(key)) is not None:
            if kept[0] >= aggregate.number:
                return
            self._forget(key)
        self._kept[key] = (aggregate.number, aggregate.position, state)
        self._size += len(state) + ENTRY
        while self._size > self._capacity:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: RootKey) -> None:
        self._size -= len(self._kept.pop(key)[2]) + ENTRY
