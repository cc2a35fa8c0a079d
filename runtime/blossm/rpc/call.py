"""A call as its callee sees it, whatever it is about."""

from __future__ import annotations

from dataclasses import dataclass

from blossm.procedures.callers import Caller


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls, how many seconds are left (None: no deadline), and the W3C trace context of the metadata, or empty."""

    caller: Caller
    left: float | None = None
    traceparent: str = ""
