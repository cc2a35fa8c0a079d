"""How often one principal may use one entry, counted by this instance of a gateway."""

from __future__ import annotations

from blossm.core.errors import ResourceExhausted
from blossm.procedures.doors.remembered import Remembered

PRINCIPALS = 10_000  # whoever is forgotten starts anew with a full bucket


class Rate:
    """A bucket of tokens per principal: one second's worth (at least one) at most, refilled `per_second`."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._most = max(1.0, per_second)
        self._buckets: Remembered[str, tuple[float, float]] = Remembered(PRINCIPALS)

    def take(self, principal: str, now: float) -> None:
        """Count one use. Raises ResourceExhausted, whose facts say after how many seconds to try again."""
        left, at = self._buckets.get(principal, now) or (self._most, now)
        left = min(self._most, left + (now - at) * self._per_second)
        if left < 1:
            wait = (1 - left) / self._per_second
            raise ResourceExhausted("too many requests", facts={"retry_after": round(wait, 3)})
        # A bucket that is full again need not be remembered.
        self._buckets.put(principal, (left - 1, now), until=now + self._most / self._per_second)
