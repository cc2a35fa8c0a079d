"""Timers in memory: they end with the process."""

from __future__ import annotations

from collections.abc import Sequence

Row = tuple[str, str, bytes]  # name, time, what


class MemoryTimerTable:
    """Timers by name, and how far each log was read for them."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._passed: dict[str, int] = {}

    def passed(self, service: str) -> int:
        return self._passed.get(service, 0)

    def add(self, timers: Sequence[Row], *, service: str = "", passed: int = 0) -> None:
        for row in timers:
            self._rows.setdefault(row[0], row)
        if service:
            self._passed[service] = passed

    def due(self, until: str, *, limit: int = 100) -> list[Row]:
        return sorted((row for row in self._rows.values() if row[1] <= until), key=lambda row: (row[1], row[0]))[:limit]

    def first(self) -> str:
        return min((at for _, at, _ in self._rows.values()), default="")

    def count(self) -> int:
        return len(self._rows)

    def done(self, name: str, *, then: Row | None = None) -> None:
        self._rows.pop(name, None)
        if then:
            self._rows[then[0]] = then

    def names(self, prefix: str) -> list[str]:
        return sorted(name for name in self._rows if name.startswith(prefix))

    def close(self) -> None:
        self._rows.clear()
