"""Requests that were cut, or of which bytes changed on the way: refused or done, and nothing worse."""

from __future__ import annotations

import random
from collections.abc import Iterator

import grpc
import pytest
from tests.rpc.served_shop import NETWORK, SERVICE, TOKEN, event_stores, served

from blossm.core.commit import Expectation, Later, StoredReply
from blossm.core.read_set import Question, ReadSet
from blossm.rpc.calling.line import open_channel
from blossm.rpc.envelope.commit import Commits
from blossm.rpc.envelope.read_set import expectation_to_wire, reads_to_wire
from blossm.rpc.keys import operator_key
from blossm.rpc.types import Types
from blossm.rpc.v1 import event_store_pb2 as pb
from blossm.testing.contracts.log_store import BLUE, RED, commit
from blossm.testing.contracts.shop import painted, sold, trued

KEY = (("authorization", f"Bearer {operator_key(TOKEN)}"),)
REFUSALS = {"INVALID_ARGUMENT", "NOT_FOUND", "ABORTED", "ALREADY_EXISTS", "OUT_OF_RANGE"}
CODES = {"BAD_REQUEST", "NOT_FOUND", "CONFLICT", "KEY_REUSED", "PAYLOAD_TOO_LARGE"}
ASKED = {
    "Append": b"",
    "Root": pb.RootRequest(service="shop", domain="bicycle", root=RED, after=1).SerializeToString(),
    "QueryAggregates": pb.QueryAggregatesRequest(
        service="shop", domain="bicycle", where={"color": {"text": '"red"'}}  # type: ignore[dict-item]
    ).SerializeToString(),
    "Aggregate": pb.AggregateRequest(service="shop", domain="bicycle", root=RED, number=1).SerializeToString(),
    "Read": pb.ReadRequest(service="shop", after=1, limit=3, domains={"names": ["bicycle"]}).SerializeToString(),
    "CommitAt": pb.CommitAtRequest(service="shop", position=1).SerializeToString(),
    "ReplyTo": pb.ReplyToRequest(service="shop", key="k", fingerprint="f").SerializeToString(),
}


def appending() -> bytes:
    """A request with something in every field."""
    commits = Commits(Types(NETWORK), service="shop")
    reply = StoredReply(201, {"color": ["red", 1, 1.5]}, RED)
    made = commit(painted("red"), trued(3), sold("ada@x.example", BLUE), key="k", fingerprint="f", reply=reply)
    words = commits.commit_to_wire(made) | {"context": {"account": RED}, "traceparent": "00-a-b-01"}
    later = Later("shop.bicycle.paint", {"a": 1}, RED, made.created)
    words["later"] = [{"address": later.address, "payload": {"text": "{}"}, "root": later.root, "at": later.at}]
    reads = ReadSet("shop", 1, {("bicycle", RED): 0}, (Question("bicycle", {"color": "red"}, {RED: 1}, 1, {BLUE: (1, 2)}),))
    appends = [
        {"commit": words, "reads": reads_to_wire(reads)},
        {"commit": words | {"id": "b", "key": "b", "later": []}, "expect": expectation_to_wire(Expectation({}, {"wheel": 9}))},
    ]
    return pb.AppendRequest(service="shop", appends=appends).SerializeToString()


def mutated(data: bytes, random: random.Random) -> Iterator[bytes]:
    """The bytes cut somewhere, with one changed, with some left out, with some doubled, and others altogether."""
    at = random.randrange(len(data))
    some = random.randrange(1, 9)
    yield data[:at]
    yield data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]
    yield data[:at] + data[at + some :]
    yield data[: at + some] + data[at:]
    yield random.randbytes(some * 9)


@pytest.mark.parametrize("method", ASKED)
async def test_what_is_cut_or_changed_on_the_way_is_refused_or_done_and_nothing_worse(method: str) -> None:
    chance = random.Random(method)
    valid = ASKED[method] or appending()
    stores = event_stores()
    await stores.append(commit(painted("red")))
    async with served({"shop": stores}) as shop:
        channel = open_channel(shop.address)
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"{SERVICE}/{method}")
        refused = 0
        for data in (each for _ in range(60) for each in mutated(valid, chance)):
            try:
                answer, status = await call(data, metadata=KEY, timeout=10), "OK"
            except grpc.aio.AioRpcError as error:
                answer, status = b"", error.code().name
            assert status in REFUSALS | {"OK"}, data
            refused += status != "OK"
            if method == "Append":
                assert {each.error.code for each in pb.AppendResponse.FromString(answer).results} <= CODES | {""}, data
        assert refused > 10
        await call(valid, metadata=KEY, timeout=10)
        await channel.close()
    assert (await stores.read(0)).scanned == await stores.head() - 1
    await stores.close()
