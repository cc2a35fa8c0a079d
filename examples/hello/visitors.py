from blossm import LoggedEvent, view


def greeted(event: LoggedEvent) -> list[view.Change]:
    row = event.root
    return [view.set(row, {"name": event.payload["name"]}), view.increment(row, "greeted")]
