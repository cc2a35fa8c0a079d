from __future__ import annotations

import asyncio
from typing import Any

import orjson
from tests.gateways.asgi import Connection
from tests.gateways.city import GARAGE, OTHER_GARAGE, City

from blossm.core.errors import Unavailable
from blossm.procedures.doors.live import LIFE, LOOK, QUIET
from blossm.procedures.doors.tokens import SKEW

EVENTS = {"Accept": "text/event-stream"}


def live(city: City, path: str = "/bicycles", **headers: str) -> Connection:
    return Connection(city.view_gateway.app, "GET", path, headers={**EVENTS, **headers})


def read(event: bytes) -> tuple[dict[str, str], Any]:
    """An event's fields, and its data."""
    fields = dict(line.split(": ", 1) for line in event.decode().strip().split("\n"))
    return fields, orjson.loads(fields.pop("data"))


async def look(city: City, seconds: float = LOOK) -> None:
    """Let the door look at the view again."""
    await looked(city)
    city.clock.advance(seconds)


async def looked(city: City) -> None:
    """The door has looked, and waits to look again."""
    async with asyncio.timeout(10):
        while not city.clock.sleeping:  # noqa: ASYNC110 - the clock has no event for it
            await asyncio.sleep(0)


async def test_a_live_query_shows_the_result_now_and_after_every_change(city: City) -> None:
    city.behind.views.put("b1", color="red")
    connection = live(city)
    fields, shown = read(await connection.chunk())
    assert connection.status == 200
    assert shown == {"content": [{"id": "b1", "body": {"color": "red"}}], "next": None}
    assert fields["id"]
    city.behind.views.put("b1", color="blue")
    await look(city)
    _, shown = read(await connection.chunk())
    assert shown["content"] == [{"id": "b1", "body": {"color": "blue"}}]
    connection.leave()
    await connection.over()


async def test_changes_that_come_together_are_one_event(city: City) -> None:
    connection = live(city)
    await connection.chunk()
    for number in range(50):
        city.behind.views.put("b1", painted=number)
    await look(city)
    _, shown = read(await connection.chunk())
    assert shown["content"][0]["body"] == {"painted": 49}
    await looked(city)
    assert connection.quiet
    connection.leave()
    await connection.over()


async def test_what_does_not_change_the_result_is_no_event(city: City) -> None:
    connection = live(city)
    await connection.chunk()
    await look(city)
    city.behind.views.position += 1
    await look(city)
    await looked(city)
    assert connection.quiet
    asked = len(city.behind.views.asked)
    for _ in range(5):
        await look(city)
    await looked(city)
    assert len(city.behind.views.asked) == asked  # only the checkpoints were looked at
    connection.leave()
    await connection.over()


async def test_a_client_that_comes_back_is_sent_only_what_is_new(city: City) -> None:
    city.behind.views.put("b1", color="red")
    first = live(city)
    fields, _ = read(await first.chunk())
    first.leave()
    await first.over()
    again = live(city, **{"Last-Event-ID": fields["id"]})
    await look(city)
    city.behind.views.put("b1", color="blue")
    await look(city)
    while (chunk := await again.chunk()) == b":\n\n":
        pass
    _, shown = read(chunk)
    assert shown["content"][0]["body"] == {"color": "blue"}
    again.leave()
    await again.over()


async def test_one_row_may_be_watched(city: City) -> None:
    city.behind.views.put(GARAGE, context=GARAGE, color="red")
    connection = live(city, "/garage", **city.signed(context={"garage": GARAGE}))
    _, shown = read(await connection.chunk())
    assert shown == {"id": GARAGE, "body": {"color": "red"}}
    connection.leave()
    await connection.over()


async def test_a_live_query_is_filtered_to_the_tokens_context(city: City) -> None:
    connection = live(city, "/mine", **city.signed(context={"garage": GARAGE}))
    await connection.chunk()
    city.behind.views.put("theirs", context=OTHER_GARAGE)
    await look(city)
    await looked(city)
    assert connection.quiet
    assert {query.context for query in city.behind.views.asked} == {GARAGE}
    connection.leave()
    await connection.over()


async def test_what_is_wrong_with_a_live_query_is_a_status(city: City) -> None:
    assert (await city.views.get("/bicycles?colour=red", headers=EVENTS)).status_code == 400
    assert (await city.views.get("/bicycles/b1", headers=EVENTS)).status_code == 404
    assert (await city.views.get("/mine", headers=EVENTS)).status_code == 401
    assert (await city.views.head("/bicycles", headers=EVENTS)).headers["content-type"].startswith("text/event-stream")


async def test_a_live_query_that_fails_later_ends_with_a_problem(city: City) -> None:
    connection = live(city)
    await connection.chunk()
    city.behind.views.error = Unavailable("/var/views.db is locked")
    await look(city)
    fields, problem = read(await connection.chunk())
    assert (fields["event"], problem["status"]) == ("problem", 503)
    assert "views.db" not in str(problem)
    await connection.over()


async def test_a_comment_shows_that_a_quiet_connection_is_alive(city: City) -> None:
    connection = live(city)
    await connection.chunk()
    await look(city, QUIET)
    assert await connection.chunk() == b":\n\n"
    connection.leave()
    await connection.over()


async def test_a_live_query_ends_after_a_while(city: City) -> None:
    connection = live(city)
    await connection.chunk()
    await look(city, LIFE)
    assert await connection.chunk() == b""
    await connection.over()


async def test_a_live_query_ends_with_its_token(city: City) -> None:
    expires = int(city.clock.now().timestamp()) + 10
    connection = live(city, "/mine", **city.signed(context={"garage": GARAGE}, exp=expires))
    await connection.chunk()
    await look(city, 10 + SKEW)
    assert await connection.chunk() == b""
    await connection.over()
