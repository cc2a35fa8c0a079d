from blossm import Command, Event


async def open_garage(command: Command) -> list[Event]:
    return [Event("opened", command.payload)]


async def rename(command: Command) -> list[Event]:
    garage = await command.aggregate()
    return [] if garage.state.get("name") == command.payload["name"] else [Event("renamed", command.payload)]
