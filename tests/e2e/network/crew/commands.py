from blossm import Command, Event


def call(command: Command) -> list[Event]:
    return [Event("called", {"berth": command.payload["berth"]}, root=command.new_root())]
