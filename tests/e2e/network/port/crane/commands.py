from blossm import Command, Event


def lift(command: Command) -> list[Event]:
    return [Event("lifted", {"load": command.payload["load"]}, root=command.root or command.new_root())]
