from typing import Any

from blossm import LoggedEvent


def hired(state: dict[str, Any], event: LoggedEvent) -> dict[str, Any]:
    return {**state, **event.payload, "employed": True}


def notified(state: dict[str, Any], event: LoggedEvent) -> dict[str, Any]:
    return state  # a note says nothing about the mechanic
