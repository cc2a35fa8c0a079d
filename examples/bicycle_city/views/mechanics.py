from blossm import LoggedEvent, view


def hired(event: LoggedEvent) -> view.Change:
    return view.set(event.root, event.payload)


def notified(event: LoggedEvent) -> view.Change:
    return view.increment(event.root, "notes")
