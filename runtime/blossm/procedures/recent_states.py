"""States in memory of roots that were loaded lately, so that a root in use is not read and folded from its first event.

A state at a number stays what it is for ever: events are only added. So a kept state is a place to begin a fold at, as a
saved one is, and what came after it, by whomever, is read from the log each time.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from blossm.core.commit import RootKey
from blossm.core.event import Aggregate

BYTES = 32 * 1024 * 1024
LARGEST = 256 * 1024  # bytes of a state that is kept: a few of those should not push out all others
LAST = 2**62  # after all positions and numbers
ENTRY = 500  # bytes that an entry takes beside its state

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class _Kept(NamedTuple):
    number: int
    position: int
    state: bytes


class RecentStates:
    """A bounded number of bytes; what was not used for longest goes first. Kept encoded, so that nobody can change them.

    Of each root the newest state is kept, and an older one: who reads at a head that others have left behind meanwhile
    does not begin with the first event either.
    """

    def __init__(self, *, capacity: int = BYTES) -> None:
        self._capacity = capacity
        self._size = 0
        self._kept: dict[RootKey, tuple[_Kept, ...]] = {}  # the newest one last

    def get(self, domain: str, root: str, *, before: int = LAST, number: int = LAST) -> Aggregate | None:
        """The newest kept state of a root whose events are all before a position, and not after a number; a copy."""
        key = (domain, root)
        if (kept := self._kept.pop(key, None)) is None:
            return None
        self._kept[key] = kept  # the last one now
        fitting = [each for each in kept if each.position < before and each.number <= number]
        if not fitting:
            return None
        newest = fitting[-1]
        return Aggregate(root, _decode(newest.state), newest.number, newest.position)

    def keep(self, domain: str, aggregate: Aggregate, *, apart: int = 1) -> None:
        """Keep a copy of this state, unless a newer one of its root is kept, or it is large.

        The older one stays until the newest is `apart` events after it.
        """
        key, state = (domain, aggregate.root), _encode(aggregate.state)
        if len(state) > LARGEST:
            return
        kept = self._kept.get(key, ())
        if kept and kept[-1].number >= aggregate.number:
            return
        self._forget(key)
        older = kept[:1] if len(kept) > 1 and kept[-1].number - kept[0].number < apart else kept[-1:]
        self._kept[key] = kept = (*older, _Kept(aggregate.number, aggregate.position, state))
        self._size += _size(kept)
        while self._size > self._capacity:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: RootKey) -> None:
        self._size -= _size(self._kept.pop(key, ()))


def _size(kept: tuple[_Kept, ...]) -> int:
    return sum(len(each.state) + ENTRY for each in kept)
