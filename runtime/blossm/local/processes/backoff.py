"""How long a process that ended waits until it is started again."""

from __future__ import annotations

FIRST = 0.1  # seconds
LONGEST = 5.0
FORGOTTEN = 10.0  # seconds up, after which former ends are forgotten


class Backoff:
    """Grows with every end, and is forgotten when a process stayed up for a while."""

    def __init__(self) -> None:
        self._next = FIRST

    def pause(self, *, up: float) -> float:
        """Seconds to wait now. `up`: how long the process was."""
        if up >= FORGOTTEN:
            self._next = FIRST
        pause, self._next = self._next, min(self._next * 2, LONGEST)
        return pause
