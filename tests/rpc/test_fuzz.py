"""Whatever a caller with a key sends to any method: a status that says what is off, and the server unharmed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import grpc
import pytest
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.rpc.hostile import METHODS, Harbour, Told, served_harbour
from tests.rpc.hostile_requests import GOOD, damaged, messages

from blossm.rpc.v1 import event_store_pb2

BROKEN = {"INTERNAL", "UNKNOWN", "UNAVAILABLE", "CANCELLED", "UNIMPLEMENTED", "UNAUTHENTICATED", "PERMISSION_DENIED"}
# One server hears all of the examples: that none of them harms it is the claim.
many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
every_method = pytest.mark.parametrize("method", METHODS)


@pytest.fixture
async def harbour() -> AsyncIterator[Harbour]:
    async with served_harbour() as harbour:
        yield harbour
        await harbour.unharmed()
        assert harbour.in_flight == 0


async def sent(harbour: Harbour, method: str, request: bytes | Message) -> Told:
    """What is told of a request. It has a word of ours with it, nothing broke, and what was refused logged nothing."""
    before = await harbour.heads()
    with capture_logs() as logs:
        told = await harbour.call(method, request)
    assert told.code.name not in BROKEN, told
    assert [line for line in logs if line["event"] == "a call broke"] == []
    if told.code is not grpc.StatusCode.OK:
        assert told.error
        assert told.error.message
        assert await harbour.heads() == before
    return told


@every_method
@many
@given(data=st.binary(max_size=60))
async def test_bytes_of_any_kind(harbour: Harbour, method: str, data: bytes) -> None:
    await sent(harbour, method, data)


@pytest.mark.parametrize("method", GOOD)
@many
@given(data=st.data())
async def test_a_good_request_that_was_damaged(harbour: Harbour, method: str, data: st.DataObject) -> None:
    await sent(harbour, method, data.draw(damaged(GOOD[method].SerializeToString())))


@every_method
@many
@given(data=st.data())
async def test_a_request_of_any_words(harbour: Harbour, method: str, data: st.DataObject) -> None:
    request = data.draw(messages(METHODS[method].input_type))
    before = await harbour.heads()
    told = await sent(harbour, method, request)
    if isinstance(request, event_store_pb2.AppendRequest) and told.code is grpc.StatusCode.OK:
        await logged_is_what_was_answered(harbour, told, before.get(request.service, 1), request.service)


async def logged_is_what_was_answered(harbour: Harbour, told: Told, head: int, service: str) -> None:
    [answer] = told.answers
    assert isinstance(answer, event_store_pb2.AppendResponse)
    new = [result.appended for result in answer.results if result.HasField("appended") and not result.appended.known]
    refused = [result.error for result in answer.results if result.HasField("error")]
    assert all(error.code and error.message for error in refused)
    if answer.results:
        assert (await harbour.heads())[service] == head + sum(len(appended.events) for appended in new)


def test_every_method_gets_requests_of_its_own_type() -> None:
    assert all(type(request) is GetMessageClass(METHODS[method].input_type) for method, request in GOOD.items())
