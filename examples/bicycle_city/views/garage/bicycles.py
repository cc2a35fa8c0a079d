from typing import Any

from blossm import LoggedEvent, view


def registered(event: LoggedEvent) -> view.Change:
    return view.set(event.root, {"frame_color": event.payload["frame_color"]})


def painted(event: LoggedEvent) -> list[view.Change]:
    return [
        view.set(event.root, {"frame_color": event.payload["frame_color"]}),
        view.increment(event.root, "painted"),
    ]


def sold(event: LoggedEvent) -> view.Change:
    return view.set(event.root, {"sold": True})


def mounted(event: LoggedEvent) -> view.Change:
    return view.add(event.payload["bicycle"], "wheels", event.root)


def worn_out(state: dict[str, Any], event: LoggedEvent) -> view.Change:
    return view.increment(state["bicycle"], "worn_wheels")
