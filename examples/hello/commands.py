from blossm import Command, Event, Reply


async def greet(command: Command) -> Reply:
    name = command.payload["name"]
    return Reply([Event("greeted", {"name": name})], response={"greeting": f"Hello, {name}!"})
