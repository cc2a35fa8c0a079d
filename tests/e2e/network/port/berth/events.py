from typing import Any

from blossm import LoggedEvent


def rung(state: dict[str, Any], event: LoggedEvent) -> dict[str, Any]:
    return {**state, "bells": state.get("bells", 0) + 1}
