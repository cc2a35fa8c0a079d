import asyncio

from blossm import Command, Event, PreconditionFailed


def add(command: Command) -> list[Event]:
    return [Event("opened", command.payload)]


async def occupy(command: Command) -> list[Event]:
    berth = await command.aggregate()
    if ship := berth.state.get("ship"):
        raise PreconditionFailed(f"{ship} lies there", facts={"ship": ship})
    return [Event("occupied", {"ship": command.payload["ship"]})]


async def ring(command: Command) -> list[Event]:
    berth = command.root or command.new_root()
    first = [] if command.root else [Event("opened", {"name": command.payload["name"], "length": 1}, root=berth)]
    return [*first, Event("rung", root=berth)]


async def linger(command: Command) -> list[Event]:
    await command.log([Event("rung")])
    await asyncio.sleep(command.payload["seconds"])
    return [Event("rung")]


def explode(command: Command) -> None:
    secret = "the powder is wet"
    raise ValueError(secret)


async def steer(command: Command) -> list[Event]:
    await command.call("crew.pilot.call", {"berth": command.root})
    return [Event("rung")]


async def steer_later(command: Command) -> list[Event]:
    await command.call("crew.pilot.call", {"berth": command.root}, later=command.payload["seconds"])
    return [Event("rung")]


async def trespass(command: Command) -> None:
    await command.call(command.payload["address"], {})
