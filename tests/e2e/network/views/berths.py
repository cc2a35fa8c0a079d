from blossm import LoggedEvent, view


def opened(event: LoggedEvent) -> view.Change:
    return view.set(event.root, {"name": event.payload["name"]})


def occupied(event: LoggedEvent) -> view.Change:
    return view.set(event.root, {"ship": event.payload["ship"]})


def rung(event: LoggedEvent) -> view.Change:
    return view.increment(event.root, "bells")
