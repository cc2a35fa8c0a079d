"""What is let in: events that fit, and expectations that a log can keep. What is off is told before anything is queued."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from blossm.core.commit import Expectation, NewEvent
from blossm.core.errors import BadRequest
from blossm.core.read_set import NO_READS, Question, ReadSet
from blossm.ports import EventStoreClient
from blossm.testing.contracts.event_store.given import Given
from blossm.testing.contracts.log_store import RED, commit
from blossm.testing.contracts.shop import painted, trued


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"a": value}
    return value


OFF: dict[str, tuple[NewEvent, str, str]] = {
    "unknown action": (NewEvent("bicycle", RED, "melted", 1, {}), "action", "bicycle has no action melted; it has painted"),
    "empty action": (NewEvent("bicycle", RED, "", 1, {}), "action", 'bicycle has no action ""'),
    "field that the schema lacks": (painted("red", size=1), "payload.size", "is not known"),
    "field of another type": (NewEvent("wheel", RED, "trued", 1, {"turns": "x"}), "payload.turns", "must be"),
    "missing field": (NewEvent("wheel", RED, "trued", 1, {}), "payload.turns", "is required"),
    "no UUID": (painted("red", "7"), "root", "must be a UUID in lower case"),
    "a UUID in capitals": (painted("red", "7D1C1C1E-6F2E-4C53-9A43-0A6D0F5B0001"), "root", "must be a UUID in lower case"),
    "not a number": (NewEvent("wheel", RED, "trued", 1, {"turns": float("nan")}), "payload.turns", "is not a finite number"),
    "a lone surrogate": (painted("\ud800"), "payload.color", "is not UTF-8 (a lone surrogate)"),
    "more than 64 bits": (trued(2**63), "payload.turns", "is an integer beyond 64 bits"),
    "another domain": (NewEvent("moon", RED, "shone", 1, {}), "domain", "the service shop has no domain moon"),
}


class LetIn(Given):
    """Part of the suite."""

    async def test_an_event_is_logged_complete_and_normalised(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red"), painted("blue", coats=2.0)))
        first, second = await client.root("bicycle", RED)
        assert first.payload == {"color": "red", "coats": 1}
        assert second.payload == {"color": "blue", "coats": 2}
        assert isinstance(second.payload["coats"], int)
        assert (first.service, first.network, first.version, second.number) == ("shop", "city.example", 2, 2)

    async def test_every_field_that_is_off_is_named_and_nothing_is_logged(self, client: EventStoreClient) -> None:
        off = commit(
            painted("red"),
            NewEvent("bicycle", RED, "painted", 2, {"coats": 0, "size": 1}),
            NewEvent("bicycle", RED.upper().replace("0", "A"), "melted", 1, {}),
            NewEvent("bell", RED, "rung", 1, {}),
            NewEvent("moon", RED, "shone", 1, {}),
            NewEvent("bicycle", RED, "painted", 1, {"colour": "red"}),
        )
        with pytest.raises(BadRequest) as caught:
            await client.append(off)
        assert {field.path for field in caught.value.fields} == {
            "events[1].payload.color",
            "events[1].payload.coats",
            "events[1].payload.size",
            "events[2].root",
            "events[2].action",
            "events[3].domain",
            "events[4].domain",
            "events[5].version",
        }
        assert await client.head() == 1

    async def test_neighbours_of_an_event_that_is_off_are_not_touched(self, client: EventStoreClient) -> None:
        off = commit(NewEvent("bicycle", RED, "melted", 1, {}))
        one, refused, two = await asyncio.gather(
            client.append(commit(painted("red"))),
            client.append(off),
            client.append(commit(painted("blue"))),
            return_exceptions=True,
        )
        assert isinstance(refused, BadRequest)
        assert not isinstance(one, BaseException)
        assert not isinstance(two, BaseException)
        assert await client.head() == 3

    @pytest.mark.parametrize(
        ("reads", "expect"),
        [
            (ReadSet("staff", 1), Expectation()),
            (NO_READS, Expectation(roots={("moon", RED): 0})),
            (NO_READS, Expectation(quiet={"moon": 1})),
            (ReadSet("shop", 1, {("moon", RED): 0}), Expectation()),
            (ReadSet("shop", 1, {}, (Question("moon", {}, {}),)), Expectation()),
        ],
        ids=["service", "root", "quiet", "read root", "question"],
    )
    async def test_an_expectation_about_another_service_is_refused(
        self, client: EventStoreClient, reads: ReadSet, expect: Expectation
    ) -> None:
        with pytest.raises(BadRequest):
            await client.append(commit(painted("red")), reads=reads, expect=expect)
        assert await client.head() == 1

    @pytest.mark.parametrize(("event", "path", "problem"), OFF.values(), ids=OFF)
    async def test_what_is_off_is_told_by_its_path_and_nothing_is_logged(
        self, client: EventStoreClient, event: NewEvent, path: str, problem: str
    ) -> None:
        with pytest.raises(BadRequest) as caught:
            await client.append(commit(painted("red"), event))
        (field,) = caught.value.fields
        assert field.path == f"events[1].{path}"
        assert field.problem.startswith(problem)
        assert await client.head() == 1

    @pytest.mark.parametrize("depth", [65, 5_000])
    async def test_a_payload_without_end_is_refused(self, client: EventStoreClient, depth: int) -> None:
        with pytest.raises(BadRequest) as caught:
            await client.append(commit(NewEvent("bicycle", RED, "painted", 2, {"color": nested(depth)})))
        assert caught.value.fields[0].path.startswith("events[0].payload.color")
        assert await client.head() == 1

    async def test_of_very_many_that_are_off_a_hundred_are_named(self, client: EventStoreClient) -> None:
        with pytest.raises(BadRequest) as caught:
            await client.append(commit(*[NewEvent("bicycle", RED, "melted", 1, {})] * 1_000))
        assert (len(caught.value.fields), caught.value.facts) == (100, {"more": "there are more"})

    @pytest.mark.parametrize(
        ("reads", "expect"),
        [
            (NO_READS, Expectation(roots={("bicycle", RED): -1})),
            (NO_READS, Expectation(roots={("bicycle", "7"): 0})),
            (NO_READS, Expectation(quiet={"bicycle": -1})),
            (NO_READS, Expectation(quiet={"bicycle": 0})),
            (ReadSet("shop", -1), Expectation()),
            (ReadSet("shop", 1, {("bicycle", RED): -1}), Expectation()),
            (ReadSet("shop", 1, {}, (Question("bicycle", {"color": "red"}, {RED: -1}),)), Expectation()),
            (ReadSet("shop", 1, {}, (Question("bicycle", {"color": "red"}, {"7": 1}),)), Expectation()),
            (ReadSet("shop", 1, {}, (Question("bicycle", {"color": "red"}, {}, own={RED: (5, 4)}),)), Expectation()),
        ],
        ids=["number", "root", "quiet", "position 0", "head", "read number", "answer", "answered root", "own"],
    )
    async def test_what_can_never_have_been_read_is_refused(
        self, client: EventStoreClient, reads: ReadSet, expect: Expectation
    ) -> None:
        with pytest.raises(BadRequest) as caught:
            await client.append(commit(painted("red")), reads=reads, expect=expect)
        assert caught.value.fields
        assert await client.head() == 1

    @pytest.mark.parametrize(
        "read",
        [
            lambda client: client.aggregate("bicycle", RED, number=-1),
            lambda client: client.query_aggregates("bicycle", {"color": float("nan")}),
            lambda client: client.query_aggregates("bicycle", {"color": "\ud800"}),
            lambda client: client.query_aggregates("bicycle", {"color": nested(100)}),
            lambda client: client.root("bicycle", "7"),
        ],
        ids=["number", "not a number", "surrogate", "nested", "root"],
    )
    async def test_a_read_that_is_off_is_refused(
        self, client: EventStoreClient, read: Callable[[EventStoreClient], Any]
    ) -> None:
        with pytest.raises(BadRequest):
            await read(client)
