"""Answers that go on: items one by one, as lines of JSON or as server-sent events.

A stream that fails after it has begun can't change its status. It ends with a last line `{"problem": …}`, or with an
event named `problem`. One that is done ends its events with one named `end`, so that a browser need not ask again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

import orjson
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from blossm.core.errors import DeadlineExceeded
from blossm.ports import Clock

NDJSON = "application/x-ndjson"
EVENTS = "text/event-stream"

Told = Callable[[Exception], dict[str, Any]]  # the problem document of an exception


class Streamed(StreamingResponse):
    """Sends chunks as they are made; when the client goes away, whoever makes the items is told at once."""

    def __init__(self, chunks: AsyncGenerator[bytes, None], *, items: AsyncGenerator[Any, None], media_type: str) -> None:
        super().__init__(chunks, media_type=media_type, headers={"X-Accel-Buffering": "no"})
        self._making = (chunks, items)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            for making in self._making:
                await making.aclose()


async def lines(items: AsyncIterator[Any], *, told: Told) -> AsyncGenerator[bytes, None]:
    """Each item as a line of JSON."""
    try:
        async for item in items:
            yield orjson.dumps(item, option=orjson.OPT_APPEND_NEWLINE)
    except Exception as error:  # whatever a handler raises: the client must learn that this is not the end
        yield orjson.dumps({"problem": told(error)}, option=orjson.OPT_APPEND_NEWLINE)


async def events(items: AsyncIterator[Any], *, told: Told) -> AsyncGenerator[bytes, None]:
    """Each item as the data of an event."""
    try:
        async for item in items:
            yield event(item)
        yield event({}, name="end")
    except Exception as error:  # as above
        yield event(told(error), name="problem")


def event(data: Any, *, name: str = "", id: str = "") -> bytes:
    """One server-sent event. JSON has no line breaks, so its data is always one line."""
    head = (f"event: {name}\n" if name else "") + (f"id: {id}\n" if id else "")
    return head.encode() + b"data: " + orjson.dumps(data) + b"\n\n"


async def begun(items: AsyncGenerator[Any, None]) -> AsyncIterator[Any]:
    """The same items, once the first is there: what fails before it is raised here, and can still be a status."""
    try:
        first = [await anext(items)]
    except StopAsyncIteration:
        first = []
    return _after(first, items)


async def _after(first: list[Any], rest: AsyncIterator[Any]) -> AsyncIterator[Any]:
    for item in first:
        yield item
    async for item in rest:
        yield item


async def timed(items: AsyncIterator[Any], *, clock: Clock, deadline: float) -> AsyncGenerator[Any, None]:
    """The same items, until `deadline`: then raises DeadlineExceeded. Closing this closes them."""
    try:
        while True:
            try:
                async with asyncio.timeout(max(0.0, deadline - clock.monotonic())):
                    item = await anext(items)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise DeadlineExceeded("the stream goes on for too long") from error
            yield item
    finally:
        if isinstance(items, AsyncGenerator):
            await items.aclose()
