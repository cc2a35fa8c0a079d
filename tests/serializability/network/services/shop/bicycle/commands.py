"""A command that does, step by step, what its payload says: it reads, and it logs what depends on all that it has read."""

from __future__ import annotations

import json
import zlib
from typing import Any

from blossm import Command, Event, Reply

ACT = "shop.bicycle.act"
NOTHING: tuple[Any, ...] = (0, [], [0, {}])  # answers of reading what is not there

attempts: list[tuple[str, str, list[Any]]] = []  # request, run, and the steps that this try of it has begun


async def act(command: Command[Any]) -> Reply:
    seen: list[Any] = []
    events: list[Event] = []
    begun: list[Any] = []
    attempts.append((command.tx.id, command.id, begun))
    for step in command.payload["steps"]:
        begun.append(step)
        match step:
            case ["paint", root, color]:
                events.append(painted(command, root, color, seen))
            case ["paint if nothing", root, color]:
                if not seen or seen[-1] in NOTHING:
                    events.append(painted(command, root, color, seen))
            case ["turn", root]:
                events.append(Event("turned", {"turns": weight(seen)}, root=root, domain="wheel"))
            case ["log"]:
                await command.log(events)
                events = []
            case ["call", steps]:
                seen.append((await command.call(ACT, {"steps": steps})).response)
            case _:
                seen.append(await read(command, step))
    return Reply(events, response=seen)


async def read(command: Command[Any], step: list[Any]) -> Any:
    match step:
        case ["state", domain, root]:
            found = await command.aggregate(root, domain=domain)
            return [found.number, found.state]
        case ["count", domain, root]:
            return await command.count(root, domain=domain)
        case ["ask", field, value]:
            return [[found.root, found.number] for found in await command.query_aggregates({field: value})]
        case ["state by fact", domain, root]:
            return await command.fact("state", {"domain": domain}, root=root)
        case ["ask by fact", field, value]:
            return await command.fact("ask", {"field": field, "value": value})


def painted(command: Command[Any], root: str, color: str, seen: list[Any]) -> Event:
    return Event("painted", {"color": color, "after": weight(seen)}, root=root or command.new_root())


def weight(seen: list[Any]) -> int:
    """A number that is another one when anything else was seen."""
    return zlib.crc32(json.dumps(seen, sort_keys=True).encode())
