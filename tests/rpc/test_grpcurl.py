"""A client that is not ours finds its way by reflection alone, and is told what is off as plainly as our own."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.rpc.grpcurl import Grpcurl, grpcurl

from blossm.local.network import LocalNetwork
from blossm.local.storage import MemoryStorage
from blossm.model.load import load
from blossm.procedures.callers import Callers
from blossm.procedures.standing import Procedures
from blossm.rpc.keys import digest_of, identify, operator_key
from blossm.rpc.server import Server
from blossm.rpc.types import Types

__all__ = ["grpcurl"]  # a fixture

CITY = Path(__file__).parents[2] / "examples" / "bicycle_city"
APPEND = "blossm.rpc.v1.EventStoreService/Append"
STREAM = "blossm.rpc.v1.EventStoreService/Stream"
INVALID_ARGUMENT, UNAUTHENTICATED = 64 + 3, 64 + 16  # as grpcurl exits


@pytest.fixture
async def city(grpcurl: Path) -> AsyncIterator[Grpcurl]:
    """A grpcurl with the operator's key, beside a server of all procedures of the example."""
    network = load(CITY)
    async with await LocalNetwork.open(network, storage=MemoryStorage(network)) as local:
        here = local.procedures
        server = Server(
            network=network,
            types=Types(network),
            procedures=Procedures(here.event_stores, here.commands, here.facts, here.view_stores),
            callers=Callers(network),
            identify=identify(b"secret", operator=digest_of("token")),
            clock=local.clock,
        )
        address = await server.start("127.0.0.1:0")
        try:
            yield Grpcurl(grpcurl, address, operator_key("token"))
        finally:
            await server.stop(grace=5)


def appending(type: str, payload: dict[str, Any], *, root: str = "") -> dict[str, Any]:
    """An append of one event `registered`."""
    event = {"domain": "bicycle", "root": root or str(uuid.uuid4()), "action": "registered"}
    event["payload"] = {"@type": f"type.googleapis.com/{type}", **payload}  # type: ignore[assignment]
    return {"service": "shop", "appends": [{"commit": {"events": [event]}}]}


async def logged(city: Grpcurl) -> int:
    """How many events are in the shop's log."""
    [answer] = (await city("blossm.rpc.v1.EventStoreService/Head", data={"service": "shop"})).messages()
    return int(answer["head"]) - 1


RED = appending("shop.bicycle.Registered", {"frame_color": "red", "wheels": 2})


async def test_it_lists_the_services_of_all_kinds(city: Grpcurl) -> None:
    listed = (await city("list")).out.split()
    assert {name for name in listed if name.startswith("blossm.")} == {
        f"blossm.rpc.v1.{kind}Service" for kind in ("EventStore", "Command", "Fact", "ViewStore")
    }


async def test_reflection_and_health_need_no_key(city: Grpcurl) -> None:
    stranger = Grpcurl(city.program, city.address)
    assert (await stranger("describe", "shop.bicycle.Registered")).code == 0
    assert (await stranger("grpc.health.v1.Health/Check")).messages() == [{"status": "SERVING"}]


async def test_each_service_and_each_kind_of_message_can_be_described(city: Grpcurl) -> None:
    for name in (
        "blossm.rpc.v1.EventStoreService",
        "blossm.rpc.v1.ViewStoreService",
        "blossm.rpc.v1.EventStoreService.Append",
        "blossm.rpc.v1.AppendRequest",
        "shop.bicycle.Registered.wheels",
        "shop.bicycle.BicycleState",
        "shop.bicycle.PaintRequest",
        "shop.bicycle.OfColorResponse",
        "staff.mechanic.Hired",
        "views.garage.Bicycles",
        "network.StatisticsResponse",
        "google.protobuf.Any",
    ):
        described = await city("describe", name)
        assert described.code == 0, described.err
        assert described.out.startswith(f"{name} is a "), described.out


async def test_without_a_key_nothing_is_logged(city: Grpcurl) -> None:
    refused = await Grpcurl(city.program, city.address)(APPEND, data=RED)
    assert refused.code == UNAUTHENTICATED
    assert "authorization: Bearer" in refused.err
    assert await logged(city) == 0


async def test_an_error_has_its_fields_in_the_details(city: Grpcurl) -> None:
    refused = await city("blossm.rpc.v1.EventStoreService/Aggregate", data={"service": "shop", "domain": "bicycle", "root": "1"})
    assert refused.code == INVALID_ARGUMENT
    assert '"path": "root"' in refused.err
    assert '"problem": "must be a UUID in lower case"' in refused.err


@pytest.mark.parametrize(
    ("type", "payload", "path"),
    [
        ("shop.bicycle.Painted", {"frame_color": "red"}, "events[0].payload"),  # another action's
        ("staff.mechanic.Hired", {"name": "Ada"}, "events[0].payload"),  # another domain's
        ("shop.bicycle.Registered", {"wheels": 2}, "events[0].payload.frame_color"),
        ("blossm.rpc.v1.Json", {"text": '{"frame_color": "red", "wheels": "two"}'}, "events[0].payload.wheels"),
        ("blossm.rpc.v1.Json", {"text": '{"frame_color": '}, "events[0].payload"),
    ],
)
async def test_a_payload_that_is_off_is_told_by_its_path_and_not_logged(
    city: Grpcurl, type: str, payload: dict[str, Any], path: str
) -> None:
    [answer] = (await city(APPEND, data=appending(type, payload))).messages()
    [result] = answer["results"]
    assert result["error"]["code"] == "BAD_REQUEST"
    assert [field["path"] for field in result["error"]["fields"]] == [path]
    assert await logged(city) == 0


async def test_json_is_taken_as_well_as_the_type_and_read_back_typed(city: Grpcurl) -> None:
    text = json.dumps({"frame_color": "blue", "wheels": 3})
    await city(APPEND, data=appending("blossm.rpc.v1.Json", {"text": text}))
    [page] = (await city(STREAM, data={"service": "shop"})).messages()
    [commit] = page["commits"]
    assert commit["commit"]["events"][0]["payload"] == {
        "@type": "type.googleapis.com/shop.bicycle.Registered",
        "frame_color": "blue",
        "wheels": "3",
    }


async def test_the_same_key_again_is_answered_as_before(city: Grpcurl) -> None:
    keyed = {"service": "shop", "appends": [{"commit": {"key": "import 1", **RED["appends"][0]["commit"]}}]}
    (first,), (again,) = [(await city(APPEND, data=keyed)).messages() for _ in range(2)]
    assert again["results"][0]["appended"].pop("known")
    assert again == first
    assert await logged(city) == 1


async def test_commits_of_one_request_do_not_share_a_fate(city: Grpcurl) -> None:
    off = appending("shop.bicycle.Registered", {"frame_color": "purple", "wheels": 2})
    [answer] = (await city(APPEND, data={"service": "shop", "appends": [*off["appends"], *RED["appends"]]})).messages()
    assert [list(result) for result in answer["results"]] == [["error"], ["appended"]]


async def test_a_stream_that_follows_tells_what_comes(city: Grpcurl) -> None:
    process = await asyncio.create_subprocess_exec(
        city.program, "-plaintext", "-H", f"authorization: Bearer {city.key}", "-d", '{"service": "shop", "follow": true}',
        city.address, STREAM, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    try:
        async with asyncio.timeout(30):
            for position in (1, 2):
                await city(APPEND, data=appending("shop.bicycle.Registered", {"frame_color": "red", "wheels": position}))
                told = await process.stdout.readuntil(b'"scanned"')
                assert f'"position": "{position}"' in told.decode()
    finally:
        process.kill()
        await process.communicate()
