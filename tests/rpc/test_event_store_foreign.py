"""Event stores and foreign hands: what may be left out, what is refused, and that nothing else suffers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.rpc.served_shop import NETWORK, PAINTED, PAINTING, SERVICE, Served, append, as_json, event_stores, served, typed

from blossm.adapters.clock import SystemClock
from blossm.core.commit import Commit, StoredReply
from blossm.core.errors import BadRequest, NotFound
from blossm.core.time import parse_rfc3339
from blossm.procedures.callers import Callers
from blossm.procedures.event_store import EventStores
from blossm.rpc.call import Call
from blossm.rpc.calling.event_store import WireEventStores
from blossm.rpc.calling.line import Line
from blossm.rpc.serving.event_store import EventStoreService
from blossm.rpc.status import error_of
from blossm.rpc.v1 import envelope_pb2
from blossm.rpc.v1 import event_store_pb2 as pb
from blossm.testing.contracts.log_store import RED


@pytest.fixture
async def stores() -> AsyncIterator[EventStores]:
    stores = event_stores()
    yield stores
    await stores.close()


@pytest.fixture
async def shop(stores: EventStores) -> AsyncIterator[Served]:
    async with served({"shop": stores}) as shop:
        yield shop


@pytest.fixture
async def client(shop: Served) -> AsyncIterator[WireEventStores]:
    async with shop.client() as client:
        yield client


@pytest.fixture
async def line(shop: Served) -> AsyncIterator[Line]:
    async with shop.line() as line:
        yield line


# ---------------------------------------------------------------- what a foreign client leaves out


async def test_what_a_foreign_client_leaves_out_is_filled_in(shop: Served, line: Line, client: WireEventStores) -> None:
    (result,) = await append(line, {"events": [typed(shop, {"color": "red"})]})
    assert [(event.number, event.position) for event in result.appended.events] == [(1, 1)]
    (logged,) = (await client.read(0)).commits
    made = logged.commit
    assert len(made.id) == 32
    assert made.key == made.id
    assert parse_rfc3339(made.created) <= parse_rfc3339(logged.committed)
    assert len(made.tx.id) == 32
    assert (made.events[0].version, made.events[0].payload) == (2, {"color": "red", "coats": 1})
    assert (made.reply, made.context, made.later) == (StoredReply(), {}, ())


async def test_a_payload_may_be_typed_or_json(shop: Served, line: Line, client: WireEventStores) -> None:
    event = typed(shop, {"color": "red"})
    await append(line, {"events": [event, event | {"payload": as_json('{"color":"red"}')}]})
    first, second = await client.root("bicycle", RED)
    assert first.payload == second.payload == {"color": "red", "coats": 1}


async def test_an_event_without_fields_needs_no_payload(line: Line, client: WireEventStores) -> None:
    await append(line, {"events": [{"domain": "bicycle", "root": RED, "action": "counted"}]})
    assert (await client.aggregate("bicycle", RED)).value.state == {"count": 1}


async def test_the_key_is_what_makes_a_repeat(shop: Served, line: Line) -> None:
    event = typed(shop, {"color": "red"})
    (first,) = await append(line, {"key": "k", "events": [event], "reply": {"status": 201, "response": {"text": '"red"'}}})
    (again,) = await append(line, {"key": "k", "events": [event]})
    (other,) = await append(line, {"key": "k", "fingerprint": "f", "events": [event]})
    assert (first.appended.known, again.appended.known) == (False, True)
    assert (again.appended.reply.status, again.appended.reply.response.text) == (201, '"red"')
    assert other.error.code == "KEY_REUSED"


async def test_a_foreign_client_has_an_event_in_its_own_type(shop: Served, line: Line) -> None:
    await append(line, {"events": [typed(shop, {"color": "red", "coats": 3})]})
    request = pb.RootRequest(service="shop", domain="bicycle", root=RED)
    answer = await line.ask(f"{SERVICE}/Root", request, pb.RootResponse, timeout=10, again=False)
    payload = answer.events[0].event.payload
    message: Any = shop.types.message("shop.bicycle.Painted")()
    assert payload.Unpack(message)
    assert (message.color, message.coats) == ("red", 3)


async def test_the_trace_of_the_call_is_the_commits_where_it_says_none(shop: Served, stores: EventStores) -> None:
    service = EventStoreService(
        {"shop": stores}, network=NETWORK, types=shop.types, callers=Callers(NETWORK), clock=SystemClock()
    )
    appends = [{"commit": {"events": [typed(shop, {"color": "red"})], "traceparent": trace}} for trace in ("", "00-b-b-01")]
    await service.append(pb.AppendRequest(service="shop", appends=appends), Call(None, traceparent="00-a-a-01"))
    assert [logged.commit.traceparent for logged in (await stores.read(0)).commits] == ["00-a-a-01", "00-b-b-01"]


async def test_original_replies_that_no_message_holds_together_are_to_be_asked_for_alone(shop: Served, line: Line) -> None:
    event = typed(shop, {"color": "red"})
    reply = {"response": {"text": '"' + "x" * 1_000_000 + '"'}}
    for n in range(12):
        await append(line, {"key": f"{n}", "events": [event], "reply": reply})
    results = await append(line, *({"key": f"{n}", "events": [event]} for n in range(12)))
    left = [index for index, result in enumerate(results) if result.HasField("error")]
    assert 0 < len(left) < 12
    (alone,) = await append(line, {"key": f"{left[0]}", "events": [event]})
    assert alone.appended.known


# ---------------------------------------------------------------- bad input


BAD: dict[str, tuple[dict[str, Any], set[str]]] = {
    "an unknown type": ({"payload": {"type_url": "type.googleapis.com/shop.moon.Shone"}}, {"events[0].payload"}),
    "another action's type": ({"payload": {"type_url": "type.googleapis.com/shop.bicycle.Sold"}}, {"events[0].payload"}),
    "bytes that are not of the type": ({"payload": {"type_url": PAINTED, "value": b"\xff\xff"}}, {"events[0].payload"}),
    "fields of a newer contract": ({"payload": {"type_url": PAINTED, "value": b"\xf8\x07\x01"}}, {"events[0].payload"}),
    "a text that is no JSON": ({"payload": as_json("{")}, {"events[0].payload"}),
    "names that are there twice": ({"payload": as_json('{"color":"a","color":"b"}')}, {"events[0].payload.color"}),
    "a number too large beside a good field": (
        {"payload": as_json('{"color":"red","coats":9223372036854775808}')}, {"events[0].payload.coats"}
    ),
    "a payload that does not fit": ({"payload": as_json('{"coats":0}')}, {"events[0].payload.coats", "events[0].payload.color"}),
    "no payload": ({"payload": None}, {"events[0].payload.color"}),
    "another version": ({"version": 1}, {"events[0].version"}),
    "a negative version": ({"version": -1}, {"events[0].version"}),
    "an unknown domain": ({"domain": "moon"}, {"events[0].domain"}),
    "an unknown action": ({"action": "melted"}, {"events[0].action"}),
    "a root that is no UUID": ({"root": "7"}, {"events[0].root"}),
}


@pytest.mark.parametrize(("event", "paths"), BAD.values(), ids=BAD)
async def test_an_event_that_is_off_is_refused_by_its_path(
    shop: Served, line: Line, client: WireEventStores, event: dict[str, Any], paths: set[str]
) -> None:
    good = typed(shop, {"color": "red"})
    before, refused, after = await append(line, {"events": [good]}, {"events": [good | event]}, {"events": [good]})
    assert refused.error.code == "BAD_REQUEST"
    assert {field.path for field in refused.error.fields} == paths
    assert (before.appended.events[0].position, after.appended.events[0].position) == (1, 2)
    assert await client.head() == 3


COMMITS: dict[str, tuple[dict[str, Any], str]] = {
    "created": ({"created": "yesterday"}, "created"),
    "a time beyond all years": ({"created": "0001-01-01T00:00:00+14:00"}, "created"),
    "a context": ({"context": {"ga\0rage": RED}}, "context"),
    "claims": ({"tx": {"claims": {"text": "[]"}}}, "tx.claims"),
    "a status": ({"reply": {"status": 7}}, "reply.status"),
    "a response": ({"reply": {"response": {"text": "{"}}}, "reply.response"),
    "a later command": ({"later": [{"address": "shop.moon.shine", "at": "2026-01-01T00:00:00Z"}]}, "later[0].address"),
    "a later time": ({"later": [{"address": "shop.bicycle.paint", "at": "soon"}]}, "later[0].at"),
    "a later root": (
        {"later": [{"address": "shop.bicycle.paint", "at": "2026-01-01T00:00:00Z", "root": "7"}]}, "later[0].root"
    ),
    "a later payload": (
        {"later": [{"address": "shop.bicycle.paint", "at": "2026-01-01T00:00:00Z", "payload": {"text": "1"}}]},
        "later[0].payload",
    ),
}


@pytest.mark.parametrize(("words", "path"), COMMITS.values(), ids=COMMITS)
async def test_a_commit_that_is_off_is_refused_by_its_path(stores: EventStores, words: dict[str, Any], path: str) -> None:
    async with served({"shop": stores}, network=PAINTING) as shop, shop.line() as line:
        (refused,) = await append(line, {"events": [typed(shop, {"color": "red"})]} | words)
    assert (refused.error.code, [field.path for field in refused.error.fields]) == ("BAD_REQUEST", [path])
    assert await stores.head() == 1


async def test_all_that_is_off_is_named_at_once(shop: Served, line: Line) -> None:
    events = [
        typed(shop, {"color": "red"}, payload={"type_url": PAINTED, "value": b"\xff"}),
        typed(shop, {"color": "red"}, payload=as_json("{}"), root="7"),
        typed(shop, {"color": "red"}, payload=as_json('{"coats":0}')),
    ]
    (refused,) = await append(line, {"events": events, "created": "now"})
    assert sorted(field.path for field in refused.error.fields) == [
        "created",
        "events[0].payload",
        "events[1].root",
        "events[2].payload.coats",
        "events[2].payload.color",
    ]


async def test_an_append_without_a_commit_or_without_events_is_refused(line: Line) -> None:
    request = pb.AppendRequest(service="shop", appends=[{}, {"commit": {}}])
    answer = await line.ask(f"{SERVICE}/Append", request, pb.AppendResponse, timeout=10, again=False)
    assert [result.error.code for result in answer.results] == ["BAD_REQUEST", "BAD_REQUEST"]


async def test_an_append_with_fields_of_a_newer_contract_is_refused(shop: Served, line: Line, client: WireEventStores) -> None:
    newer = pb.Appending(commit={"events": [typed(shop, {"color": "red"})]}).SerializeToString() + b"\x78\x01"
    request = pb.AppendRequest(service="shop", appends=[pb.Appending.FromString(newer)])
    answer = await line.ask(f"{SERVICE}/Append", request, pb.AppendResponse, timeout=10, again=False)
    assert "newer contract" in answer.results[0].error.fields[0].problem
    assert await client.head() == 1


async def test_a_request_to_append_with_fields_of_a_newer_contract_is_refused_whole(shop: Served, line: Line) -> None:
    request = pb.AppendRequest(service="shop", appends=[{"commit": {"events": [typed(shop, {"color": "red"})]}}])
    newer = pb.AppendRequest.FromString(request.SerializeToString() + b"\x78\x01")
    with pytest.raises(BadRequest, match="newer contract"):
        await line.ask(f"{SERVICE}/Append", newer, pb.AppendResponse, timeout=10, again=False)


async def test_a_read_with_fields_of_a_newer_contract_is_refused(line: Line) -> None:
    newer = pb.ReadRequest.FromString(pb.ReadRequest(service="shop").SerializeToString() + b"\x78\x01")
    with pytest.raises(BadRequest) as caught:
        await line.ask(f"{SERVICE}/Read", newer, pb.ReadResponse, timeout=10, again=False)
    assert caught.value.facts == {"message": "blossm.rpc.v1.ReadRequest"}


@pytest.mark.parametrize(
    ("method", "request_", "answer", "path"),
    [
        ("Read", pb.ReadRequest(service="shop", after=-1), pb.ReadResponse, "after"),
        ("Read", pb.ReadRequest(service="shop", limit=-1), pb.ReadResponse, "limit"),
        ("Root", pb.RootRequest(service="shop", domain="bicycle", root=RED, after=-1), pb.RootResponse, "after"),
        ("Count", pb.CountRequest(service="shop", domain="bicycle", root=RED, head=-1), pb.CountResponse, "head"),
        (
            "Aggregate",
            pb.AggregateRequest(service="shop", domain="bicycle", root=RED, time="0001-01-01T00:00:00+14:00"),
            pb.AggregateResponse,
            "time",
        ),
        ("Aggregate", pb.AggregateRequest(service="shop", domain="bicycle", root=RED, head=-1), pb.AggregateResponse, "head"),
        (
            "QueryAggregates",
            pb.QueryAggregatesRequest(service="shop", domain="bicycle", where={"color": envelope_pb2.Json(text="red")}),
            pb.QueryAggregatesResponse,
            "where.color",
        ),
    ],
)
async def test_a_read_that_is_off_is_refused_by_its_path(
    line: Line, method: str, request_: Any, answer: Any, path: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        await line.ask(f"{SERVICE}/{method}", request_, answer, timeout=10, again=False)
    assert [field.path for field in caught.value.fields] == [path]


async def test_an_unknown_service_is_refused_as_in_process(line: Line) -> None:
    with pytest.raises(NotFound) as caught:
        await line.ask(f"{SERVICE}/Head", pb.HeadRequest(service="moon"), pb.HeadResponse, timeout=10, again=False)
    assert (caught.value.message, caught.value.facts) == ("there is no event-store moon", {"callee": "event-store:moon"})


async def test_too_many_appends_in_one_request_are_refused(line: Line) -> None:
    with pytest.raises(BadRequest):
        await append(line, *[{}] * 1_001)


MANY: dict[str, tuple[dict[str, Any], str]] = {
    "events": ({"commit": {"events": [{}] * 1_001}}, "a commit may have 1000 events, this one has 1001"),
    "later calls": ({"commit": {"later": [{}] * 10_001}}, "later may be 10000 at most"),
    "questions": ({"reads": {"questions": [{}] * 10_001}}, "reads.questions may be 10000 at most"),
    "roots read": ({"reads": {"roots": [{}] * 250_001}}, "reads.roots may be 250000 at most"),
    "roots expected": ({"expect": {"roots": [{}] * 250_001}}, "expect.roots may be 250000 at most"),
}


@pytest.mark.parametrize(("appending", "problem"), MANY.values(), ids=MANY)
async def test_more_than_anybody_means_is_refused_at_a_glance(line: Line, appending: dict[str, Any], problem: str) -> None:
    request = pb.AppendRequest(service="shop", appends=[appending])
    answer = await line.ask(f"{SERVICE}/Append", request, pb.AppendResponse, timeout=10, again=False)
    (result,) = answer.results
    error = error_of(result.error)
    assert isinstance(error, BadRequest)
    assert problem in str(error)
    assert len(error.fields) <= 1


async def test_what_breaks_one_append_does_not_take_the_others_along(stores: EventStores) -> None:
    class Breaking(EventStores):
        async def append(self, commit: Commit, **more: Any) -> Any:
            if commit.key == "b":
                raise RuntimeError("it broke")
            return await stores.append(commit, **more)

    breaking = Breaking.__new__(Breaking)
    async with served({"shop": breaking}) as shop, shop.line() as line:
        event = typed(shop, {"color": "red"})
        one, broken, two = await append(line, *({"key": key, "events": [event]} for key in "abc"))
    assert (one.appended.events[0].position, two.appended.events[0].position) == (1, 2)
    error = error_of(broken.error)
    assert (error.code(), list(error.facts), "it broke" in str(error)) == ("INTERNAL", ["id"], False)
