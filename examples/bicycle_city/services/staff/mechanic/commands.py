from typing import Any

from blossm import Command, Event, NotFound


async def hire(command: Command) -> list[Event]:
    return [Event("hired", command.payload)]


def normalize_hire(payload: dict[str, Any]) -> dict[str, Any]:
    return {**payload, "name": payload["name"].strip()}


async def notify(command: Command) -> list[Event]:
    if not await command.count():
        raise NotFound(f"there is no mechanic {command.root}")
    return [Event("notified", command.payload)]
