"""How far a replay is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from blossm.core.view import Checkpoint
from blossm.ports import Clock
from blossm.procedures.projector import Advance

Phase = Literal["preparing", "waiting", "replaying", "verifying", "switched", "checked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The new rows beside those that were served. Of a sample of the former, `differ` are not as they were or not there."""

    rows: int
    rows_before: int
    sample: int
    differ: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a replay is.

    `waiting`: no event so far was one that the projection listens to. `checked`: a dry run is through, and nothing was
    switched. `position` and `head` are sums over the logs; `rate` is in events a second, `left` in seconds.
    """

    projection: str
    phase: Phase
    generation: int = 0
    position: int = 0
    head: int = 0
    events: int = 0  # those that a function was asked about
    rate: float = 0.0
    left: float | None = None
    verified: Verified | None = None


class Tally:
    """Counts what a replay does, and tells it as `Progress`."""

    def __init__(self, projection: str, clock: Clock) -> None:
        self._projection = projection
        self._clock = clock
        self._began = clock.monotonic()
        self._from = 0
        self._asked = 0
        self._met = False
        self.generation = 0
        self.heads: dict[str, int] = {}
        self.seen: dict[str, Checkpoint] = {}

    def resume(self, generation: int, seen: dict[str, Checkpoint], *, met: bool) -> None:
        """`met`: the generation has seen a matching event before."""
        self.generation, self.seen = generation, seen
        self._from = self._position()
        self._met = met

    def advanced(self, service: str, advance: Advance) -> None:
        if advance.after:
            self.seen[service] = advance.after
            self.heads[service] = max(self.heads.get(service, 0), advance.after.position)
        self._asked += advance.asked
        self._met = self._met or advance.asked > 0

    def running(self) -> Progress:
        return self.at("replaying" if self._met else "waiting")

    def at(self, phase: Phase, *, verified: Verified | None = None) -> Progress:
        position, head = self._position(), sum(self.heads.values())
        seconds = self._clock.monotonic() - self._began
        rate = (position - self._from) / seconds if seconds > 0 else 0.0
        return Progress(
            projection=self._projection,
            phase=phase,
            generation=self.generation,
            position=position,
            head=head,
            events=self._asked,
            rate=rate,
            left=(head - position) / rate if rate > 0 else None,
            verified=verified,
        )

    def _position(self) -> int:
        return sum(checkpoint.position for checkpoint in self.seen.values())
