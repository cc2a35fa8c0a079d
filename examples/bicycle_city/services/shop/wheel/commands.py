from blossm import Command, Event, NotFound


async def wear_out(command: Command) -> list[Event]:
    if not await command.count():
        raise NotFound(f"there is no wheel {command.root}")
    return [Event("worn_out")]
