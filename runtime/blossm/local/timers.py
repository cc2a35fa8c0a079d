"""Calls to be made at a time: the table they wait in, and what one of them is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from blossm.core.event import Tx

Row = tuple[str, str, bytes]  # name, time, what


class Timed(msgspec.Struct, frozen=True, kw_only=True):
    """A command to be called; `key` makes a second call the same call. `schedule`: its cron expression, if it has one."""

    address: str
    key: str
    tx: Tx
    payload: dict[str, Any] = {}
    root: str = ""
    context: dict[str, str] = {}
    schedule: str = ""


class TimerTable(Protocol):
    """Timers by name, and how far each log was read for them. What is added stays until it is done."""

    def passed(self, service: str) -> int:
        """Up to which position the service's log was read."""

    def add(self, timers: Sequence[Row], *, service: str = "", passed: int = 0) -> None:
        """Keep timers, unless their names are known, and move how far the log was read: all or nothing."""

    def due(self, until: str, *, limit: int = 100) -> list[Row]:
        """The timers up to this time, the earliest first."""

    def first(self) -> str:
        """The time of the earliest timer; empty when there is none."""

    def count(self) -> int:
        """How many timers wait."""

    def done(self, name: str, *, then: Row | None = None) -> None:
        """Forget a timer, and keep another in its place: both or neither."""

    def names(self, prefix: str) -> list[str]:
        """The names that begin so."""

    def close(self) -> None: ...
