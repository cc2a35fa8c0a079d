"""States in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from blossm.core.errors import Unavailable
from blossm.core.event import Aggregate
from blossm.core.indexes import index_key, index_keys

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Aggregate).decode


@dataclass(slots=True)
class _Domain:
    fold: str
    indexes: tuple[str, ...]
    covered: int = 0
    rows: dict[str, bytes] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    keys: dict[str, dict[str, str]] = field(default_factory=dict)  # root → path → key


class MemoryStateStore:
    """Implements `ports.StateStore`. States are kept encoded, so that nobody can change what is saved."""

    def __init__(self) -> None:
        self._domains: dict[str, _Domain] = {}

    async def ready(self, domain: str, *, fold: str, indexes: Sequence[str]) -> int:
        saved = self._domains.get(domain)
        if saved is None or saved.fold != fold or saved.indexes != tuple(indexes):
            saved = self._domains[domain] = _Domain(fold, tuple(indexes))
        return saved.covered

    async def get(self, domain: str, root: str) -> Aggregate | None:
        row = self._of(domain).rows.get(root)
        return None if row is None else _decode(row)

    async def save(self, domain: str, aggregates: Sequence[Aggregate], *, covered: int | None = None) -> None:
        saved = self._of(domain)
        for aggregate in aggregates:
            if aggregate.number > saved.numbers.get(aggregate.root, 0):
                saved.rows[aggregate.root] = _encode(aggregate)
                saved.numbers[aggregate.root] = aggregate.number
                saved.keys[aggregate.root] = index_keys(aggregate.state, saved.indexes)
        saved.covered = max(saved.covered, covered or 0)

    async def find(self, domain: str, where: Mapping[str, Any]) -> list[Aggregate]:
        saved = self._of(domain)
        wanted = {path: index_key(value) for path, value in where.items()}
        roots = [root for root, keys in saved.keys.items() if wanted.items() <= keys.items()]
        return [_decode(saved.rows[root]) for root in sorted(roots)]

    async def close(self) -> None:
        return

    def _of(self, domain: str) -> _Domain:
        if domain not in self._domains:
            raise Unavailable(f"the states of {domain} are not ready")
        return self._domains[domain]
