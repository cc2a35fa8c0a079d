"""Live queries: the whole result now and after every change, as server-sent events.

A view store has no signal of its own, so the door looks at its checkpoints ten times a second, which costs one small
read, and asks the query again only when they moved. What comes of changes in between arrives as one.
An event's id is a hash of its data: a client that comes back with it (`Last-Event-ID`) is sent only what is new.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import orjson

from blossm.ports import Clock, ViewStoreClient
from blossm.procedures.doors.streams import Told, event

LOOK = 0.1  # seconds between two looks at the checkpoints
QUIET = 15.0  # seconds after which a comment shows that the connection is alive
ANSWER = 30.0  # seconds that the store may take
LIFE = 300.0  # seconds after which a client must come back, and show anew that it may

Ask = Callable[[], Awaitable[Any]]


async def live(
    first: Any, *, ask: Ask, store: ViewStoreClient, clock: Clock, until: float, seen: str, told: Told
) -> AsyncGenerator[bytes, None]:
    """Events with what `ask` answers, `first` being its first answer, until `until` (`clock.monotonic()`).

    `seen` is the id of the last event that the client has. A failure is the last event, named `problem`.
    """
    answer, spoke, looked = first, float("-inf"), None
    try:
        while clock.monotonic() < until:
            id = hashlib.sha256(orjson.dumps(answer)).hexdigest()[:32]
            if id != seen:
                yield event(answer, id=id)
                seen, spoke = id, clock.monotonic()
            elif clock.monotonic() - spoke >= QUIET:
                yield b":\n\n"
                spoke = clock.monotonic()
            await clock.sleep(LOOK)
            async with asyncio.timeout(ANSWER):
                before, looked = looked, (await store.generations(), await store.checkpoints())
                if looked != before:
                    answer = await ask()
    except Exception as error:  # whatever the store raises: the client must learn that this is not the end
        yield event(told(error), name="problem")
