"""A bicycle counts its coats: no payload carries how many there are."""

from __future__ import annotations

from typing import Any

from blossm import LoggedEvent


def painted(state: dict[str, Any], event: LoggedEvent) -> dict[str, Any]:
    return {**state, **event.payload, "coats": state.get("coats", 0) + 1}
