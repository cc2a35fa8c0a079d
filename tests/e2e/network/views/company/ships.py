from blossm import LoggedEvent, view


def occupied(event: LoggedEvent) -> view.Change:
    return view.set(event.root, {"ship": event.payload["ship"]})
