from __future__ import annotations

from typing import Any

from blossm import LoggedEvent, view


def painted(event: LoggedEvent) -> Any:
    return view.set(event.root, event.payload)


def sold(state: dict[str, Any], event: LoggedEvent) -> Any:
    return view.set(event.root, {"owner": f"{event.payload['owner']['name']} ({state['coats']})"})
