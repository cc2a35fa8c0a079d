from blossm import Aggregate, Command, Event, NotFound, PreconditionFailed, Reply


async def register(command: Command) -> Reply:
    wheels = [command.new_root() for _ in range(command.payload["wheels"])]
    mounted = [
        Event("mounted", {"bicycle": command.root, "place": place}, root=wheel, domain="wheel")
        for place, wheel in enumerate(wheels, start=1)
    ]
    return Reply([Event("registered", command.payload), *mounted], response={"wheels": wheels})


async def paint(command: Command) -> Reply:
    bicycle = await unsold_bicycle(command)
    color = command.payload["frame_color"]
    events = [] if bicycle.state["frame_color"] == color else [Event("painted", {"frame_color": color})]
    return Reply(events, response={"frame_color": color})


async def repair(command: Command) -> list[Event]:
    await unsold_bicycle(command)
    mechanic = command.payload["mechanic"]
    await command.log([Event("repair_begun", {"mechanic": mechanic})])  # known to all before anybody is troubled
    await command.call("staff.mechanic.notify", {"text": f"Please: {command.payload['work']}"}, root=mechanic)
    return [Event("repaired", command.payload)]


async def sell(command: Command) -> Reply:
    await unsold_bicycle(command)
    price = await command.fact("price", {"currency": "EUR"}, root=command.root)
    return Reply([Event("sold")], response={"amount": price["amount"]})


async def give_away(command: Command) -> list[Event]:
    await unsold_bicycle(command)
    return [Event("sold")]


async def look(command: Command) -> Reply:
    bicycle = await existing_bicycle(command)
    return Reply(response={"frame_color": bicycle.state["frame_color"], "known": "sub" in command.claims})


def ring(command: Command) -> Reply:
    return Reply(response="ring ring")


async def existing_bicycle(command: Command) -> Aggregate:
    bicycle = await command.aggregate()
    if not bicycle.number:
        raise NotFound(f"there is no bicycle {command.root}")
    return bicycle


async def unsold_bicycle(command: Command) -> Aggregate:
    bicycle = await existing_bicycle(command)
    if bicycle.state["sold"]:
        raise PreconditionFailed("this bicycle has been sold")
    return bicycle
