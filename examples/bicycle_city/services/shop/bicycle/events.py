"""How events change a bicycle. What has no function here is laid over the state."""

from typing import Any

from blossm import LoggedEvent

State = dict[str, Any]


def registered(state: State, event: LoggedEvent) -> State:
    return {**event.payload, "sold": False}


def sold(state: State, event: LoggedEvent) -> State:
    return {**state, "sold": True}
